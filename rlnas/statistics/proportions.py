"""Intervals of proportions and of their differences."""

from __future__ import annotations

import math

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.intervals import Interval


def proportion_interval(hits: int, total: int, *, level: float = 0.95) -> Interval:
    """Return a proportion with Wilson's score interval.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
    (1927); recommended by Brown, Cai & DasGupta, Statistical Science 16 (2001), §4.

    Args:
        hits: How often it was so, 0 to ``total``.
        total: Of how many independent trials; with none, all numbers are NaN.
        level: Coverage, in (0, 1).

    Raises:
        InvalidArgumentError: If a number is outside its range.
    """
    if not 0 <= hits <= total or not 0 < level < 1:
        raise InvalidArgumentError(
            f"{hits} of {total} at level {level}; expected 0 ≤ hits ≤ total and a level in (0, 1)."
        )
    if total == 0:
        return Interval(math.nan, math.nan, math.nan, 0, level, "no trials")
    from scipy import stats

    found = stats.binomtest(hits, total).proportion_ci(level, method="wilson")
    return Interval(hits / total, float(found.low), float(found.high), total, level)


def proportion_difference(first: Interval, second: Interval) -> Interval:
    """Return the difference of two independent proportions with Newcombe's interval.

    Measured on the same examples, as two networks on one validation set, the proportions rise and
    fall together; then the interval is wider than it need be.

    Source: Newcombe, "Interval estimation for the difference between independent proportions",
    Statistics in Medicine 17 (1998), method 10.

    Args:
        first: From `proportion_interval`.
        second: What is subtracted, with the same level.
    """
    estimate = first.estimate - second.estimate
    low = math.hypot(first.estimate - first.low, second.high - second.estimate)
    high = math.hypot(first.high - first.estimate, second.estimate - second.low)
    return Interval(estimate, estimate - low, estimate + high, min(first.n, second.n), first.level)
