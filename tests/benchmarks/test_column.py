"""Choosing seeds and epochs: the traps of losses, best epochs and missing runs."""

import numpy as np
import pytest

from rlnas.benchmarks import Column
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import Metric

NAN = np.nan
ACCURACY = Metric(name="valid_top1", unit="%", epoch_policy="all")
LOSS = Metric(name="valid_loss", direction="min", epoch_policy="all")
CURVES = np.array([[1.0, 3.0, 2.0], [5.0, 4.0, NAN], [NAN, NAN, NAN]])


def curves(metric, values=CURVES):
    return Column("t", metric, values, ("architecture", "epoch"))


def test_best_follows_the_direction():
    best = curves(ACCURACY).select(epoch="best")
    np.testing.assert_array_equal(best, [3.0, 5.0, NAN])
    # The official interface takes max() here, which is the worst epoch of a loss.
    np.testing.assert_array_equal(curves(LOSS).select(epoch="best"), [1.0, 4.0, NAN])


def test_final_is_the_default_and_a_run_that_ended_early_has_none():
    for epoch in (None, "final", 2):
        np.testing.assert_array_equal(curves(ACCURACY).select(epoch=epoch), [2.0, NAN, NAN])
    np.testing.assert_array_equal(curves(ACCURACY).select(epoch=0), [1.0, 5.0, NAN])


@pytest.mark.parametrize("epoch", [3, -1, True, 1.0, "last"])
def test_an_epoch_that_is_not_there_is_refused(epoch):
    with pytest.raises(InvalidArgumentError, match="epochs 0…2"):
        curves(ACCURACY).select(epoch=epoch)


@pytest.mark.parametrize(("held", "wanted"), [("best", "final"), ("final", "best"), ("final", 3)])
def test_final_and_best_are_never_mixed(held, wanted):
    column = Column("t", Metric(name="acc", epoch_policy=held), np.zeros(2))
    np.testing.assert_array_equal(column.select(epoch=held), [0, 0])
    with pytest.raises(InvalidArgumentError, match=f"policy '{held}'"):
        column.select(epoch=wanted)


def test_seeds_are_averaged_over_those_measured():
    values = np.array([[1.0, 3.0], [NAN, 4.0], [NAN, NAN]])
    column = Column(
        "t", Metric(name="acc", epoch_policy="final"), values, ("architecture", "seed"), (777, 888)
    )
    np.testing.assert_array_equal(column.select(), [2.0, 4.0, NAN])
    np.testing.assert_array_equal(column.select(seed=777), [1.0, NAN, NAN])
    assert "mean over the measured of seeds (777, 888)" in column.selected_metric().note
    assert "seed 777" in column.selected_metric(777).note
    with pytest.raises(InvalidArgumentError, match=r"seeds \(777, 888\), not 999"):
        column.select(seed=999)


def test_the_best_epoch_is_taken_before_the_mean_over_seeds():
    values = np.array([[[1.0, 9.0], [8.0, 2.0]]])
    axes = ("architecture", "seed", "epoch")
    column = Column("t", ACCURACY, values, axes, (0, 1))
    assert column.select(epoch="best")[0] == pytest.approx(8.5)  # and not max(4.5, 5.5)
    assert column.selected_metric(epoch="best").epoch_policy == "best"
    assert column.selected_metric().epoch_policy == "final"
    assert "epoch 1 of 0…1" in column.selected_metric(epoch=1).note


def test_a_seed_of_a_column_without_seeds_is_refused():
    with pytest.raises(InvalidArgumentError, match="no seed axis"):
        Column("t", Metric(name="acc"), np.zeros(2)).select(seed=0)


@pytest.mark.parametrize(
    ("metric", "values", "axes", "seeds", "match"),
    [
        (Metric(name="a"), np.zeros(2), ("epoch",), (), "expected one of"),
        (Metric(name="a"), np.zeros((2, 2)), ("architecture",), (), "expected floats"),
        (Metric(name="a"), np.zeros(2, dtype=int), ("architecture",), (), "expected floats"),
        (Metric(name="a"), np.zeros((2, 2)), ("architecture", "seed"), (1,), "names the seeds"),
        (Metric(name="a"), np.zeros((2, 2)), ("architecture", "seed"), (1, 1), "a seed twice"),
        (Metric(name="a"), np.zeros((2, 2)), ("architecture", "epoch"), (), "'all' goes with"),
        (ACCURACY, np.zeros(2), ("architecture",), (), "'all' goes with"),
        (ACCURACY, np.zeros((2, 0)), ("architecture", "epoch"), (), "empty axis"),
        (Metric(name=""), np.zeros(2), ("architecture",), (), "metric name '' is empty"),
    ],
)
def test_what_does_not_fit_together_is_refused(metric, values, axes, seeds, match):
    with pytest.raises(InvalidArgumentError, match=match):
        Column("t", metric, values, axes, seeds)
