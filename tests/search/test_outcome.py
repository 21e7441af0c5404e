"""The columns by which searches are compared."""

from __future__ import annotations

import numpy as np
import pytest

from rlnas.search import RandomSearch
from rlnas.search.outcome import outcome_curve, outcome_row, rank_of
from rlnas.spaces import get_space
from rlnas.tasks import Metric, TabularTask

SPACE = get_space("transnas-macro")


def task_of(scores: np.ndarray, **extra: np.ndarray) -> TabularTask:
    return TabularTask("a/task", SPACE, scores, Metric(name="score"), **extra)


def test_row_against_the_table() -> None:
    rng = np.random.default_rng(0)
    scores, test = rng.normal(size=SPACE.size), rng.normal(size=SPACE.size)
    task = task_of(scores, test_scores=test, costs=np.full(SPACE.size, 3.0))
    result = RandomSearch().search(task, 30, seed=1)
    row = outcome_row(result, task, 30)
    queried = SPACE.index(np.array([r.vector for r in result.records]))
    best = queried[scores[queried].argmax()]
    assert row["best_architecture"] == SPACE.format(SPACE.arrays[best])
    assert row["best_score"] == scores[best]
    assert row["test_score"] == test[best]
    assert row["rank"] == 1 + (scores > scores[best]).sum()
    assert row["regret"] == pytest.approx(scores.max() - scores[best])
    assert row["rank_at_10"] == 1 + (scores > scores[queried[:10]].max()).sum()
    assert row["cost"] == 90.0
    assert (row["queries"], row["failures"]) == (30, 0)


def test_checkpoints_end_before_the_budget() -> None:
    task = task_of(np.arange(SPACE.size, dtype=float))
    row = outcome_row(RandomSearch().search(task, 10, seed=0), task, 10)
    assert not [name for name in row if name.startswith("rank_at")]


def test_a_search_in_which_all_failed_has_the_worst_rank() -> None:
    scores = np.full(SPACE.size, np.nan)
    scores[0] = 1.0
    task = task_of(scores)
    result = RandomSearch().search(task, 5, seed=0)
    assert all(r.evaluation.failed for r in result.records), "the one good cell was drawn"
    row = outcome_row(result, task, 5)
    assert row["best_architecture"] is None
    assert row["failures"] == 5
    assert row["rank"] == SPACE.size


def test_curve_never_gets_worse() -> None:
    task = task_of(np.random.default_rng(0).normal(size=SPACE.size))
    curve = outcome_curve(RandomSearch().search(task, 40, seed=0), task)
    assert curve["query"].tolist() == list(range(1, 41))
    assert (np.diff(curve["rank"]) <= 0).all()
    assert curve["rank"][-1] == rank_of(task, curve["best_score"][-1])
