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
    Spread,
    bootstrap_interval,
    by_task,
    difference_interval,
    log_normal_mean,
    resampled_rows,
)
from rlnas.statistics.means import interquartile_mean


@pytest.mark.parametrize("n", [3, 5, 16, 40])
def test_of_a_mean_the_interval_is_students(n):
    sample = np.random.default_rng(n).normal(3, 2, size=n)
    ours = bootstrap_interval(sample, np.mean, Bootstrap(resamples=20_000))
    theirs = stats.ttest_1samp(sample, 0)
    low, high = theirs.confidence_interval()
    half = (high - low) / 2
    assert ours.estimate == pytest.approx(sample.mean())
    # A standard error by 20,000 resamples is known to half a percent.
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.03 * half)
    assert ours.p == pytest.approx(theirs.pvalue, rel=0.15, abs=1e-4)


def test_of_a_difference_the_interval_is_welchs():
    rng = np.random.default_rng(3)
    own, base = rng.normal(1, 1, 8), rng.normal(0, 3, 20)
    ours = difference_interval(own, base, np.mean, Bootstrap(resamples=20_000))
    theirs = stats.ttest_ind(own, base, equal_var=False)
    interval = theirs.confidence_interval()
    half = (interval.high - interval.low) / 2
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), abs=0.03 * half)
    assert ours.p == pytest.approx(theirs.pvalue, rel=0.1)


def test_of_controllers_the_interval_is_that_of_their_means():
    rng = np.random.default_rng(4)
    values = rng.normal(0, 1, (4, 1)) + rng.normal(0, 0.1, (4, 50))
    controllers = np.repeat(range(4), 50)
    ours = difference_interval(
        values.ravel(), np.zeros(9), np.mean, Bootstrap(resamples=20_000), unit_of=controllers
    )
    low, high = stats.ttest_1samp(values.mean(axis=1), 0).confidence_interval()
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.03 * (high - low))
    alone = difference_interval(values.ravel(), np.zeros(9), np.mean)
    assert alone.high - alone.low < (ours.high - ours.low) / 3  # as if controllers were searches


def test_the_p_value_is_below_five_percent_exactly_where_the_interval_excludes_zero():
    rng = np.random.default_rng(5)
    found = [bootstrap_interval(rng.normal(0.8, 1, 7)) for _ in range(200)]
    assert {each.excludes_zero for each in found} == {True, False}
    assert all((each.p < 0.05) == each.excludes_zero for each in found)
    ratios = [bootstrap_interval(rng.lognormal(0.5, 1, 9), positive=True) for _ in range(200)]
    apart = [not each.low <= 1 <= each.high for each in ratios]
    assert set(apart) == {True, False}
    assert [each.p < 0.05 for each in ratios] == apart


DRAWS = {
    "normal": lambda rng, *size: rng.normal(2, 1, size),
    "skewed": lambda rng, *size: rng.exponential(1, size),
    "heavy": lambda rng, *size: rng.standard_t(3, size),
    "tied": lambda rng, *size: np.log10(np.ceil(rng.lognormal(1.5, 1.2, size))),
}


@pytest.mark.parametrize("n", [5, 20])
@pytest.mark.parametrize("name", DRAWS)
def test_intervals_cover_the_truth_as_often_as_they_say(name, n):
    """600 samples: of 95 %, three standard errors are 2.7 %; percentiles of 5 cover 85 to 90 %."""
    rng = np.random.default_rng(0)
    draw, few = DRAWS[name], Bootstrap(resamples=300)
    truth = interquartile_mean(draw(rng, 100_000, n), axis=-1).mean()
    one = [bootstrap_interval(draw(rng, n), bootstrap=few) for _ in range(600)]
    assert 0.915 <= np.mean([each.low <= truth <= each.high for each in one]) <= 0.99
    apart = [difference_interval(draw(rng, n), draw(rng, n), bootstrap=few) for _ in range(600)]
    assert 0.925 <= np.mean([not each.excludes_zero for each in apart]) <= 0.995


def test_a_mean_of_skewed_ranks_is_not_narrower_than_coxs():
    """Few searches have not met the rare bad ones, so what they found understates the spread."""
    ranks = np.array([1.0, 1, 2, 3, 90])
    options = {"positive": True, "within": (1.0, np.inf)}
    shown = bootstrap_interval(ranks, np.mean, **options)
    found = bootstrap_interval(ranks, np.mean, **options, least=log_normal_mean)
    logs = np.log(ranks)
    cox = np.sqrt(logs.var(ddof=1) / 5 + logs.var(ddof=1) ** 2 / 8)
    assert found.estimate == shown.estimate
    assert found.high == pytest.approx(found.estimate * np.exp(stats.t.ppf(0.975, 4) * cox))
    assert found.high > shown.high
    alike = np.array([10.0, 11, 12])  # resampling shows as much as Cox's
    assert bootstrap_interval(alike, np.mean, **options, least=log_normal_mean).note == ""
    for value in (3.0, 113 / 7, 1.0):  # equal but for rounding
        equal = bootstrap_interval(np.full(20, value), np.mean, **options, least=log_normal_mean)
        assert np.isnan(equal.low)


