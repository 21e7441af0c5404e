"""Intervals of proportions and of their differences."""

from __future__ import annotations

import math

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import Interval

_LEVEL = 0.95


def proportion_interval(hits: int, total: int) -> Interval:
    """Return a proportion with Wilson's 95 % score interval.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927); recommended by Brown, Cai & DasGupta, Statistical Science 16 (2001), §4.

    Args:
        hits: How often it was so, 0 to ``total``.
        total: Of how many independent trials; with none, all numbers are NaN.

    Raises:
        InvalidArgumentError: If there are not 0 to ``total`` hits.
    """
    if not 0 <= hits <= total:
        raise InvalidArgumentError(f"There are {hits} hits of {total}; expected 0 ≤ hits ≤ total.")
    if total == 0:
        return Interval(math.nan, math.nan, math.nan, "no trials")
    from scipy import stats

    found = stats.binomtest(hits, total).proportion_ci(_LEVEL, method="wilson")
    return Interval(hits / total, float(found.low), float(found.high))


def proportion_difference(first: Interval, second: Interval) -> Interval:
    """Return the difference of two independent proportions with Newcombe's interval.

    Measured on the same examples, as two networks on one validation set, the proportions rise and
    fall together; then the interval is wider than it need be.

    Source: Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998), method 10.

    Args:
        first: From `proportion_interval`.
        second: What is subtracted.
    """
    estimate = first.estimate - second.estimate
    low = math.hypot(first.estimate - first.low, second.high - second.estimate)
    high = math.hypot(first.high - first.estimate, second.estimate - second.low)
    return Interval(estimate, estimate - low, estimate + high)
