"""What a search came to, as rows of a table: the same columns wherever searches are compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rlnas.errors import RlnasError
from rlnas.search.result import SearchResult
from rlnas.tasks import TabularTask

CHECKPOINTS = (10, 20)
"""Queries at which a row reports the rank besides the end of the budget."""


def outcome_row(
    result: SearchResult, task: TabularTask, budget: int, checkpoints: Sequence[int] = CHECKPOINTS
) -> dict[str, Any]:
    """Return the columns of one finished search.

    Args:
        result: The search.
        task: Its task, whose whole table turns scores into ranks.
        budget: Queries it was allowed; checkpoints at or beyond it are left out.
        checkpoints: Queries at which to report the rank.

    Returns:
        queries, best_architecture, best_score, test_score, rank (1 is the best of the whole space),
        regret, rank_at_<checkpoint>, failures, cost (s of training), seconds (wall clock).
    """
    architecture, score, test = None, float("nan"), float("nan")
    try:
        best = result.best
    except RlnasError:  # every query failed: the row says so
        pass
    else:
        architecture, score, test = best.architecture, best.score, task.test_score(best.vector)
    row: dict[str, Any] = {
        "queries": len(result.records),
        "best_architecture": architecture,
        "best_score": score,
        "test_score": test,
        "rank": rank_of(task, score),
        "regret": task.regret(score),
    }
    reached = result.best_so_far
    for queries in checkpoints:
        if queries < budget and len(reached):
            at = reached[min(queries, len(reached)) - 1]
            row[f"rank_at_{queries}"] = rank_of(task, float(at))
    row["failures"] = sum(r.evaluation.failed for r in result.records)
    row["cost"] = result.cost
    row["seconds"] = result.records[-1].seconds if result.records else 0.0
    return row


def outcome_curve(result: SearchResult, task: TabularTask) -> dict[str, Any]:
    """Return the columns query, best_score and rank, each with an entry after every query."""
    best = result.best_so_far
    return {
        "query": np.arange(1, len(best) + 1),
        "best_score": best,
        "rank": [rank_of(task, float(score)) for score in best],
    }


def rank_of(task: TabularTask, score: float) -> float:
    """Return the rank of a score; without a score it is the worst there is."""
    return float(task.rank(score)) if np.isfinite(score) else float(task.space.size)
