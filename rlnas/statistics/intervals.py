"""Percentile-bootstrap intervals, many at a time.

A matrix has hundreds of cells with the same few seeds each, and a call of `scipy.stats.bootstrap`
costs far more than the numbers in it. Samples of equal sizes therefore share a call. Each interval
is what its sample alone would get: the resamples follow from the seed and the sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

Statistic = Callable[..., Any]
"""Maps arrays and ``axis`` to the statistic along that axis."""

Samples = tuple[NDArray[np.float64], ...]
"""What one interval is about: one sample ``(n,)``, or two ``(n,)`` and ``(m,)``; without NaN."""

_VALUES_AT_ONCE = 4_000_000  # resampled values, so that a large matrix fits into memory


@dataclass(frozen=True)
class Interval:
    """A statistic with its bootstrap interval.

    Attributes:
        estimate: The statistic of the sample; NaN of an empty one.
        low: Lower end; NaN where no interval can be given.
        high: Upper end; NaN where no interval can be given.
        n: Number of values.
        level: Coverage aimed at, in (0, 1).
        note: Why the interval is degenerate, or empty.
    """

    estimate: float
    low: float
    high: float
    n: int
    level: float = 0.95
    note: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether there is an interval and 0 lies outside it."""
        return bool(self.low > 0 or self.high < 0)


def bootstrap_intervals(
    samples: Sequence[Samples],
    statistic: Statistic,
    *,
    level: float,
    seed: int,
    resamples: int,
) -> list[Interval]:
    """Return the interval of a statistic for each entry of ``samples``.

    Args:
        samples: The samples of each interval; those of one entry are resampled independently.
        statistic: Takes as many arrays ``(..., n)`` as an entry has samples, and ``axis``.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1).
    """
    if not 0 < level < 1:
        raise InvalidArgumentError(f"level is {level}; expected a coverage in (0, 1), e.g. 0.95.")
    intervals: dict[int, Interval] = {}
    for indices, stacked in of_equal_sizes(samples):
        at_once = max(1, _VALUES_AT_ONCE // (resamples * sum(s.shape[1] for s in stacked) or 1))
        for start in range(0, len(indices), at_once):
            part = tuple(s[start : start + at_once] for s in stacked)
            found = _intervals(part, statistic, level, seed, resamples)
            intervals.update(zip(indices[start : start + at_once], found, strict=True))
    return [intervals[index] for index in range(len(samples))]


def of_equal_sizes(
    samples: Sequence[Samples],
) -> Iterator[tuple[list[int], tuple[NDArray[np.float64], ...]]]:
    """Yield the indices of entries with equal sizes, and their samples stacked ``(rows, n)``."""
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, entry in enumerate(samples):
        alike.setdefault(tuple(map(len, entry)), []).append(index)
    for indices in alike.values():
        yield indices, tuple(map(np.stack, zip(*(samples[i] for i in indices), strict=True)))


def _intervals(
    samples: tuple[NDArray[np.float64], ...],
    statistic: Statistic,
    level: float,
    seed: int,
    resamples: int,
) -> list[Interval]:
    """Return the interval of each row of ``(rows, n)`` samples, and why if it is degenerate."""
    rows, n = len(samples[0]), min(sample.shape[1] for sample in samples)
    nan = float("nan")
    if n == 0:
        return [Interval(nan, nan, nan, 0, level, "no values")] * rows
    estimates = [float(estimate) for estimate in statistic(*samples, axis=-1)]
    if n == 1:
        return [Interval(e, nan, nan, 1, level, "one value: no interval") for e in estimates]
    equal = np.all([(sample == sample[:, :1]).all(axis=1) for sample in samples], axis=0)
    intervals = [Interval(e, e, e, n, level, "all values equal") for e in estimates]
    spread = np.flatnonzero(~equal)
    if len(spread):
        ends = _bootstrap(tuple(s[spread] for s in samples), statistic, level, seed, resamples)
        for row, low, high in zip(spread, *ends, strict=True):
            intervals[row] = Interval(estimates[row], float(low), float(high), n, level)
    return intervals


def _bootstrap(
    samples: tuple[NDArray[np.float64], ...],
    statistic: Statistic,
    level: float,
    seed: int,
    resamples: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper ends of each row of ``(rows, n)`` samples."""
    from scipy import stats

    def over_rows(*resampled: NDArray[np.float64], axis: int) -> Any:
        # SciPy's indexing leaves the rows innermost in memory; put in order, sums are quicker and
        # add up in the same order, so to the last bit the same, however many rows there are.
        return statistic(*map(np.ascontiguousarray, resampled), axis=axis)

    result = stats.bootstrap(
        samples,
        over_rows,
        axis=-1,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=level,
        method="percentile",  # BCa's acceleration is undefined on the ties of small samples
        rng=generator(seed, "bootstrap"),
    )
    return result.confidence_interval.low, result.confidence_interval.high
