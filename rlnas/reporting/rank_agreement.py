"""Spearman's rank correlation of many samples with many others at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation of every row of ``x`` with every row of ``y``.

    It is `scipy.stats.spearmanr` of each two rows. Ties have their mean rank, and an entry that is
    NaN in the one is left out of both.

    Args:
        x: ``(G, p)``.
        y: ``(B, p)``, NaN in the same places in all rows.

    Returns:
        ``(G, B)``; NaN where fewer than two entries are left, or all of one are equal.
    """
    found = np.full((len(x), len(y)), np.nan)
    if not len(y):
        return found
    known = ~np.isnan(x) & ~np.isnan(y[0])
    patterns, which = np.unique(known, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() < 2:
            continue
        rows = np.flatnonzero(which.ravel() == number)
        found[rows] = _standardised(x[rows][:, pattern]) @ _standardised(y[:, pattern]).T
    return found


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks along the last axis with mean 0 and length 1; NaN where all are equal."""
    from scipy import stats

    ranks = stats.rankdata(values, axis=-1)
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=-1, keepdims=True))
    return np.where(length > 0, ranks / np.where(length > 0, length, 1.0), np.nan)
