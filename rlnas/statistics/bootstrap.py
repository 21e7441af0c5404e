"""Bootstrap intervals: what a statistic of the seeds might have been with other seeds.

Each sample (the seeds of one cell) is resampled on its own, so that every task keeps its seeds
(Agarwal et al., NeurIPS 2021, "Deep RL at the edge of the statistical precipice", section 4.1 and
appendix A.3). Whole tasks can be resampled on top: then an interval speaks of tasks like these, and
not of these tasks alone. The draws come from generators of their own and follow from the sizes and
the name of a sample alone, so an interval does not depend on what else is measured beside it.

Resampling knows no statistic: draw indices with `Bootstrap.draws`, put any function of an array to
the resampled values, and give its results to `Bootstrap.interval`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.statistics.means import interquartile_mean

Statistic = Callable[..., Any]
"""Maps an array and ``axis`` to the statistic along that axis."""


@dataclass(frozen=True)
class Interval:
    """A statistic with its interval.

    Attributes:
        estimate: The statistic of the sample; NaN of an empty one.
        low: Lower end; NaN where no interval can be given.
        high: Upper end; NaN where no interval can be given.
        note: Why the interval is degenerate, or empty.
    """

    estimate: float
    low: float
    high: float
    note: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether there is an interval and 0 lies outside it."""
        return bool(self.low > 0 or self.high < 0)

    def columns(self, name: str) -> dict[str, float]:
        """Return the columns ``name``, ``<name>_low`` and ``<name>_high`` of a row."""
        return {name: self.estimate, f"{name}_low": self.low, f"{name}_high": self.high}


@dataclass(frozen=True)
class Bootstrap:
    """How to resample, and what interval to take.

    Attributes:
        resamples: Number of resamples, 1 or more.
        seed: Seed of all resampling.
        resample_tasks: Resample whole tasks too, where a statistic is over several, so that its
            interval holds for tasks like these.
        level: Coverage aimed at, in (0, 1).

    Raises:
        InvalidArgumentError: If a number is outside its range.
    """

    resamples: int = 2000
    seed: int = 0
    resample_tasks: bool = False
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise InvalidArgumentError(
                f"level is {self.level}; expected a coverage in (0, 1), e.g. 0.95."
            )
        if self.resamples < 1:
            raise InvalidArgumentError(
                f"resamples is {self.resamples}; expected 1 or more, e.g. 2000."
            )

    def draws(self, *sizes: int, name: Sequence[str | int] = ()) -> list[NDArray[np.int64]]:
        """Return indices ``(resamples, n)`` into a sample of each size, drawn with replacement.

        They are read-only.

        Args:
            sizes: Sizes ``n`` of samples that are resampled independently, each 1 or more.
            name: What names them: samples of the same name and sizes are drawn alike.
        """
        return list(_draws(self.seed, self.resamples, sizes, tuple(name)))

    def task_draws(self, tasks: int) -> NDArray[np.int64] | None:
        """Return which tasks are in each resample, ``(resamples, tasks)``; None for each once."""
        return self.draws(tasks, name=("tasks",))[0] if self.resample_tasks else None

    def intervals(
        self, estimates: ArrayLike, distributions: NDArray[np.float64] | None
    ) -> list[Interval]:
        """Return the percentile intervals of ``k`` statistics.

        Resamples may be infinite, so that an end may be. There are no ends (NaN) where the estimate
        is NaN, or any resample: to leave it out would be to choose among the resamples.

        Args:
            estimates: ``(k,)`` the statistics of the samples.
            distributions: ``(k, resamples)`` those of the resamples; None where resampling says
                nothing, as with one seed.
        """
        middle = np.asarray(estimates, dtype=np.float64)
        ends = np.full((2, len(middle)), np.nan)
        if distributions is not None:
            told = ~(np.isnan(middle) | np.isnan(distributions).any(axis=-1))
            finite = np.isfinite(distributions).all(axis=-1)
            tails = [(1 - self.level) / 2, (1 + self.level) / 2]
            # Between order statistics there is nothing to interpolate where one is infinite.
            methods: dict[Any, NDArray[np.bool_]]
            methods = {"linear": told & finite, "inverted_cdf": told & ~finite}
            for method, rows in methods.items():
                if rows.any():
                    ends[:, rows] = np.quantile(distributions[rows], tails, axis=-1, method=method)
        triples = zip(middle.tolist(), *ends.tolist(), strict=True)
        return [Interval(estimate, low, high) for estimate, low, high in triples]

    def interval(self, estimate: float, distribution: NDArray[np.float64] | None) -> Interval:
        """Return the percentile interval of one statistic; see `intervals`."""
        distributions = None if distribution is None else distribution[None]
        return self.intervals([estimate], distributions)[0]


