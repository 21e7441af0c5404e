"""The columns by which searches are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rlnas.benchmarks import MeasuredSuite
from rlnas.runs.cell import NO_SOURCE, RunCell
from rlnas.runs.tables import outcome_curve, outcome_row, outcome_tables, rank_of
from rlnas.search import RandomSearch
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


def test_a_curve_ranks_each_best_score_once(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(np.random.default_rng(0).normal(size=SPACE.size))
    result = RandomSearch().search(task, 200, seed=0)
    ranked: list[float] = []
    rank = task.rank
    monkeypatch.setattr(task, "rank", lambda score: ranked.append(score) or rank(score))
    outcome_curve(result, task)
    assert len(ranked) == len(set(result.best_so_far)) < 20


def test_a_curve_has_the_worst_rank_until_a_query_succeeds() -> None:
    scores = np.random.default_rng(0).normal(size=SPACE.size)
    result = RandomSearch().search(task_of(scores), 5, seed=0)
    scores[SPACE.index(result.records[0].vector[None])[0]] = np.nan
    task = task_of(scores)
    curve = outcome_curve(RandomSearch().search(task, 5, seed=0), task)
    assert np.isnan(curve["best_score"][0])
    assert curve["rank"][0] == SPACE.size
    assert curve["rank"][1] == rank_of(task, curve["best_score"][1])


def test_tables_are_the_rows_and_curves_of_the_searches() -> None:
    rng = np.random.default_rng(0)
    tasks = {name: task_of(rng.normal(size=SPACE.size)) for name in ("a", "b")}
    cells = [RunCell("random", NO_SOURCE, target, seed) for target in tasks for seed in (0, 1)]
    results = [
        (cell, RandomSearch().search(tasks[cell.target], 9 + cell.seed, seed=cell.seed))
        for cell in cells
    ]
    rows, curves = outcome_tables(iter(results), tasks, 10)
    expected = [cell.columns | outcome_row(r, tasks[cell.target], 10) for cell, r in results]
    pd.testing.assert_frame_equal(rows, pd.DataFrame(expected))
    frames = [
        pd.DataFrame(cell.columns | outcome_curve(r, tasks[cell.target])) for cell, r in results
    ]
    pd.testing.assert_frame_equal(curves, pd.concat(frames, ignore_index=True))


def test_rows_say_what_other_trainings_of_the_network_came_to() -> None:
    space = get_space("transnas-micro")
    rng = np.random.default_rng(0)
    truth = rng.normal(size=space.size)[space.canonical_index]
    scores = truth + 0.3 * rng.normal(size=space.size)
    task = TabularTask("made-up/a", space, scores, Metric(name="score"))
    suite = MeasuredSuite("made-up", {"a": task})
    cell = RunCell("random", NO_SOURCE, "a", 0)
    result = RandomSearch().search(task, 30, seed=0)
    rows, _ = outcome_tables([(cell, result)], suite, 30)
    noise = suite.noise["a"]
    assert rows["denoised_regret"][0] == noise.denoised_regret(result.best.vector)
    assert rows["denoised_regret"][0] >= 0
    np.testing.assert_equal(rows["twins_rank"][0], noise.twins_rank(result.best.vector))
    # Beside the rank and the regret, and there whether anything is known or not.
    assert list(rows).index("denoised_regret") == list(rows).index("regret") + 1
    unknown, _ = outcome_tables([(cell, result)], {"a": task}, 30)
    assert list(unknown) == list(rows)
    assert unknown[["denoised_regret", "twins_rank"]].isna().all(axis=None)
