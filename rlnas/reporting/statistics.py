"""Statistics over seeds: interquartile means, bootstrap intervals, comparisons with a baseline.

Few seeds and heavy tails are the rule in reinforcement learning, so a claim is an interquartile
mean with a bootstrap interval and the number of seeds (Agarwal et al., NeurIPS 2021, "Deep RL at
the edge of the statistical precipice", sections 4.1 to 4.3). Resampling draws from a generator of
its own, so the same numbers always give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

if TYPE_CHECKING:
    import pandas as pd

Statistic = Callable[..., Any]
"""Maps an array and ``axis`` to the statistic along that axis."""

_RESAMPLES = 2000


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


def interquartile_mean(values: ArrayLike, axis: int | None = None) -> Any:
    """Return the mean of the middle half: a quarter of the values is cut at either end.

    The number cut is rounded down, so with fewer than four values this is the plain mean.

    Args:
        values: Any shape, without NaN.
        axis: Along which; None for all values.

    Returns:
        A float, or an array without ``axis``. NaN of no values.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return float("nan")
    middle = stats.trim_mean(array, 0.25, axis=axis)
    return float(middle) if np.ndim(middle) == 0 else middle


def bootstrap_interval(
    values: ArrayLike,
    statistic: Statistic = interquartile_mean,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> Interval:
    """Return a statistic of one sample with its percentile-bootstrap interval.

    Args:
        values: ``(n,)``; NaN is left out and so not counted in ``n``.
        statistic: Takes ``axis``.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1).
    """
    _check_level(level)
    sample = _finite(values)
    if (degenerate := _degenerate([sample], statistic, level)) is not None:
        return degenerate
    return _bootstrap([sample], statistic, level, seed, resamples)


def difference_interval(
    values: ArrayLike,
    baseline: ArrayLike,
    statistic: Statistic = interquartile_mean,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> Interval:
    """Return ``statistic(values) − statistic(baseline)`` with its bootstrap interval.

    The samples are resampled independently: equal seeds of two methods share no randomness that
    would make them pairs.

    Args:
        values: ``(n,)``; NaN is left out.
        baseline: ``(m,)``; NaN is left out.
        statistic: Takes ``axis``.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1).
    """
    _check_level(level)
    samples = [_finite(values), _finite(baseline)]

    def difference(x: NDArray[np.float64], y: NDArray[np.float64], axis: int = -1) -> Any:
        return statistic(x, axis=axis) - statistic(y, axis=axis)

    if (degenerate := _degenerate(samples, difference, level)) is not None:
        return degenerate
    return _bootstrap(samples, difference, level, seed, resamples)


def probability_of_improvement(values: ArrayLike, baseline: ArrayLike) -> float:
    """Return P(a value is larger than a baseline value), ties counted half.

    Args:
        values: ``(n,)`` scores, larger is better; NaN is left out.
        baseline: ``(m,)`` scores; NaN is left out.

    Returns:
        A probability, 0.5 where neither is better; NaN if one sample is empty.
    """
    x, y = _finite(values), _finite(baseline)
    if not len(x) or not len(y):
        return float("nan")
    return float(stats.mannwhitneyu(x, y).statistic / (len(x) * len(y)))


def describe(values: ArrayLike, *, level: float = 0.95, seed: int = 0) -> dict[str, Any]:
    """Return the statistics of one sample as a JSON-able dictionary.

    Args:
        values: ``(n,)``, one value a seed; NaN is left out.
        level: Coverage of the intervals.
        seed: Seed of the resampling.

    Returns:
        ``n``; ``iqm`` with ``low`` and ``high``; ``mean`` with ``mean_low`` and ``mean_high``;
        ``note`` where an interval is degenerate.
    """
    sample = _finite(values)
    iqm = bootstrap_interval(sample, level=level, seed=seed)
    mean = bootstrap_interval(sample, _mean, level=level, seed=seed)
    entry: dict[str, Any] = {
        "n": iqm.n,
        "iqm": iqm.estimate,
        "low": iqm.low,
        "high": iqm.high,
        "mean": mean.estimate,
        "mean_low": mean.low,
        "mean_high": mean.high,
    }
    return {**entry, "note": iqm.note} if iqm.note else entry


def summarise(
    frame: pd.DataFrame, by: str | Sequence[str], value: str, *, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Return one row a group: the columns ``by``, then n, missing, mean, iqm, low, high.

    Args:
        frame: One row a seed.
        by: Columns that make the groups, kept in order of appearance.
        value: Column to summarise; NaN is counted as missing, never imputed.
        level: Coverage of the interval of the interquartile mean.
        seed: Seed of the resampling.

    Raises:
        InvalidArgumentError: If a column is missing.
    """
    import pandas as pd

    keys = [by] if isinstance(by, str) else list(by)
    if absent := [c for c in [*keys, value] if c not in frame]:
        raise InvalidArgumentError(
            f"The frame has no column {', '.join(absent)}; it has {', '.join(map(str, frame))}."
        )
    rows: list[dict[str, object]] = []
    for group, part in frame.groupby(keys, sort=False):
        sample = _finite(part[value])
        interval = bootstrap_interval(sample, level=level, seed=seed)
        rows.append(
            {
                **dict(zip(keys, group, strict=True)),
                "n": interval.n,
                "missing": len(part) - interval.n,
                "mean": float(sample.mean()) if len(sample) else float("nan"),
                "iqm": interval.estimate,
                "low": interval.low,
                "high": interval.high,
            }
        )
    columns = [*keys, "n", "missing", "mean", "iqm", "low", "high"]
    summary: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return summary


def _mean(values: NDArray[np.float64], axis: int = -1) -> Any:
    return values.mean(axis=axis)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidArgumentError(f"level is {level}; expected a coverage in (0, 1), e.g. 0.95.")


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    kept: NDArray[np.float64] = array[~np.isnan(array)]
    return kept


def _degenerate(
    samples: list[NDArray[np.float64]], statistic: Statistic, level: float
) -> Interval | None:
    """Return the interval where resampling says nothing, and why; None where it does."""
    n = min(len(sample) for sample in samples)
    nan = float("nan")
    if n == 0:
        return Interval(nan, nan, nan, 0, level, "no values")
    estimate = float(statistic(*samples, axis=-1))
    if n == 1:
        return Interval(estimate, nan, nan, 1, level, "one value: no interval")
    if all(np.ptp(sample) == 0 for sample in samples):
        return Interval(estimate, estimate, estimate, n, level, "all values equal")
    return None


def _bootstrap(
    samples: list[NDArray[np.float64]],
    statistic: Statistic,
    level: float,
    seed: int,
    resamples: int,
) -> Interval:
    result = stats.bootstrap(
        tuple(samples),
        statistic,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=level,
        method="percentile",  # BCa's acceleration is undefined on the ties of small samples
        rng=generator(seed, "bootstrap"),
    )
    return Interval(
        float(statistic(*samples, axis=-1)),
        float(result.confidence_interval.low),
        float(result.confidence_interval.high),
        min(len(sample) for sample in samples),
        level,
    )
