"""Times to a threshold, censored ones among them."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.speed_up import pooled_speed_up, time_to_threshold
from rlnas.statistics.bootstrap import Bootstrap
from rlnas.statistics.censored import first_times, median_times, restricted_mean_times

SCRATCH = ("-", "t", "scratch")
METHOD = ("s", "t", "zero-shot")
THESE_TASKS = Bootstrap(resample_tasks=False)


def test_times_are_those_of_the_courses(courses):
    rng = np.random.default_rng(3)
    scratch = np.maximum.accumulate(rng.integers(0, 30, (9, 12)), axis=1)
    own = np.maximum.accumulate(rng.integers(0, 34, (7, 12)), axis=1)
    table = time_to_threshold(courses({SCRATCH: scratch, METHOD: own}), levels=(0.5, 0.9, 1.0))
    for _, row in table.iterrows():
        for values, suffix in ((own, ""), (scratch, "_baseline")):
            times = first_times(
                values.astype(float), np.arange(1.0, 13), np.array([row["threshold"]])
            )[0]
            done = np.isfinite(times)
            mean = restricted_mean_times(times, 12)
            assert row[f"restricted_mean{suffix}"] == pytest.approx(mean)
            assert row[f"median{suffix}"] == median_times(times)
            assert row[f"reached{suffix}"] == done.mean()


def test_times_by_hand(courses):
    cells = {SCRATCH: [[0, 4, 8, 8], [0, 0, 4, 8]], METHOD: [[8, 8, 8, 8], [4, 4, 4, 4]]}
    table = time_to_threshold(courses(cells), levels=(0.5, 1.0, 1.5)).set_index("level")
    assert table["threshold"].tolist() == [4, 8, 12]
    half, whole, beyond = (table.loc[level] for level in (0.5, 1.0, 1.5))
    assert (half["restricted_mean"], half["restricted_mean_baseline"]) == (1, 2.5)
    assert (half["speed_up"], half["bound"]) == (2.5, "exact")
    assert (whole["restricted_mean"], whole["restricted_mean_baseline"]) == ((1 + 4) / 2, 3.5)
    assert (whole["speed_up"], whole["bound"]) == (3.5 / 2.5, "upper")
    assert (whole["median"], whole["reached"]) == (1, 0.5)
    assert whole["budget_ratio"] == 4 / 2.5
    assert (beyond["speed_up"], beyond["bound"], beyond["median"]) == (1, "restricted", np.inf)


def test_means_of_the_successful_alone_would_have_been_wrong(courses):
    # A method that is lucky once and otherwise never arrives is not fast.
    lucky = [[8, 8, 8, 8]] + [[0, 0, 0, 0]] * 9
    row = time_to_threshold(courses({SCRATCH: [[0, 4, 8, 8]] * 4, METHOD: lucky}), levels=(1.0,))
    assert row["speed_up"].item() == pytest.approx(3 / 3.7)


def test_training_on_the_source_is_counted(courses):
    cells = {SCRATCH: [[0, 4, 8, 8]], METHOD: [[8, 8, 8, 8]], ("others", "t", "m"): [[8, 8, 8, 8]]}
    cells["-", "t", "random"] = [[0, 0, 0, 8]]
    cost = {"s": 2.0, "r": 3.0, "t": 100.0}
    table = time_to_threshold(courses(cells), levels=(1.0,), source_training=cost)
    assert table["source_training"].tolist() == [2, 5, 0]  # the others without the target
    assert table["speed_up_with_source"].tolist() == pytest.approx([3 / 3, 3 / 6, 3 / 4])
    with pytest.raises(InvalidArgumentError, match="no cost of training on 's'"):
        time_to_threshold(courses(cells), source_training={"x": 1.0})


def test_a_threshold_that_differs_by_rounding_is_reached(courses):
    value = -np.log10(7.0)
    cells = {SCRATCH: [[-3, value]] * 3, METHOD: [[value, value]] * 3}
    row = time_to_threshold(courses(cells), levels=(1.0,)).iloc[0]
    assert (row["reached"], row["reached_baseline"]) == (1, 1)


def test_a_threshold_reached_before_any_step_is_infinitely_faster(courses):
    cells = {SCRATCH: [[0, 1, 2]] * 2, METHOD: [[2, 2, 2]] * 2}
    found = courses(cells, "step", start=0)
    row = time_to_threshold(found, levels=(1.0,)).iloc[0]
    assert np.isinf(row["speed_up"])
    assert row[["speed_up_low", "speed_up_high"]].isna().all()
    assert np.isinf(pooled_speed_up(found, levels=(1.0,))["speed_up"].item())


def test_pooled_speed_up_is_that_of_the_median_pair(courses):
    cells = {}
    for target, reach in (("a", 1), ("b", 2), ("c", 8)):
        cells["-", target, "scratch"] = [[0] * 7 + [1]] * 3
        cells["s", target, "m"] = [[0] * (reach - 1) + [1] * (9 - reach)] * 3
    row = pooled_speed_up(courses(cells), levels=(1.0,)).iloc[0]
    assert (row["worst"], row["speed_up"], row["best"], row["faster"]) == (1, 4, 8, 2 / 3)
    assert row["speed_up_low"] < 4 < row["speed_up_high"]
    these = pooled_speed_up(courses(cells), levels=(1.0,), bootstrap=THESE_TASKS).iloc[0]
    assert these["speed_up"] == 4
    assert np.isnan(these["speed_up_low"])  # seeds are all alike
