import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.samples import (
    bootstrap_interval,
    describe,
    difference_interval,
    difference_intervals,
    interquartile_mean,
    interquartile_means,
    probability_of_improvement,
    summarise,
)


def test_interquartile_mean_cuts_a_quarter_at_either_end():
    assert interquartile_mean([1000, 1, 2, 3, 4, 5, 6, -1000]) == pytest.approx(3.5)
    assert interquartile_mean([1, 2, 6]) == 3.0  # fewer than four: nothing to cut
    assert math.isnan(interquartile_mean([]))
    assert interquartile_mean(np.arange(8.0).reshape(2, 4), axis=1).tolist() == [1.5, 5.5]


def test_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(120):
        interval = bootstrap_interval(rng.normal(3.0, 1.0, 40), seed=trial, resamples=300)
        hits += interval.low <= 3.0 <= interval.high
    assert 0.85 <= hits / 120 <= 1.0


def test_interval_is_the_same_each_time_and_leaves_the_global_generator_alone():
    values = np.random.default_rng(1).exponential(size=9)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = bootstrap_interval(values, seed=3)
    assert first == bootstrap_interval(values, seed=3)
    assert first != bootstrap_interval(values, seed=4)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_degenerate_samples_say_so():
    empty, one, equal = (bootstrap_interval(v) for v in ([], [5.0], [2.0, 2.0, 2.0]))
    assert empty.n == 0
    assert math.isnan(empty.estimate)
    assert one.estimate == 5.0
    assert math.isnan(one.low)
    assert "one value" in one.note
    assert (equal.low, equal.estimate, equal.high) == (2.0, 2.0, 2.0)
    assert "equal" in equal.note
    assert not one.excludes_zero
    assert equal.excludes_zero


def test_missing_values_are_left_out_and_counted_out():
    interval = bootstrap_interval([1.0, np.nan, 3.0, 2.0])
    assert interval.n == 3
    assert interval.estimate == 2.0


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_level_outside_its_range_is_refused(level):
    with pytest.raises(InvalidArgumentError, match="level"):
        bootstrap_interval([1.0, 2.0], level=level)


def test_difference_finds_a_shift_and_no_shift():
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, 30), rng.normal(2, 1, 30)
    shifted = difference_interval(x, y)
    assert shifted.excludes_zero
    assert shifted.high < 0
    assert shifted.estimate == pytest.approx(interquartile_mean(x) - interquartile_mean(y))
    assert not difference_interval(x, rng.normal(0, 1, 30)).excludes_zero


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
)
def test_probability_of_improvement_counts_pairs(x, y):
    wins = np.mean([(a > b) + 0.5 * (a == b) for a in x for b in y])
    assert probability_of_improvement(x, y) == pytest.approx(wins)
    assert probability_of_improvement(y, x) == pytest.approx(1 - wins)


def test_summarise_keeps_the_order_and_counts_what_is_missing():
    frame = pd.DataFrame(
        {"m": ["b", "b", "a", "a", "a"], "x": [1.0, 3.0, 5.0, np.nan, 7.0], "s": range(5)}
    )
    table = summarise(frame, "m", "x")
    assert table["m"].tolist() == ["b", "a"]
    assert table["n"].tolist() == [2, 2]
    assert table["missing"].tolist() == [0, 1]
    assert table["mean"].tolist() == [2.0, 6.0]
    assert (table["low"] <= table["iqm"]).all()
    with pytest.raises(InvalidArgumentError, match="no column y"):
        summarise(frame, "m", "y")


def test_describe_has_both_means_with_their_intervals():
    values = [1.0, 1.0, 2.0, 3.0, 100.0, 4.0, 2.0, 1.0]
    found = describe(values)
    assert found["n"] == 8
    assert found["mean"] == pytest.approx(np.mean(values))
    assert found["iqm"] == pytest.approx(stats.trim_mean(values, 0.25))
    assert found["low"] <= found["iqm"] <= found["high"]
    assert found["mean_low"] <= found["mean"] <= found["mean_high"]
    assert "note" not in found
    assert "note" in describe([1.0])


def test_differences_together_and_one_by_one(calls):
    rng = np.random.default_rng(1)
    pairs = [(rng.normal(size=5), rng.normal(size=6)) for _ in range(4)]
    pairs.append((np.array([1.0, np.nan, 2.0]), rng.normal(size=6)))
    together = difference_intervals(pairs)
    assert sorted(calls) == [1, 4]
    assert together == [difference_interval(x, y) for x, y in pairs]
    assert together[-1].n == 2


def test_interquartile_means_of_samples_of_all_sizes(drawn):
    samples = [sample for (sample,) in drawn([5, 3, 0, 5])]
    means = interquartile_means(samples)
    assert means[:2] == [interquartile_mean(s) for s in samples[:2]]
    assert np.isnan(means[2])
    assert means[3] == interquartile_mean(samples[3])