@lru_cache(maxsize=256)
def _draws(
    seed: int, resamples: int, sizes: tuple[int, ...], name: tuple[str | int, ...]
) -> tuple[NDArray[np.int64], ...]:
    """Return what `Bootstrap.draws` does: a report asks for the same ones many times."""
    rng = generator(seed, "bootstrap", *name)
    found = tuple(rng.integers(0, n, (resamples, n)) for n in sizes)
    for indices in found:
        indices.flags.writeable = False
    return found


BOOTSTRAP = Bootstrap()
"""How intervals are made unless told otherwise."""


def bootstrap_interval(
    values: ArrayLike,
    statistic: Statistic = interquartile_mean,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> Interval:
    """Return a statistic of one sample with its interval.

    Args:
        values: ``(n,)``; NaN is left out.
        statistic: Takes ``(resamples, n)`` and ``axis``.
        bootstrap: How to resample.
    """
    return _interval([values], statistic, bootstrap)


def difference_interval(
    values: ArrayLike,
    baseline: ArrayLike,
    statistic: Statistic = interquartile_mean,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> Interval:
    """Return ``statistic(values) − statistic(baseline)`` with its interval.

    The samples are resampled independently: equal seeds of two methods share no randomness that
    would make them pairs.

    Args:
        values: ``(n,)``; NaN is left out.
        baseline: ``(m,)``; NaN is left out.
        statistic: As in `bootstrap_interval`.
        bootstrap: How to resample.
    """

    def difference(own: Any, base: Any, axis: int) -> Any:
        return statistic(own, axis=axis) - statistic(base, axis=axis)

    return _interval([values, baseline], difference, bootstrap)


def _interval(given: Sequence[ArrayLike], statistic: Statistic, bootstrap: Bootstrap) -> Interval:
    arrays = [np.asarray(sample, dtype=np.float64).ravel() for sample in given]
    samples = [array[~np.isnan(array)] for array in arrays]
    n = min(map(len, samples))
    if not n:
        return Interval(np.nan, np.nan, np.nan, "no values")
    estimate = float(statistic(*samples, axis=-1))
    if n == 1:
        return Interval(estimate, np.nan, np.nan, "one value: no interval")
    if all((sample == sample[0]).all() for sample in samples):
        return Interval(estimate, estimate, estimate, "all values equal")
    drawn = zip(samples, bootstrap.draws(*map(len, samples)), strict=True)
    distribution = statistic(*(sample[indices] for sample, indices in drawn), axis=-1)
    return bootstrap.interval(estimate, distribution)


def by_task(
    values: Sequence[NDArray[np.float64]],
    task_of: Sequence[int],
    draws: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return ``(resamples, entries)``: what the tasks of each resample hold, NaN padded.

    Args:
        values: One array ``(resamples,)`` an entry.
        task_of: The task of each entry; tasks are counted from 0.
        draws: ``(resamples, tasks)``, as `Bootstrap.task_draws` gives it; None to have each task
            once.
    """
    if draws is None:
        return np.ascontiguousarray(np.array(values).T)
    held = np.bincount(np.asarray(task_of, dtype=np.int64), minlength=draws.shape[1])
    table = np.full((len(draws), len(held), held.max()), np.nan)
    filled = [0] * len(held)
    for value, task in zip(values, task_of, strict=True):
        table[:, task, filled[task]] = value
        filled[task] += 1
    return np.take_along_axis(table, draws[:, :, None], axis=1).reshape(len(draws), -1)


def resampled_rows(
    values: NDArray[np.float64], uniform: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return resamples of rows of unequal lengths, each of its own length.

    Args:
        values: ``(..., n)``; NaN stands after the last value of a row, and nowhere else.
        uniform: ``(resamples, ..., n)`` random numbers in [0, 1).

    Returns:
        ``(resamples, ..., n)``, NaN after the last value of a row.
    """
    known = np.count_nonzero(~np.isnan(values), axis=-1)[..., None]
    values, place = np.broadcast_to(values, uniform.shape), (uniform * known).astype(np.int64)
    drawn = np.take_along_axis(values, place, axis=-1)
    return np.where(np.arange(values.shape[-1]) < known, drawn, np.nan)
