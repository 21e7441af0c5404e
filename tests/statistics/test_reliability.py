"""Reliability: simulated repeats whose truth is known."""

import numpy as np
import pytest

from rlnas.statistics.bootstrap import Bootstrap
from rlnas.statistics.reliability import reliability

QUICK = Bootstrap(resamples=400)


def repeats(rng, groups=400, between=2.0, within=1.0):
    counts = rng.choice([2, 3, 5], size=groups)
    return [rng.normal(rng.normal(0, between), within, size=n) for n in counts]


def test_variances_are_told_apart():
    groups = repeats(np.random.default_rng(0))
    found = reliability(groups, bootstrap=QUICK)
    assert found.groups == 400
    assert found.measurements == sum(map(len, groups))
    assert found.within == pytest.approx(1, rel=0.06)
    assert found.between == pytest.approx(2, rel=0.1)
    assert found.share == pytest.approx(0.8, abs=0.03)
    # Spearman's of two normal variables with correlation 0.8.
    assert found.spearman.estimate == pytest.approx(6 / np.pi * np.arcsin(0.4), abs=0.04)


def test_noise_alone_is_not_reliable():
    found = reliability(repeats(np.random.default_rng(1), between=0.0), bootstrap=QUICK)
    assert found.share < 0.1
    assert found.spearman.low < 0 < found.spearman.high


@pytest.mark.slow
def test_the_interval_covers():
    rng = np.random.default_rng(2)
    truth = 6 / np.pi * np.arcsin(0.4)
    found = [reliability(repeats(rng, 120), bootstrap=QUICK).spearman for _ in range(200)]
    covered = np.mean([interval.low <= truth <= interval.high for interval in found])
    assert 0.9 <= covered <= 0.99


def test_the_order_within_a_group_says_nothing():
    groups = [np.sort(group) for group in repeats(np.random.default_rng(3))]
    found = reliability(groups, bootstrap=QUICK)
    assert found.spearman.estimate == pytest.approx(6 / np.pi * np.arcsin(0.4), abs=0.04)


@pytest.mark.parametrize("groups", [[], [np.array([1.0, 2.0])]])
def test_too_few_groups_say_nothing(groups):
    found = reliability(groups)
    assert found.groups == len(groups)
    assert np.isnan(found.share)
    assert found.spearman.note == "fewer than two groups"
