"""Jumpstart, gains and areas of each pair of source and target."""

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.reporting.matrix.transfer_metrics import resampled_pairs, transfer_metrics

SCRATCH = ("-", "t", "scratch")
METHOD = ("s", "t", "zero-shot")


def test_metrics_by_hand(courses, small, pairs):
    row = transfer_metrics(pairs(small, first=2)).iloc[0]
    # Means of two seeds. Scratch: first two 1, 2 → 1.5; last 7; areas 3, 4 → 3.5; start 1.
    assert (row["initial_baseline"], row["final_baseline"], row["area_baseline"]) == (1.5, 7, 3.5)
    assert (row["initial"], row["final"], row["area"]) == (6, 8, 6.75)
    assert (row["jumpstart"], row["asymptotic_gain"], row["area_gain"]) == (4.5, 1, 3.25)
    assert row["offset"] == 1
    assert row["transfer_ratio"] == pytest.approx(3.25 / 2.5)
    assert row["probability_of_improvement"] == 0.75  # 8 beats 6 and equals 8, twice
    assert np.isnan(row["jumpstart_low"])  # two seeds are too few
    assert (row["n"], row["n_baseline"], row["sources"]) == (2, 2, "single")


def test_the_transfer_ratio_is_above_the_start_of_scratch(courses, small, pairs):
    lifted = {key: [np.add(v, 100) for v in seeds] for key, seeds in small.items()}
    at, above = (transfer_metrics(pairs(cells, first=1)).iloc[0] for cells in (small, lifted))
    assert above["transfer_ratio"] == pytest.approx(at["transfer_ratio"])  # offset: its own start
    assert above["area_gain"] == pytest.approx(at["area_gain"])
    flat = {**small, SCRATCH: [[4, 2, 2, 2], [4, 2, 2, 2]]}
    sunk = transfer_metrics(pairs(flat, first=1)).iloc[0]
    assert np.isnan(sunk["transfer_ratio"])  # and not a ratio of the wrong sign
    assert np.isnan(sunk["transfer_ratio_low"])


def test_area_by_step_takes_unequal_distances_into_account(frame):
    curves = frame({SCRATCH: [[0, 2, 2]], METHOD: [[2, 2, 2]]}, "step")
    curves["step"] = curves["step"].replace({1: 0, 2: 10, 3: 100})
    by_step = SearchCurves.from_frame(curves, axis="step", value="value")
    row = transfer_metrics(resampled_pairs(by_step)).iloc[0]
    assert row["area_baseline"] == pytest.approx((10 * 1 + 90 * 2) / 100)
    assert row["initial_baseline"] == 0  # the evaluation before any learning


def test_one_seed_has_estimates_but_no_interval(courses, pairs):
    row = transfer_metrics(pairs({SCRATCH: [[0, 1]], METHOD: [[1, 2]]}, first=1)).iloc[0]
    assert row["jumpstart"] == 1
    assert row[["jumpstart_low", "jumpstart_high", "transfer_ratio_low"]].isna().all()


def test_intervals_do_not_depend_on_what_is_measured_beside_them(courses, pairs):
    rng = np.random.default_rng(0)
    cells = {SCRATCH: rng.normal(size=(6, 5)), METHOD: rng.normal(size=(6, 5))}
    alone = transfer_metrics(pairs(cells, first=1)).iloc[0]
    cells = {("r", "t", "zero-shot"): rng.normal(size=(4, 5)), **cells}
    beside = transfer_metrics(pairs(cells, first=1)).iloc[1]
    pd.testing.assert_series_equal(alone, beside, check_names=False)


def test_intervals_cover_the_truth_as_often_as_they_say(courses, pairs):
    rng = np.random.default_rng(1)
    cells = {SCRATCH: rng.normal(size=(12, 1))}
    cells |= {(f"s{i}", "t", "m"): rng.normal(0.5, 1, size=(12, 1)) for i in range(60)}
    # Each against its own scratch, since a common one would make them miss together.
    hits = 0
    for i in range(60):
        own = {SCRATCH: rng.normal(size=(12, 1)), METHOD: cells[f"s{i}", "t", "m"]}
        row = transfer_metrics(pairs(own, first=1)).iloc[0]
        hits += row["asymptotic_gain_low"] <= 0.5 <= row["asymptotic_gain_high"]
    assert 50 <= hits <= 60  # percentile intervals of a dozen seeds cover a little too rarely


@pytest.mark.parametrize("first", [0, 9])
def test_an_initial_value_needs_points_that_are_there(pairs, small, first):
    with pytest.raises(InvalidArgumentError, match=f"first is {first}"):
        pairs(small, first=first)
