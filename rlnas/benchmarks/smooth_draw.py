"""Smooth functions of networks, drawn at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.seeding import generator

Floats = NDArray[np.float64]

_WAVES = 2000
"""Random cosines in a draw; its covariance is the kernel's to 1/√2000."""


def smooth_draw(features: Floats, seed: int, *name: str | int) -> Floats:
    """Return a draw ``(n,)`` of a Gaussian process with kernel exp(−‖φ − φ′‖²/8), variance 1.

    By random Fourier features (Rahimi & Recht, NeurIPS 2007, section 3): the space may have more
    architectures than a covariance matrix could hold.

    Args:
        features: ``(n, F)`` φ.
        seed: Seed of the draw.
        name: What names it.
    """
    rng = generator(seed, "smooth draw", *name)
    waves = rng.normal(scale=0.5, size=(features.shape[1], _WAVES))
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    weights = rng.normal(size=_WAVES) * np.sqrt(2 / _WAVES)
    blocks = np.array_split(features, max(1, len(features) // 1024))
    return np.concatenate([np.cos(block @ waves + phases) @ weights for block in blocks])
