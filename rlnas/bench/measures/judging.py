"""How good a controller is: the mean rank of what it finds on a task with few queries."""

from __future__ import annotations

from collections.abc import Sequence

from rlnas.agents import PPOController
from rlnas.runs.tables import outcome_row
from rlnas.seeding import derive_seed
from rlnas.tasks import TabularTask

QUERIES = 50
"""Queries of one search, as in the transfer matrices."""


def judge(
    controller: PPOController,
    task: TabularTask,
    searches: int,
    seeds: Sequence[int | str],
    queries: int = QUERIES,
) -> float:
    """Return the mean rank of the best architecture over zero-shot searches; 1 is the best.

    Illegal actions are masked, whatever the controller was trained with.

    Args:
        controller: Is not changed.
        task: The task to search and to rank on.
        searches: Number of searches, side by side.
        seeds: What the seeds of the searches are derived from; the same gives the same.
        queries: Queries of each search.
    """
    own = [derive_seed(i, "judge", *seeds) for i in range(searches)]
    results = controller.search_many([task] * searches, queries, own)
    ranks = [outcome_row(result, task, queries, ())["rank"] for result in results]
    return float(sum(ranks) / len(ranks))
