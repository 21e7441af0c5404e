"""Statistics over seeds: interquartile means, bootstrap intervals, comparisons with a baseline.

Few seeds and heavy tails are the rule in reinforcement learning, so a claim is an interquartile
mean with a bootstrap interval and the number of seeds (Agarwal et al., NeurIPS 2021, "Deep RL at
the edge of the statistical precipice", sections 4.1 to 4.3). Resampling draws from a generator of
its own, so the same numbers always give the same interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.intervals import Interval, Statistic, bootstrap_intervals, of_equal_sizes

if TYPE_CHECKING:
    import pandas as pd

_RESAMPLES = 2000


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
    from scipy import stats

    middle = stats.trim_mean(array, 0.25, axis=axis)
    return float(middle) if np.ndim(middle) == 0 else middle


def interquartile_means(samples: Sequence[NDArray[np.float64]]) -> list[float]:
    """Return the interquartile mean of each sample ``(n,)``; those of equal sizes at once."""
    means = [float("nan")] * len(samples)
    for indices, (stacked,) in of_equal_sizes([(sample,) for sample in samples]):
        if stacked.size:
            for index, mean in zip(indices, interquartile_mean(stacked, axis=-1), strict=True):
                means[index] = float(mean)
    return means


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
    samples = [(_finite(values),)]
    return bootstrap_intervals(samples, statistic, level=level, seed=seed, resamples=resamples)[0]


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
    return difference_intervals(
        [(values, baseline)], statistic, level=level, seed=seed, resamples=resamples
    )[0]


def difference_intervals(
    pairs: Iterable[tuple[ArrayLike, ArrayLike]],
    statistic: Statistic = interquartile_mean,
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = _RESAMPLES,
) -> list[Interval]:
    """Return what `difference_interval` returns for each pair of values and baseline.

    Args:
        pairs: ``(n,)`` values and ``(m,)`` baseline of each interval; NaN is left out.
        statistic: Takes ``axis``.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling, the same for every pair.
        resamples: Number of resamples.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1).
    """

    def difference(x: NDArray[np.float64], y: NDArray[np.float64], axis: int = -1) -> Any:
        return statistic(x, axis=axis) - statistic(y, axis=axis)

    samples = [(_finite(x), _finite(y)) for x, y in pairs]
    return bootstrap_intervals(samples, difference, level=level, seed=seed, resamples=resamples)


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
    wins = np.count_nonzero(x[:, None] > y) + 0.5 * np.count_nonzero(x[:, None] == y)
    return float(wins / (len(x) * len(y)))


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


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    kept: NDArray[np.float64] = array[~np.isnan(array)]
    return kept
