"""Normalisers: put the scores of different tasks on one scale for rewards.

Two kinds, told apart by type. A `TableNormaliser` is fitted to every score of a *source* task; a
`RunningNormaliser` only ever sees what a search on a *target* task has queried. The fit of the
first takes a `TabularTask`, whose scores are sealed while a search runs on it, so the mistake of
fitting it to a target raises `LeakageError`.
"""

from __future__ import annotations

import abc
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import UnknownNameError
from rlnas.tasks import TabularTask

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


def _transform(name: str) -> Callable[[Scores], Scores]:
    if name not in _TRANSFORMS:
        raise UnknownNameError("normaliser", name, _TRANSFORMS)
    return _TRANSFORMS[name]


def normalise_table(task: TabularTask, name: str) -> Scores:
    """Return every normalised score of a source task, ``(space.size,)``; unmeasured ones are NaN.

    Args:
        task: A source task; on the target of a running search this raises.
        name: One of `normaliser_names`.

    Raises:
        LeakageError: If a search is running on the task.
        UnknownNameError: If there is no such normaliser.
    """
    transform = _transform(name)
    scores = task.scores
    table = np.full(scores.shape, np.nan)
    measured = ~np.isnan(scores)
    table[measured] = transform(scores[measured])
    return table


class RunningNormaliser(abc.ABC):
    """Normalises a score by what a search has queried so far; the only kind a target may have."""

    @abc.abstractmethod
    def normalise(self, scores: Scores, queried: Scores) -> Scores:
        """Return normalised ``scores`` given all finite scores ``queried`` so far."""

    def normalise_each(self, scores: Scores, queried: Scores) -> Scores:
        """Normalise the scores of ``N`` searches, each by its own queries.

        Args:
            scores: ``(…, N)``.
            queried: ``(N, T)`` finite scores each search has queried, padded with NaN.
        """
        columns = [
            self.normalise(column, own[~np.isnan(own)])
            for column, own in zip(np.moveaxis(scores, -1, 0), queried, strict=True)
        ]
        return np.stack(columns, axis=-1)


class RunningTransform(RunningNormaliser):
    """Applies a table normaliser's formula to the queried scores alone.

    A score that was not queried itself is placed by linear interpolation between queried ones.

    Args:
        name: One of `normaliser_names`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._apply = _transform(name)

    def normalise(self, scores: Scores, queried: Scores) -> Scores:
        """Return normalised ``scores``; all 0 before anything was queried."""
        if len(queried) == 0:
            return np.zeros_like(scores)
        known, first = np.unique(queried, return_index=True)
        return np.interp(scores, known, self._apply(queried)[first])

    def normalise_each(self, scores: Scores, queried: Scores) -> Scores:
        """See `RunningNormaliser.normalise_each`."""
        if self.name != "rank-gaussian":
            return super().normalise_each(scores, queried)
        from scipy.special import ndtri

        # The default's ranks, of all searches at once; it only differs where it may interpolate.
        below = (queried < scores[..., None]).sum(axis=-1)
        equal = (queried == scores[..., None]).sum(axis=-1)
        if not equal.all():
            return super().normalise_each(scores, queried)
        count = (~np.isnan(queried)).sum(axis=-1)
        return np.asarray(ndtri((below + equal / 2) / count))
