"""What a search came to, as rows of a table: the same columns wherever searches are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.benchmarks.measured import MeasuredSuite
from rlnas.benchmarks.noise import TaskNoise
from rlnas.errors import RlnasError
from rlnas.runs.cell import RunCell
from rlnas.search.result import SearchResult
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    import pandas as pd

CHECKPOINTS = (10, 20)
"""Queries at which a row reports the rank besides the end of the budget."""


def outcome_row(
    result: SearchResult,
    task: TabularTask,
    budget: int,
    checkpoints: Sequence[int] = CHECKPOINTS,
    noise: TaskNoise | None = None,
) -> dict[str, Any]:
    """Return the columns of one finished search.

    Args:
        result: The search.
        task: Its task, whose whole table turns scores into ranks.
        budget: Queries it was allowed; checkpoints at or beyond it are left out.
        checkpoints: Queries at which to report the rank.
        noise: What is known of the noise of the task's scores, of which a search sees nothing.

    Returns:
        queries, best_architecture, best_score, test_score, rank (1 is the best of the whole space),
        regret, denoised_regret (how far what was found is expected to be below the best, without
        the luck of one training) and twins_rank (mean rank of the other trainings of the network
        that was found), NaN where not known, rank_at_<checkpoint>, failures, cost (s of training),
        seconds (wall clock).
    """
    architecture, score, test = None, float("nan"), float("nan")
    denoised_regret = twins_rank = float("nan")
    try:
        best = result.best
    except RlnasError:  # every query failed: the row says so
        pass
    else:
        architecture, score, test = best.architecture, best.score, task.test_score(best.vector)
        if noise is not None:
            test = noise.test_score(best.vector)
            denoised_regret = noise.denoised_regret(best.vector)
            twins_rank = noise.twins_rank(best.vector)
    row: dict[str, Any] = {
        "queries": len(result.records),
        "best_architecture": architecture,
        "best_score": score,
        "test_score": test,
        "rank": rank_of(task, score),
        "regret": task.regret(score),
        "denoised_regret": denoised_regret,
        "twins_rank": twins_rank,
    }
    reached = result.best_so_far.tolist()
    for queries in checkpoints:
        if queries < budget and reached:
            at = reached[min(queries, len(reached)) - 1]
            row[f"rank_at_{queries}"] = rank_of(task, at)
    row["failures"] = sum(r.evaluation.failed for r in result.records)
    row["cost"] = result.cost
    row["seconds"] = result.records[-1].seconds if result.records else 0.0
    return row


def outcome_curve(result: SearchResult, task: TabularTask) -> dict[str, Any]:
    """Return the columns query, best_score and rank, each with an entry after every query."""
    best = result.best_so_far
    # A search finds a better architecture a few times only, and a rank is read off a whole table.
    scores, reached = np.unique(best, return_inverse=True)
    ranks = np.array([rank_of(task, float(score)) for score in scores], dtype=np.float64)
    return {"query": np.arange(1, len(best) + 1), "best_score": best, "rank": ranks[reached]}


def outcome_tables(
    results: Iterable[tuple[RunCell, SearchResult]], tasks: Mapping[str, TabularTask], budget: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row a search, and one row a query of each, with what identifies their cell.

    Args:
        results: The searches, one or more; each is needed only while its turn is.
        tasks: The task of each target; where they are a suite of measured scores, its noise judges
            too.
        budget: Queries each search was allowed.

    Returns:
        The columns of the cell, then those of `outcome_row` and of `outcome_curve`.
    """
    import pandas as pd

    noise = tasks.noise if isinstance(tasks, MeasuredSuite) else {}
    rows, courses = [], []
    for cell, result in results:
        task = tasks[cell.target]
        judged = outcome_row(result, task, budget, noise=noise.get(cell.target))
        rows.append(cell.columns | judged)
        courses.append(outcome_curve(result, task))
    # Columns as a whole: a frame for each search and their concatenation take far longer.
    cells: pd.DataFrame = pd.DataFrame(rows)
    searches = np.repeat(np.arange(len(courses)), [len(course["query"]) for course in courses])
    curves = cells[list(cell.columns)].take(searches).reset_index(drop=True)
    for name in courses[0]:
        curves[name] = np.concatenate([course[name] for course in courses])
    return cells, curves


def rank_of(task: TabularTask, score: float) -> float:
    """Return the rank of a score; without a score it is the worst there is."""
    return float(task.rank(score)) if np.isfinite(score) else float(len(task.ranked_scores))
