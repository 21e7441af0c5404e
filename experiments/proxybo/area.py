"""The area under the curve of the best so far, on three scales.

A share of an area has a meaning where 0 means something:

- ``score``: the best score so far, where 0 is the mean architecture of the table and 1 the best;
- ``ahead``: decades of rank that a search is ahead of random search, whose line is exact;
- ``rank``: −log₁₀ of the rank, whose 0 is the best architecture: a share of it means nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rlnas.statistics.random_line import random_line
from rlnas.tasks import TabularTask


class Scale(NamedTuple):
    """What the areas of a task are measured by.

    Attributes:
        mean: Mean score of the table.
        best: The best score.
        line: ``(queries,)`` mean log₁₀ of random search's rank.
    """

    mean: float
    best: float
    line: np.ndarray

    @classmethod
    def of(cls, task: TabularTask, queries: int) -> Scale:
        """Return the scale of a task."""
        ranked = task.ranked_scores
        line = [random_line(ranked, q).log_rank for q in range(1, queries + 1)]
        return cls(float(np.nanmean(task.scores)), float(np.nanmax(task.scores)), np.array(line))


def areas(scores: np.ndarray, ranks: np.ndarray, scale: Scale) -> dict[str, np.ndarray]:
    """Return the area of each search ``(searches,)`` by scale, a mean over queries.

    Args:
        scores: ``(searches, queries)`` best scores so far.
        ranks: ``(searches, queries)`` their ranks.
        scale: The task's.
    """
    logs = np.log10(ranks)
    share = (scores - scale.mean) / (scale.best - scale.mean)
    line = scale.line[: ranks.shape[1]]
    return {
        "score": share.mean(axis=1),
        "ahead": (line - logs).mean(axis=1),
        "rank": -logs.mean(axis=1),
    }