@pytest.mark.parametrize("n", [5, 20])
def test_mean_ranks_over_targets_are_covered(n):
    """600 samples of a run's mean rank over seven targets; by resampling alone 91.7 % of 5."""
    rng = np.random.default_rng(2)

    def draw(size):
        return np.ceil(rng.lognormal(np.linspace(0.5, 3, 7), 1.0, (size, 7))).mean(axis=-1)

    truth = draw(200_000).mean()
    options = {"positive": True, "within": (1.0, np.inf), "least": log_normal_mean}
    few = Bootstrap(resamples=300)
    found = [bootstrap_interval(draw(n), np.mean, few, **options) for _ in range(600)]
    assert 0.9 <= np.mean([each.low <= truth <= each.high for each in found]) <= 0.97


def test_a_share_has_an_interval_within_0_and_1():
    """On the angular scale: as wide each way as the delta method says, cut at neither end."""
    spread = Spread(np.full(5, 0.04**2), np.full(5, 30.0))
    found = Bootstrap().intervals([0.5, 0.9, 0.99, 0.0, 1.0], spread, share=True)
    reach = stats.t.ppf(0.975, 30) * 0.04
    assert found[0].high - 0.5 == pytest.approx(reach, rel=0.02)
    assert found[0].low == pytest.approx(1 - found[0].high)
    for each in found:
        assert 0 <= each.low <= each.estimate <= each.high <= 1
    assert 0.9 - found[1].low > found[1].high - 0.9 > 0  # wider towards one half


def test_crossed_levels_are_covered():
    """Means of a table of 7 targets by 4 controllers, whatever level varies; no level twice."""
    rng = np.random.default_rng(1)
    few = Bootstrap(resamples=200)
    for targets, controllers, cells in ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0), (1.0, 1.0, 0.5)):
        hits = []
        for _ in range(300):
            table = targets * rng.normal(size=(7, 1)) + controllers * rng.normal(size=(1, 4))
            table = table + cells * rng.normal(size=(7, 4))
            [rows], [columns] = few.draws(7, name=("tasks",)), few.draws(4, name=("columns",))
            each = np.stack([few.draws(4, name=(t,))[0] for t in range(7)], axis=1)
            apart = np.take_along_axis(table[None], each, axis=2).mean(axis=(1, 2))
            over_rows, over_columns, both = (
                few.spread(values[None], units, strata)
                for values, units, strata in (
                    (table.mean(axis=1)[rows].mean(axis=1), 7, 1),
                    (table.mean(axis=0)[columns].mean(axis=1), 4, 1),
                    (apart, 4, 7),
                )
            )
            found = few.interval(table.mean(), over_rows.crossed(over_columns, both))
            hits.append(found.low <= 0 <= found.high)
        # Where neither level varies as such, two that agree by chance leave it a little too wide.
        most = 0.99 if targets or controllers else 1.0
        assert 0.9 <= np.mean(hits) <= most, (targets, controllers, cells)


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
    assert (equal.estimate, equal.note) == (2.0, "all values equal: no interval")
    assert math.isnan(equal.low)
    assert not one.excludes_zero
    assert not equal.excludes_zero  # that three agree does not say that all would
    two = bootstrap_interval([1.0, 2.0])
    assert (two.note, math.isnan(two.low)) == ("too few values: no interval", True)
    rounding = bootstrap_interval([0.1 + 0.2, 0.3, 0.3])
    assert math.isnan(rounding.low)


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
    spread = BOOTSTRAP.spread(distributions, 10)
    finite, infinite, unknown, nothing = BOOTSTRAP.intervals([9, 9, 9, np.nan], spread)
    assert finite.low < 9 < finite.high
    ends = [getattr(each, end) for each in (infinite, unknown, nothing) for end in ("low", "high")]
    assert np.isnan(ends).all()
    # None of them moves another's ends.
    assert finite == BOOTSTRAP.interval(9.0, BOOTSTRAP.spread(count[None], 10))
    assert np.isnan(BOOTSTRAP.interval(9.0, None).high)
    assert np.isnan(BOOTSTRAP.interval(9.0, BOOTSTRAP.spread(count[None], 1)).high)


