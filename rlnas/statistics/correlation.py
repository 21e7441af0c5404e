"""Rank correlations of many samples at once: Spearman's; and Kendall's and Pearson's weighted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""An array of float64."""


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


def spearman_rows(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row of ``x`` with the same row of ``y``.

    Args:
        x: ``(..., p)``; NaN in either is left out of both.
        y: ``(..., p)``.

    Returns:
        ``(...)``; NaN where fewer than two entries are left, or all of one are equal.
    """
    from scipy import stats

    x, y = np.broadcast_arrays(x, y)
    known = ~(np.isnan(x) | np.isnan(y))
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    parts = []
    for values in (x, y):
        # What is unknown ranks last, and moves no other rank.
        ranks = stats.rankdata(np.where(known, values, np.inf), axis=-1)
        ranks = np.where(known, ranks, 0.0)
        parts.append(np.where(known, ranks - ranks.sum(axis=-1, keepdims=True) / count, 0.0))
    lengths = np.sqrt((parts[0] ** 2).sum(axis=-1) * (parts[1] ** 2).sum(axis=-1))
    product = (parts[0] * parts[1]).sum(axis=-1)
    return np.where(lengths > 0, product / np.where(lengths > 0, lengths, 1.0), np.nan)


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks along the last axis with mean 0 and length 1; NaN where all are equal."""
    from scipy import stats

    ranks = stats.rankdata(values, axis=-1)
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=-1, keepdims=True))
    return np.where(length > 0, ranks / np.where(length > 0, length, 1.0), np.nan)


def weighted_kendall(x: Floats, y: Floats, counts: Floats) -> Floats:
    """Return Kendall's τ-b of rows of ``x`` with ``y`` in weighted samples.

    Args:
        x: ``(S, n)``.
        y: ``(n,)``.
        counts: ``(B, n)`` how often each of the ``n`` pairs counts, 0 or more.

    Returns:
        ``(B, S)``; 0 where one of the two is constant.
    """
    signs_x = np.sign(x[:, :, None] - x[:, None, :])
    signs_y = np.sign(y[:, None] - y[None, :])

    def total(signs: NDArray[np.float64]) -> Floats:
        return np.asarray(np.einsum("bi,...ij,bj->b...", counts, signs, counts, optimize=True))

    ties = total(signs_x**2) * total(signs_y**2)[:, None]
    return np.where(ties > 0, total(signs_x * signs_y) / np.sqrt(np.where(ties > 0, ties, 1)), 0.0)


def weighted_pearson(x: Floats, y: Floats, counts: Floats) -> Floats:
    """Return Pearson's correlation of rows of ``x`` with ``y``; see `weighted_kendall`."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    mean_x, mean_y = shares @ x.T, shares @ y
    covariance = shares @ (x * y).T - mean_x * mean_y[:, None]
    spread = (shares @ (x**2).T - mean_x**2) * (shares @ y**2 - mean_y**2)[:, None]
    return np.where(spread > 1e-12, covariance / np.sqrt(np.maximum(spread, 1e-12)), 0.0)
