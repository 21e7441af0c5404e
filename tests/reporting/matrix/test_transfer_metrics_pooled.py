"""The same over all pairs of a method."""

import numpy as np
import pytest

from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.reporting.matrix.transfer_metrics import (
    pooled_transfer_metrics,
    resampled_pairs,
    transfer_metrics,
)
from rlnas.statistics.bootstrap import Bootstrap


def pooled_cells(rng, gains, seeds=8):
    """Scratch differs wildly between targets, so only gains over it can be pooled."""
    cells = {}
    for level, (target, gain) in enumerate(gains.items()):
        cells["-", target, "scratch"] = rng.normal(100 * level, 0.1, (seeds, 3))
        for source in gains:
            shift = 50.0 if source == target else gain
            cells[source, target, "m"] = rng.normal(100 * level + shift, 0.1, (seeds, 3))
    return cells


def test_pooling_takes_each_target_less_its_own_scratch_and_leaves_out_the_diagonal(courses, pairs):
    cells = pooled_cells(np.random.default_rng(0), {"a": 1.0, "b": 1.0, "c": 1.0})
    table = pooled_transfer_metrics(pairs(cells, first=1)).set_index("sources")
    single, own = table.loc["single"], table.loc["own"]
    assert (single["pairs"], single["targets"], single["runs"], single["better"]) == (6, 3, 48, 6)
    for name in ("asymptotic_gain", "mean_asymptotic_gain", "jumpstart"):
        assert single[f"{name}_low"] < single[name] < single[f"{name}_high"]
        assert single[name] == pytest.approx(1, abs=0.1)
        assert own[name] == pytest.approx(50, abs=0.1)
    assert single["probability_of_improvement"] == 1


def test_the_mean_over_pairs_shows_harm_that_the_interquartile_mean_cuts_off(courses, pairs):
    gains = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": -20.0}
    cells = pooled_cells(np.random.default_rng(0), gains)
    row = pooled_transfer_metrics(pairs(cells, first=1)).set_index("sources").loc["single"]
    assert row["asymptotic_gain"] == pytest.approx(1, abs=0.1)
    assert row["mean_asymptotic_gain"] == pytest.approx((4 - 20) / 5, abs=0.1)
    assert row["better"] == 16


def test_resampling_tasks_widens_what_differs_between_tasks(courses, pairs):
    cells = pooled_cells(np.random.default_rng(0), {"a": 0.0, "b": 1.0, "c": 5.0})
    narrow, wide = (
        pooled_transfer_metrics(pairs(cells, first=1), bootstrap=Bootstrap(resample_tasks=tasks))
        .set_index("sources")
        .loc["single"]
        for tasks in (False, True)
    )
    assert narrow["mean_area_gain"] == wide["mean_area_gain"]
    widths = [row["mean_area_gain_high"] - row["mean_area_gain_low"] for row in (narrow, wide)]
    assert widths[1] > 10 * widths[0]


def test_pooled_and_by_pair_agree_on_a_single_pair(courses, pairs):
    rng = np.random.default_rng(0)
    cells = {("-", "t", "scratch"): np.sort(rng.normal(0, 1, (6, 4)), axis=1) * [1, 2, 3, 9]}
    cells["s", "t", "zero-shot"] = np.sort(rng.normal(1, 1, (5, 4)), axis=1)
    pair = transfer_metrics(pairs(cells, first=1)).iloc[0]
    pooled = pooled_transfer_metrics(pairs(cells, first=1)).iloc[0]
    assert pair["area_gain_low"] < pair["area_gain"] < pair["area_gain_high"]
    for name in ("mean_area_gain", "transfer_ratio", "probability_of_improvement"):
        for suffix in ("", "_low", "_high"):
            same = pair[name.removeprefix("mean_") + suffix]
            assert pooled[name + suffix] == pytest.approx(same, nan_ok=True)


def test_searches_of_one_source_controller_and_seed_are_pairs():
    """Where luck is shared, as a starting point is, the difference of pairs is known far better."""
    rng = np.random.default_rng(0)
    luck = {key: rng.normal(0, 1, (12, 1)) for key in (("s", "t"), ("r", "t"))}
    numbers = np.stack([np.repeat(range(3), 4), np.tile(range(4), 3)], axis=1)
    cells = {("-", "t", "scratch"): rng.normal(size=(6, 1))}
    for (source, target), shared in luck.items():
        for method, gain in (("a", 0.3), ("b", 0.0)):
            cells[source, target, method] = shared + gain + rng.normal(0, 0.02, (12, 1))
    searches = {key: numbers for key in cells if key[0] != "-"}
    courses = SearchCurves("query", np.array([1.0]), cells, searches=searches)
    found = resampled_pairs(courses, against="b")
    assert set(found) == {("s", "t", "a"), ("r", "t", "a")}
    assert all(pair.paired for pair in found.values())
    paired = pooled_transfer_metrics(found).iloc[0]
    assert paired["mean_asymptotic_gain_low"] > 0
    assert paired["p"] < 0.05
    other = SearchCurves("query", np.array([1.0]), cells, searches={})  # nobody knows the seeds
    apart = pooled_transfer_metrics(resampled_pairs(other, against="b")).iloc[0]
    assert apart["mean_asymptotic_gain_low"] < 0
    assert apart["mean_asymptotic_gain"] == paired["mean_asymptotic_gain"]


def test_controllers_are_resampled_whole_and_alike_on_every_target():
    rng = np.random.default_rng(1)
    controller = np.repeat([-1.0, 0.0, 1.0], 20)
    cells, searches = {}, {}
    numbers = np.stack([np.repeat(range(3), 20), np.tile(range(20), 3)], axis=1)
    for target in "abcdefg":
        cells["-", target, "scratch"] = rng.normal(0, 0.1, (20, 1))
        cells["s", target, "m"] = (controller + rng.normal(0, 0.1, 60))[:, None]
        searches["s", target, "m"] = numbers
    many = SearchCurves("query", np.array([1.0]), cells, searches=searches)
    one = SearchCurves("query", np.array([1.0]), cells)
    wide, narrow = (pooled_transfer_metrics(resampled_pairs(each)).iloc[0] for each in (many, one))
    assert (wide["controllers"], narrow["controllers"]) == (3, 1)
    name = "mean_asymptotic_gain"
    widths = [row[f"{name}_high"] - row[f"{name}_low"] for row in (wide, narrow)]
    # Three controllers whose results are 1 apart, of two degrees of freedom.
    assert widths[0] > 2
    assert widths[1] < 0.5
