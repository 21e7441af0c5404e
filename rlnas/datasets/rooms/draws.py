"""Random draws for many scenes at once, each scene from its own row of uniform numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.seeding import generator

COLUMNS = 480
"""Uniform numbers a scene; `Draws` raises when a scene asks for more."""


def uniform_rows(seed: int, split: str, indices: ArrayLike, attempts: ArrayLike) -> NDArray[Any]:
    """Return one row of uniform numbers for each scene.

    Args:
        seed: The seed of the data set.
        split: Name of the split.
        indices: Numbers of the scenes in their split, ``(N,)``.
        attempts: How often each scene was drawn before, ``(N,)``.

    Returns:
        float64 ``(N, COLUMNS)`` in [0, 1). A row depends on its own index and attempt alone.
    """
    pairs = zip(np.atleast_1d(indices), np.atleast_1d(attempts), strict=True)
    rows = [generator(seed, "rooms", split, int(i), int(a)).random(COLUMNS) for i, a in pairs]
    return np.stack(rows) if rows else np.zeros((0, COLUMNS))


class Draws:
    """A cursor over rows of uniform numbers: every draw takes the next columns of all rows."""

    def __init__(self, uniforms: NDArray[Any]) -> None:
        self._uniforms = uniforms
        self._next = 0

    @property
    def count(self) -> int:
        """Number of scenes."""
        return len(self._uniforms)

    def unit(self, *shape: int) -> NDArray[Any]:
        """Return float64 ``(N, *shape)`` in [0, 1)."""
        width = int(np.prod(shape)) if shape else 1
        taken = self._uniforms[:, self._next : self._next + width]
        if taken.shape[1] < width:
            raise RuntimeError(f"A scene draws more than {COLUMNS} numbers; raise COLUMNS.")
        self._next += width
        return taken.reshape(self.count, *shape)

    def uniform(self, low: ArrayLike, high: ArrayLike, *shape: int) -> NDArray[Any]:
        """Return draws between bounds that broadcast with ``(N, *shape)``."""
        least, most = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
        drawn: NDArray[Any] = least + (most - least) * self.unit(*shape)
        return drawn

    def around(self, centre: ArrayLike, spread: ArrayLike, *shape: int) -> NDArray[Any]:
        """Return draws of the triangular distribution on ``centre`` ± ``spread``."""
        wave = self.unit(*shape) + self.unit(*shape) - 1.0
        drawn: NDArray[Any] = np.asarray(centre, dtype=float) + np.asarray(spread) * wave
        return drawn

    def chance(self, probability: ArrayLike, *shape: int) -> NDArray[np.bool_]:
        """Return bool ``(N, *shape)``, true with the given probability."""
        return self.unit(*shape) < np.asarray(probability)

    def choice(self, weights: ArrayLike, *shape: int) -> NDArray[np.int64]:
        """Return category numbers drawn with weights ``(C,)`` or, one row a scene, ``(N, C)``."""
        table = np.atleast_2d(np.asarray(weights, dtype=float))
        edges = np.cumsum(table, axis=1) / table.sum(axis=1, keepdims=True)
        edges = edges[:, :-1].reshape(len(table), *(1,) * len(shape), -1)
        number: NDArray[np.int64] = np.sum(self.unit(*shape)[..., None] >= edges, axis=-1)
        return number

    def colour(self, saturation: ArrayLike, value: ArrayLike, *shape: int) -> NDArray[Any]:
        """Return RGB ``(N, *shape, 3)`` of any hue with saturation and value up to the bounds."""
        hue = self.unit(*shape)
        depth = np.asarray(saturation, dtype=float) * self.unit(*shape)
        bright = np.asarray(value, dtype=float) * (0.35 + 0.65 * self.unit(*shape))
        phase = hue[..., None] * 6.0 + np.array([0.0, 4.0, 2.0])
        ramp = np.clip(np.abs(np.mod(phase, 6.0) - 3.0) - 1.0, 0.0, 1.0)
        colour: NDArray[Any] = bright[..., None] * (1.0 - depth[..., None] * (1.0 - ramp))
        return colour
