"""Intervals by resampling, against SciPy's and against the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import (
    BOOTSTRAP,
    Bootstrap,
    Interval,
    bootstrap_interval,
    by_task,
    difference_interval,
    resampled_rows,
)
from rlnas.statistics.means import interquartile_mean


@pytest.mark.parametrize("n", [2, 5, 16, 40])
def test_ends_are_scipys_percentile_interval_within_the_error_of_resampling(n):
    sample = np.random.default_rng(n).lognormal(size=n)
    ours = bootstrap_interval(sample, np.mean)
    theirs = stats.bootstrap(
        (sample,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(7)
    )
    # A tail of 2.5 % of 2000 resamples is known to a standard error of 0.35 %.
    drawn = np.sort(theirs.bootstrap_distribution)
    for end, share in ((ours.low, 0.025), (ours.high, 0.975)):
        least, most = np.quantile(drawn, [share - 0.012, share + 0.012])
        assert least <= end <= most
    assert ours.estimate == pytest.approx(sample.mean())


def test_the_ends_are_the_percentiles_of_the_resamples():
    sample = np.random.default_rng(0).lognormal(size=9)
    [indices] = BOOTSTRAP.draws(9)
    found = bootstrap_interval(sample)
    drawn = [stats.trim_mean(sample[each], 0.25) for each in indices]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    shift, hits = 0.5, {"one": 0, "difference": 0}
    for _ in range(400):
        own, base = rng.normal(shift, 1, 40), rng.normal(0, 1, 40)
        one, difference = bootstrap_interval(own), difference_interval(own, base)
        hits["one"] += one.low <= shift <= one.high
        hits["difference"] += difference.low <= shift <= difference.high
    assert all(0.92 <= count / 400 <= 0.97 for count in hits.values())


def test_an_interval_is_the_same_each_time_and_leaves_the_global_generator_alone():
    values = np.random.default_rng(1).exponential(size=9)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first = bootstrap_interval(values, bootstrap=Bootstrap(seed=3))
    assert first == bootstrap_interval(values, bootstrap=Bootstrap(seed=3))
    assert first != bootstrap_interval(values, bootstrap=Bootstrap(seed=4))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_draws_follow_from_sizes_and_names():
    own, base = BOOTSTRAP.draws(5, 5, name=("a", "t"))
    assert own.shape == (BOOTSTRAP.resamples, 5)
    assert (own != base).any()  # independent
    assert set(np.unique(own)) == set(range(5))
    assert (BOOTSTRAP.draws(5, name=("a", "t"))[0] == own).all()
    assert (BOOTSTRAP.draws(5, name=("b", "t"))[0] != own).any()


def test_degenerate_samples_say_so():
    empty, one, equal = (bootstrap_interval(v) for v in ([], [5.0], [2.0, 2.0, 2.0]))
    assert math.isnan(empty.estimate)
    assert empty.note == "no values"
    assert (one.estimate, one.note) == (5.0, "one value: no interval")
    assert math.isnan(one.low)
    assert (equal.low, equal.estimate, equal.high) == (2.0, 2.0, 2.0)
    assert equal.note == "all values equal"
    assert not one.excludes_zero
    assert equal.excludes_zero


def test_missing_values_are_left_out():
    assert bootstrap_interval([1.0, np.nan, 3.0, 2.0]) == bootstrap_interval([1.0, 3.0, 2.0])


def test_difference_finds_a_shift_and_no_shift():
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, 30), rng.normal(2, 1, 20)
    shifted = difference_interval(x, y)
    assert shifted.excludes_zero
    assert shifted.high < 0
    assert shifted.estimate == pytest.approx(interquartile_mean(x) - interquartile_mean(y))
    assert not difference_interval(x, rng.normal(0, 1, 30)).excludes_zero


def test_infinite_and_unknown_resamples():
    count = np.arange(199.0)
    distributions = np.stack([count, count, count, count])
    distributions[1, 50:] = np.inf
    distributions[2, 0] = np.nan
    finite, open_end, unknown, nothing = BOOTSTRAP.intervals([9, 9, 9, np.nan], distributions)
    assert (finite.low, finite.high) == pytest.approx(tuple(np.quantile(count, [0.025, 0.975])))
    assert (open_end.low, open_end.high) == (4.0, np.inf)
    assert np.isnan([unknown.low, unknown.high, nothing.low, nothing.high]).all()
    # None of them moves another's ends.
    assert finite == BOOTSTRAP.interval(9.0, count)
    assert np.isnan(BOOTSTRAP.interval(9.0, None).high)


def test_a_wider_level_gives_a_wider_interval_and_columns_name_its_ends():
    count = np.arange(1000.0)
    half, most = (Bootstrap(level=level).interval(1.0, count) for level in (0.5, 0.99))
    assert most.low < half.low < half.high < most.high
    assert Interval(1.0, 0.5, 2.0).columns("gain") == {
        "gain": 1.0,
        "gain_low": 0.5,
        "gain_high": 2.0,
    }


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(InvalidArgumentError, match="level"):
        Bootstrap(level=level)
    with pytest.raises(InvalidArgumentError, match="resamples is 0"):
        Bootstrap(resamples=0)


def test_tasks_are_resampled_as_wholes():
    assert BOOTSTRAP.task_draws(3) is None
    draws = Bootstrap(resamples=50, resample_tasks=True).task_draws(3)
    assert draws.shape == (50, 3)
    own = [np.full(50, 1.0), np.full(50, 2.0), np.full(50, 7.0), np.full(50, 8.0)]
    held = by_task(own, [0, 0, 1, 2], draws)  # two entries of the first task, one of the others
    kept = {0: {1, 2}, 1: {7}, 2: {8}}
    for tasks, row in zip(draws, held, strict=True):
        assert set(row[~np.isnan(row)]) == set().union(*(kept[task] for task in tasks))
    assert by_task(own, [0, 0, 1, 2]).shape == (50, 4)


def test_rows_of_unequal_lengths_keep_their_own():
    values = np.array([[1.0, 2, 3], [7, np.nan, np.nan]])
    drawn = resampled_rows(values, np.random.default_rng(0).random((100, 2, 3)))
    assert set(np.unique(drawn[:, 0])) == {1, 2, 3}
    assert (drawn[:, 1, 0] == 7).all()
    assert np.isnan(drawn[:, 1, 1:]).all()
