"""Scales on which the scores of different tasks can be compared: ranks and their transforms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import UnknownNameError

Scores = NDArray[np.float64]


def _ranks(scores: Scores) -> tuple[Scores, Scores]:
    """Return each score's smallest rank and mean rank among equals, 1 for the lowest.

    As ``scipy.stats.rankdata``, whose import would cost every worker process half a second.
    """
    _, group, count = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(count).astype(np.float64)
    return (last - count + 1)[group], (last - (count - 1) / 2)[group]


def rank_gaussian(scores: Scores) -> Scores:
    """Return normal quantiles of mid-ranks: the same bell for every task.

    What it does to learning: steps between the many middling architectures count most, the very
    top is compressed, outliers do no harm.
    """
    from scipy.special import ndtri

    return np.asarray(ndtri((_ranks(scores)[1] - 0.5) / len(scores)))


def log_rank(scores: Scores) -> Scores:
    """Return −log₁₀(rank from the top): 0 for the best, −1 for the tenth, −3 for the thousandth.

    What it does to learning: moving from rank 10 to 1 is worth as much as from 1000 to 100, so the
    agent goes on improving at the head of the list. Outliers do no harm.
    """
    return np.asarray(-np.log10(_ranks(-scores)[0]))


def min_max(scores: Scores) -> Scores:
    """Return scores mapped linearly to [0, 1].

    What it does to learning: keeps the shape of the score, so where a few broken architectures
    stretch the range, every difference among good ones shrinks to almost nothing.
    """
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def z_score(scores: Scores) -> Scores:
    """Return scores with mean 0 and standard deviation 1.

    What it does to learning: as `min_max`, with the scale set by the bulk instead of the extremes.
    """
    spread = scores.std()
    return np.asarray((scores - scores.mean()) / (spread if spread > 0 else 1.0))


def robust(scores: Scores) -> Scores:
    """Return scores by median and interquartile range, cut at ± 3.

    What it does to learning: as `z_score`, with broken architectures and outliers kept from setting
    the scale. 1.349 interquartile ranges of a normal distribution are a standard deviation.
    """
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    return np.asarray(np.clip((scores - middle) * 1.349 / ((high - low) or 1.0), -3.0, 3.0))


def identity(scores: Scores) -> Scores:
    """Return the scores as they are, for tasks on one known scale."""
    return scores


_TRANSFORMS: dict[str, Callable[[Scores], Scores]] = {
    "rank-gaussian": rank_gaussian,
    "log-rank": log_rank,
    "min-max": min_max,
    "z-score": z_score,
    "identity": identity,
}


def normaliser_names() -> tuple[str, ...]:
    """Return the names of the normalisers."""
    return tuple(_TRANSFORMS)


def score_transform(name: str) -> Callable[[Scores], Scores]:
    """Return a normaliser's formula: ``(n,)`` scores, all measured, to as many normalised ones.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    if name not in _TRANSFORMS:
        raise UnknownNameError("normaliser", name, _TRANSFORMS)
    return _TRANSFORMS[name]
