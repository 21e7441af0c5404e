"""Means along an axis, NaN left out: the plain one, and that of the middle half."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray


@overload
def interquartile_mean(values: ArrayLike, axis: None = None) -> float: ...
@overload
def interquartile_mean(values: ArrayLike, axis: int) -> NDArray[np.float64]: ...
def interquartile_mean(values: ArrayLike, axis: int | None = None) -> float | NDArray[np.float64]:
    """Return the mean of the middle half: a quarter of the values is cut at either end.

    The number cut is rounded down, so with fewer than four values this is the plain mean. Few seeds
    and heavy tails are the rule in reinforcement learning; this is less moved by them than a mean,
    and less noisy than a median (Agarwal et al., NeurIPS 2021, section 4.3).

    Args:
        values: Any shape. NaN is left out, and so not counted when a quarter is cut.
        axis: Along which; None for all values.

    Returns:
        A float, or an array without ``axis``; NaN of no values.
    """
    array = np.asarray(values, dtype=np.float64)
    if axis is None:
        return float(interquartile_mean(array.ravel(), axis=0))
    ordered = np.sort(np.moveaxis(array, axis, -1), axis=-1)  # NaN last
    n = ordered.shape[-1]
    if n and not np.isnan(ordered[..., -1]).any():
        cut = int(0.25 * n)
        return np.asarray(ordered[..., cut : n - cut].mean(axis=-1))
    known = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., None]
    cuts = (0.25 * known).astype(np.int64)
    place = np.arange(n)
    return known_mean(np.where((place >= cuts) & (place < known - cuts), ordered, np.nan))


def known_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean along the last axis of ``(..., n)``, NaN left out; NaN of no values."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, values, 0).sum(-1) / np.maximum(count, 1), np.nan)
