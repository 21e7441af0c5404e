"""Tabular tasks whose every score is known: ranks, regrets, gaps, and the seal in a search."""

import math

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.spaces import CellSpace
from rlnas.tasks import Metric, TabularTask
from rlnas.testing import check_task

SPACE = CellSpace("pair", [(0, 1), (1, 2)], ["a", "b"])
SCORES = [3.0, 1.0, 3.0, 2.0]


def task_of(scores=SCORES, **columns):
    return TabularTask("t", SPACE, scores, Metric(name="m"), **columns)


def test_rank_counts_what_is_strictly_better():
    task = task_of()
    assert [task.rank(s) for s in (3.5, 3.0, 2.5, 2.0, 1.0)] == [1, 1, 3, 3, 4]


def test_regret_and_best():
    task = task_of()
    assert task.best() == ("a,a", 3.0), "the first of equals"
    assert [task.regret(s) for s in (3.0, 1.0)] == [0.0, 2.0]


def test_missing_values_are_failed_queries_and_no_ranks():
    task = task_of([math.nan, 1.0, 3.0, 2.0])
    assert task.best() == ("b,a", 3.0)
    assert task.rank(1.0) == 3
    evaluation = task.ledger(1).query([0, 0])
    assert evaluation.failed
    assert "not measured" in evaluation.error


def test_costs_and_test_scores():
    task = task_of(costs=[5.0, math.nan, 1.0, 1.0], test_scores=[0.1, 0.2, 0.3, 0.4])
    ledger = task.ledger(2)
    assert ledger.query([0, 0]).cost == 5.0
    assert ledger.query([0, 1]).cost == 0.0
    assert task.test_score([1, 0]) == 0.3
    assert math.isnan(task_of().test_score([1, 0]))


def test_the_table_is_a_read_only_copy():
    scores = np.array(SCORES)
    task = task_of(scores)
    scores[:] = 0
    assert task.scores.tolist() == SCORES
    with pytest.raises(ValueError, match="read-only"):
        task.scores[0] = 9


@pytest.mark.parametrize(
    ("scores", "columns", "message"),
    [
        ([1.0, 2.0], {}, "scores has shape"),
        ([[1.0] * 4], {}, "scores has shape"),
        ([math.nan] * 4, {}, "no measured score"),
        (SCORES, {"costs": [1.0]}, "costs has shape"),
        (SCORES, {"test_scores": [1.0]}, "test_scores has shape"),
    ],
)
def test_wrong_tables_are_refused(scores, columns, message):
    with pytest.raises(InvalidArgumentError, match=message):
        task_of(scores, **columns)


@pytest.mark.parametrize(
    "read",
    [
        lambda task: task.scores,
        lambda task: task.costs,
        lambda task: task.test_scores,
        lambda task: task.best(),
        lambda task: task.rank(1.0),
        lambda task: task.regret(1.0),
        lambda task: task.test_score([0, 0]),
    ],
)
def test_a_sealed_task_gives_nothing_away(read):
    task = task_of(costs=SCORES, test_scores=SCORES)
    with task.sealed():
        with pytest.raises(LeakageError, match="use its ledger"):
            read(task)
        with task.sealed():
            pass
        with pytest.raises(LeakageError):
            read(task)
        assert task.ledger(1).query([0, 0]).score == 3.0
    read(task)


@pytest.mark.parametrize("read", [lambda t: t.scores, lambda t: t.best(), lambda t: t.rank(2.0)])
def test_a_table_loaded_again_is_sealed_too(read):
    task, again, other = task_of(), task_of(), task_of([3.0, 1.0, 3.0, 2.5])
    elsewhere = TabularTask(
        "elsewhere", CellSpace("triple", [(0, 1), (1, 2)], ["a", "b"]), SCORES, task.metric
    )
    assert task.same_table(again)
    assert not task.same_table(other)
    with task.sealed():
        with pytest.raises(LeakageError):
            read(again)
        read(other)
        read(elsewhere)
    read(again)


def test_an_exception_breaks_no_seal_open_and_leaves_none_behind():
    task = task_of()
    with pytest.raises(RuntimeError), task.sealed():
        raise RuntimeError
    assert task.rank(3.0) == 1


def test_it_conforms(landscape):
    check_task(task_of())
    check_task(task_of([math.nan, 1.0, 3.0, 2.0], costs=SCORES, test_scores=SCORES))
    check_task(landscape(SPACE))


def test_ranks_count_networks_where_equivalents_are_one():
    space = CellSpace(
        "ranks", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
    )
    by_class = np.random.default_rng(0).permutation(space.size).astype(float)
    scores = by_class[space.canonical_index]
    metric = Metric(name="score")
    strings = TabularTask("s/strings", space, scores, metric)
    networks = TabularTask("s/networks", space, scores, metric, canonical_free=True)
    held = np.unique(space.canonical_index)
    assert len(held) < space.size
    assert sorted(networks.ranked_scores) == sorted(by_class[held])
    assert strings.ranked_scores is strings.scores
    for score in np.unique(scores):
        assert strings.rank(score) == 1 + (scores > score).sum()
        assert networks.rank(score) == 1 + (by_class[held] > score).sum()
    with networks.sealed(), pytest.raises(LeakageError):
        networks.ranked_scores  # noqa: B018
