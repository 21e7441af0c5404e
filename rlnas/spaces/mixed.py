"""Spaces whose positions have operations of their own: each position a range of the named ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces.base import Architecture, SearchSpace


class MixedSpace(SearchSpace):
    """A space in which every position is chosen by itself, from a range of the operations.

    A subclass sets the other attributes of a `SearchSpace` and calls `set_ranges`.
    """

    def set_ranges(self, low: ArrayLike, count: ArrayLike) -> None:
        """Say which operations each position has.

        Args:
            low: First operation of each position, ``(num_positions,)``.
            count: Operations of each position, 1 or more.
        """
        self._low = np.asarray(low, dtype=np.int64)
        self._count = np.asarray(count, dtype=np.int64)
        self.size = math.prod(self._count.tolist())
        # The first position is the most significant digit; a large space has no numbers.
        later = [math.prod(self._count[p + 1 :].tolist()) for p in range(len(self._count))]
        self._powers = np.array(later if self.indexable else [], dtype=np.int64)

    def is_valid(self, architectures: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows have at every position an operation of its range."""
        batch = np.asarray(architectures)
        fits = (batch >= self._low) & (batch < self._low + self._count)
        return np.asarray(fits.all(axis=1), dtype=np.bool_)

    def index(self, architectures: ArrayLike) -> NDArray[np.int64]:
        """Return the indices ``(N,)`` of architectures, numbers of mixed radix."""
        self._require_indexable("index")
        digits = np.asarray(architectures, dtype=np.int64) - self._low
        return np.asarray(digits @ self._powers, dtype=np.int64)

    def from_index(self, indices: ArrayLike) -> Architecture:
        """Return the architectures ``(N, num_positions)`` with the given indices."""
        self._require_indexable("from_index")
        numbers = np.asarray(indices, dtype=np.int64)
        if ((numbers < 0) | (numbers >= self.size)).any():
            raise InvalidArchitectureError(f"{self.name} has indices 0…{self.size - 1}.")
        return (numbers[:, None] // self._powers % self._count + self._low).astype(np.int8)

    def sample(self, n: int, rng: np.random.Generator) -> Architecture:
        """Return ``n`` uniform architectures: every position is drawn by itself."""
        if n < 0:
            raise InvalidArgumentError(f"sample() got n={n}; expected n ≥ 0.")
        drawn = rng.integers(self._count, size=(n, self.num_positions))
        return (drawn + self._low).astype(np.int8)

    def construction_mask(self, prefixes: ArrayLike, position: int) -> NDArray[np.bool_]:
        """Return the operations of the position's range: every prefix can be completed."""
        low, count = int(self._low[position]), int(self._count[position])
        mask = np.zeros((len(np.asarray(prefixes)), self.num_operations), dtype=np.bool_)
        mask[:, low : low + count] = True
        return mask

    def _compute_mask(self, current: Architecture) -> NDArray[np.bool_]:
        operations = np.arange(self.num_operations)
        low = self._low[:, None]
        fits = (operations >= low) & (operations < low + self._count[:, None])
        changed = operations != current[:, :, None]
        return np.asarray((fits & changed).reshape(len(current), -1), dtype=np.bool_)
