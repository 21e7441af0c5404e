"""Normalisers: put the scores of different tasks on one scale for rewards.

Two kinds, told apart by type. A `TableNormaliser` is fitted to every score of a *source* task; a
`RunningNormaliser` only ever sees what a search on a *target* task has queried. The fit of the
first takes a `TabularTask`, whose scores are sealed while a search runs on it, so the mistake of
fitting it to a target raises `LeakageError`.
"""

from __future__ import annotations

import abc

import numpy as np

from rlnas.statistics.score_scales import Scores, score_transform
from rlnas.tasks import TabularTask


def normalise_table(task: TabularTask, name: str) -> Scores:
    """Return every normalised score of a source task, ``(space.size,)``; unmeasured ones are NaN.

    Args:
        task: A source task; on the target of a running search this raises.
        name: One of `normaliser_names`.

    Raises:
        LeakageError: If a search is running on the task.
        UnknownNameError: If there is no such normaliser.
    """
    transform = score_transform(name)
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
        self._apply = score_transform(name)

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
