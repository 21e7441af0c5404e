"""Intervals of proportions against published examples and their own coverage."""

import math

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.proportions import proportion_difference, proportion_interval


def test_wilson_as_published():
    # Newcombe 1998 (Statistics in Medicine 17:857), Table I: 81/263, 15/148, 0/20, 1/29.
    for hits, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = proportion_interval(hits, total)
        assert found.estimate == hits / total
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_newcombe_as_published():
    # Newcombe 1998 (Statistics in Medicine 17:873), Table II, method 10.
    for first, second, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ):
        found = proportion_difference(proportion_interval(*first), proportion_interval(*second))
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
        assert found.excludes_zero


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = rng.binomial(200, 0.9, size=600)
    intervals = [proportion_interval(int(h), 200) for h in hits]
    assert np.mean([i.low <= 0.9 <= i.high for i in intervals]) == pytest.approx(0.95, abs=0.03)


def test_ends_of_the_range():
    assert proportion_interval(5, 5).high == 1
    assert math.isnan(proportion_interval(0, 0).low)
    for wrong in ((-1, 5), (6, 5)):
        with pytest.raises(InvalidArgumentError, match="hits"):
            proportion_interval(*wrong)