def test_percentiles_are_expanded_and_may_be_infinite():
    count = np.arange(1000.0)
    found = BOOTSTRAP.expanded_interval(500.0, count, 1000)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(count, [0.025, 0.975])), 0.1)
    few = BOOTSTRAP.expanded_interval(500.0, count, 5)
    assert few.low < found.low < found.high < few.high
    count[400:] = np.inf
    assert np.isinf(BOOTSTRAP.expanded_interval(500.0, count, 5).high)
    assert np.isnan(BOOTSTRAP.expanded_interval(500.0, count, 1).high)


def test_a_wider_level_gives_a_wider_interval_and_columns_name_its_ends():
    sample = np.random.default_rng(0).normal(size=9)
    half, most = (
        bootstrap_interval(sample, bootstrap=Bootstrap(level=level)) for level in (0.5, 0.99)
    )
    assert most.low < half.low < half.high < most.high
    cut = bootstrap_interval(sample, within=(half.low, half.high))
    assert (cut.low, cut.high) == (half.low, half.high)
    assert Interval(1.0, 0.5, 2.0).columns("gain") == {
        "gain": 1.0,
        "gain_low": 0.5,
        "gain_high": 2.0,
    }


def test_what_is_positive_by_nature_stays_so():
    ranks = [1.0, 1.0, 2.0, 40.0, 900.0]
    found = bootstrap_interval(ranks, np.mean, positive=True)
    assert 0 < found.low < found.estimate < found.high
    assert found.estimate / found.low == pytest.approx(found.high / found.estimate)
    assert bootstrap_interval(ranks, np.mean).low < 0


def test_units_stay_whole():
    values = np.array([1.0, 2, 3, 10, 20, 30])
    drawn = Bootstrap(resamples=200).whole([0, 0, 0, 1, 1, 1])
    assert drawn.units == 2
    assert {tuple(row) for row in drawn.of(values)} == {
        (*one, *other) for one in ((1, 2, 3), (10, 20, 30)) for other in ((1, 2, 3), (10, 20, 30))
    }
    uneven = Bootstrap(resamples=200).whole([0, 0, 1])
    held = {tuple(row[~np.isnan(row)]) for row in uneven.of(values[:3])}
    assert held == {(1, 2, 1, 2), (1, 2, 3), (3, 1, 2), (3, 3)}
    alone = Bootstrap(resamples=200).whole([7, 7, 7])
    assert alone.units == 3
    assert set(np.unique(alone.of(values[:3]))) == {1, 2, 3}


def test_strata_are_drawn_independently():
    rng = np.random.default_rng(6)
    # What varies is the controllers of each source; the mean over 6 sources halves it and more.
    values = rng.normal(size=(6, 3, 1)) + np.zeros((6, 3, 4))
    found = bootstrap_interval(values, np.mean, Bootstrap(resamples=20_000))
    error = np.sqrt(values[..., 0].var(axis=1, ddof=1).sum() / 3) / 6
    assert found.estimate == pytest.approx(values.mean())
    assert found.high - found.estimate == pytest.approx(error * stats.t.ppf(0.975, 12), rel=0.03)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(InvalidArgumentError, match="level"):
        Bootstrap(level=level)
    with pytest.raises(InvalidArgumentError, match="resamples is 1"):
        Bootstrap(resamples=1)


def test_tasks_are_resampled_as_wholes():
    assert Bootstrap(resample_tasks=False).task_draws(3) is None
    assert BOOTSTRAP.task_draws(1) is None
    draws = Bootstrap(resamples=50).task_draws(3)
    assert draws.shape == (50, 3)
    own = [np.full(50, 1.0), np.full(50, 2.0), np.full(50, 7.0), np.full(50, 8.0)]
    held = by_task(own, [0, 0, 1, 2], draws)  # two entries of the first task, one of the others
    kept = {0: {1, 2}, 1: {7}, 2: {8}}
    for tasks, row in zip(draws, held, strict=True):
        assert set(row[~np.isnan(row)]) == set().union(*(kept[task] for task in tasks))
    assert by_task(own, [0, 0, 1, 2]).shape == (50, 4)
    still = [value[:1] for value in own]  # where nothing but tasks is drawn
    np.testing.assert_array_equal(by_task(still, [0, 0, 1, 2], draws), held)


def test_rows_of_unequal_lengths_keep_their_own():
    values = np.array([[1.0, 2, 3], [7, np.nan, np.nan]])
    drawn = resampled_rows(values, np.random.default_rng(0).random((100, 2, 3)))
    assert set(np.unique(drawn[:, 0])) == {1, 2, 3}
    assert (drawn[:, 1, 0] == 7).all()
    assert np.isnan(drawn[:, 1, 1:]).all()
