"""Tables: names, rows, scores, and the wall between validation and test."""

import numpy as np
import pytest

from rlnas.benchmarks import BenchmarkTable, Column, Provenance, load_suite, table_info
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import CellSpace
from rlnas.tasks import Metric

SPACE = CellSpace("pair", [(0, 1), (1, 2)], ["a", "b", "c"])
VALID = Metric(name="valid_acc", unit="%", epoch_policy="final")
TEST = Metric(name="test_acc", unit="%", split="test", epoch_policy="final")
LOSS = Metric(name="valid_loss", direction="min", epoch_policy="final")
SECONDS = Metric(name="seconds", unit="s", direction="min", split="none")
SOURCE = Provenance(title="made up")


def table(columns=None, architectures=None, **options):
    if columns is None:
        rows = np.arange(9.0)
        columns = [
            Column("t", VALID, rows),
            Column("t", LOSS, rows / 10),
            Column("t", TEST, rows + 1),
            Column("t", SECONDS, rows * 60),
            Column("u", TEST, rows),
        ]
        options = {"costs": {"t": "seconds"}, "tests": {"t": "test_acc"}, **options}
        options.setdefault("primary", {"t": "valid_acc", "u": "test_acc"})
    options.setdefault("primary", {})
    return BenchmarkTable(
        "mine", SPACE, columns, source=SOURCE, architectures=architectures, **options
    )


def test_names():
    made = table()
    assert made.tasks == ("t", "u")
    assert made.metrics("t") == ("valid_acc", "valid_loss", "test_acc", "seconds")
    assert made.column("t").metric is VALID
    with pytest.raises(UnknownNameError, match=r"Did you mean 'valid_acc'"):
        made.column("t", "valid_ac")
    with pytest.raises(UnknownNameError, match="Known: t, u"):
        made.scores("v")
    with pytest.raises(InvalidArgumentError, match="no primary metric"):
        table(primary={}).column("t")


def test_scores_are_maximised():
    np.testing.assert_array_equal(table().scores("t"), np.arange(9.0))
    np.testing.assert_array_equal(table().scores("t", "valid_loss"), -np.arange(9.0) / 10)


def test_a_task_brings_costs_and_test_scores():
    task = table().task("t")
    assert task.name == "mine/t"
    assert task.best() == ("c,c", 8.0)
    np.testing.assert_array_equal(task.costs, np.arange(9.0) * 60)
    np.testing.assert_array_equal(task.test_scores, np.arange(9.0) + 1)


def test_the_test_scores_of_another_metric_are_its_own_twin():
    rows = np.arange(9.0)
    twin = Metric(name="test_loss", direction="min", split="test", epoch_policy="final")
    made = table([Column("t", LOSS, rows), Column("t", twin, rows), Column("t", TEST, rows)])
    np.testing.assert_array_equal(made.task("t", metric="valid_loss").test_scores, -rows)
    assert table().task("t", metric="valid_loss").test_scores is None


def test_a_search_on_test_data_is_refused_unless_asked_for():
    with pytest.raises(InvalidArgumentError, match=r"selects on the test set.*allow_test=True"):
        table().task("u")
    with pytest.raises(InvalidArgumentError, match="allow_test"):
        table().suite(metric="test_acc")
    task = table().task("u", allow_test=True)
    assert task.metric.split == "test"
    assert task.test_scores is None


def test_a_validation_column_is_no_test_score_and_an_accuracy_no_cost():
    with pytest.raises(InvalidArgumentError, match="not 'test'"):
        table().task("t", test="valid_loss")
    with pytest.raises(InvalidArgumentError, match="seconds of training"):
        table().task("t", cost="valid_loss")
    with pytest.raises(InvalidArgumentError, match="not 'test'"):
        table(tests={"t": "valid_acc"})
    with pytest.raises(InvalidArgumentError, match="not 's'"):
        table(costs={"t": "valid_acc"})
    with pytest.raises(UnknownNameError, match="metric of mine/t"):
        table(primary={"t": "acc"})


