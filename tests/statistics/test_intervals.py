import numpy as np
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.statistics import intervals
from rlnas.statistics.intervals import bootstrap_intervals
from rlnas.statistics.samples import (
    interquartile_mean,
)

OPTIONS = {"level": 0.95, "seed": 3, "resamples": 200}


@pytest.mark.parametrize("n", [2, 5, 16, 40])
def test_each_interval_is_that_of_the_sample_alone(n, drawn):
    samples = drawn([n] * 7)
    together = bootstrap_intervals(samples, interquartile_mean, **OPTIONS)
    for (sample,), interval in zip(samples, together, strict=True):
        alone = stats.bootstrap(
            (sample,),
            interquartile_mean,
            vectorized=True,
            n_resamples=200,
            method="percentile",
            rng=generator(3, "bootstrap"),
        ).confidence_interval
        assert (interval.low, interval.high) == (alone.low, alone.high)
        assert interval.estimate == interquartile_mean(sample)
        assert interval.n == n


def test_samples_of_equal_sizes_share_one_call(calls, drawn):
    samples = drawn([5, 4, 5, 4, 5, 5])
    found = bootstrap_intervals(samples, interquartile_mean, **OPTIONS)
    assert sorted(calls) == [2, 4]
    assert [i.n for i in found] == [5, 4, 5, 4, 5, 5]  # in the order given


def test_many_samples_are_cut_into_parts_without_a_difference(monkeypatch, calls, drawn):
    samples = drawn([5] * 10)
    whole = bootstrap_intervals(samples, interquartile_mean, **OPTIONS)
    monkeypatch.setattr(intervals, "_VALUES_AT_ONCE", 4 * 200 * 5)
    assert bootstrap_intervals(samples, interquartile_mean, **OPTIONS) == whole
    assert calls == [10, 4, 4, 2]


def test_degenerate_samples_need_no_resampling(calls):
    samples = [(np.array(v),) for v in ([], [5.0], [2.0, 2.0], [1.0, 3.0])]
    empty, one, equal, spread = bootstrap_intervals(samples, interquartile_mean, **OPTIONS)
    assert (empty.n, empty.note) == (0, "no values")
    assert (one.estimate, one.note) == (5.0, "one value: no interval")
    assert (equal.low, equal.high, equal.note) == (2.0, 2.0, "all values equal")
    assert spread.low < spread.estimate < spread.high
    assert calls == [1]
    assert bootstrap_intervals([], interquartile_mean, **OPTIONS) == []


def test_level_outside_its_range_is_refused_without_samples_too():
    with pytest.raises(InvalidArgumentError, match="level is 1"):
        bootstrap_intervals([], interquartile_mean, level=1.0, seed=0, resamples=10)