def test_rows_of_a_subset_go_to_their_indices():
    rows = np.array([[2, 1], [0, 0]], dtype=np.int8)
    made = table([Column("t", VALID, np.array([5.0, 7.0]))], rows, primary={"t": "valid_acc"})
    scores = made.scores("t")
    assert scores.shape == (9,)
    assert scores[7] == 5.0  # 2·3 + 1
    assert scores[0] == 7.0
    assert np.isnan(np.delete(scores, [0, 7])).all()
    assert made.task("t").best() == ("a,a", 7.0)
    info = table_info(made)
    assert (info["size"], info["rows"]) == (9, 2)
    assert info["tasks"]["t"]["optimum"] == {"architecture": "a,a", "score": 7.0, "value": 7.0}


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([[0, 0], [0, 0]], "twice"),
        ([[0, 3], [0, 0]], "row 0 is no architecture"),
        ([[0], [1]], "shape"),
    ],
)
def test_wrong_rows_are_refused(rows, match):
    with pytest.raises(InvalidArgumentError, match=match):
        table([Column("t", VALID, np.zeros(2))], np.array(rows, dtype=np.int8))


def test_columns_must_fit_the_rows_and_differ():
    with pytest.raises(InvalidArgumentError, match="8 rows, expected 9"):
        table([Column("t", VALID, np.zeros(8))])
    with pytest.raises(InvalidArgumentError, match="two columns"):
        table([Column("t", VALID, np.zeros(9)), Column("t", VALID, np.ones(9))])
    with pytest.raises(InvalidArgumentError, match="no column"):
        table([])


def test_a_space_too_large_to_index_needs_rows_and_gives_them_back(large_space):
    rows = large_space.sample(5, np.random.default_rng(0))
    column = Column("t", VALID, np.arange(5.0))
    with pytest.raises(InvalidArgumentError, match="too large"):
        BenchmarkTable("big", large_space, [column], primary={}, source=SOURCE)
    made = BenchmarkTable(
        "big", large_space, [column], primary={"t": "valid_acc"}, source=SOURCE, architectures=rows
    )
    np.testing.assert_array_equal(made.column("t").select(), np.arange(5.0))
    with pytest.raises(InvalidArgumentError, match="too large for an array"):
        made.scores("t")
    best = table_info(made)["tasks"]["t"]["optimum"]
    assert best["architecture"] == large_space.format(rows[4])


def test_epochs_of_scores_costs_and_test_scores_go_together():
    values = np.stack([np.arange(9.0), np.arange(9.0)[::-1]], axis=1)
    axes = ("architecture", "epoch")
    made = table(
        [
            Column("t", Metric(name="valid_acc", epoch_policy="all"), values, axes),
            Column("t", Metric(name="test_acc", split="test", epoch_policy="all"), -values, axes),
            Column("t", Metric(name="s", unit="s", split="none", epoch_policy="all"), values, axes),
        ],
        primary={"t": "valid_acc"},
        costs={"t": "s"},
    )
    for epoch, kept in ((None, 1), ("final", 1), (0, 0), (1, 1)):
        task = made.task("t", epoch=epoch)
        np.testing.assert_array_equal(task.scores, values[:, kept])
        np.testing.assert_array_equal(task.test_scores, -values[:, kept])
        np.testing.assert_array_equal(task.costs, values[:, kept])
    best = made.task("t", epoch="best")
    np.testing.assert_array_equal(best.scores, values.max(axis=1))
    np.testing.assert_array_equal(best.test_scores, -values[:, 1])  # never the best test epoch
    np.testing.assert_array_equal(best.costs, values[:, 1])  # the whole training was paid


def test_the_cost_of_a_whole_training_is_not_that_of_one_epoch():
    values = np.zeros((9, 2))
    made = table(
        [
            Column("t", Metric(name="a", epoch_policy="all"), values, ("architecture", "epoch")),
            Column("t", SECONDS, np.ones(9)),
        ],
        primary={"t": "a"},
        costs={"t": "seconds"},
    )
    assert made.task("t", epoch=0).costs is None
    np.testing.assert_array_equal(made.task("t").costs, np.ones(9))


def test_suites_take_the_tasks_that_have_the_metric():
    rows = np.arange(9.0)
    made = table(
        [Column("t", VALID, rows), Column("u", VALID, rows), Column("u", LOSS, rows)],
        primary={"t": "valid_acc", "u": "valid_acc"},
    )
    assert list(made.suite()) == ["t", "u"]
    assert list(made.suite(metric="valid_loss")) == ["u"]
    assert made.suite(metric={"u": "valid_loss"})["u"].metric == LOSS
    assert list(made.suite("other", tasks=["u"])) == ["u"]
    assert made.suite("other")["t"].name == "other/t"
    with pytest.raises(UnknownNameError, match="metric of mine"):
        made.suite(metric="acc")
    assert load_suite("mine", table=made, metric="valid_loss")["u"].name == "mine/u"
