"""Bootstrap intervals: what a statistic might have been with other tasks, controllers and seeds.

Results vary at several levels: between tasks, between controllers trained alike on one source, and
between searches by one controller on one task. Each level is resampled by itself and *whole*: a
task with all its searches, a controller with all of its. What is drawn inside goes with what is
drawn, since a cluster's results hold the noise of what is below them already, and to resample that
as well would count it twice (Davison & Hinkley, "Bootstrap Methods and their Application", 1997,
section 3.8). Levels that are crossed, as controllers and targets are, have their variances added
less what both of them count (Cameron, Gelbach & Miller, "Robust Inference with Multiway
Clustering", JBES 2011).

An interval is Student's: the estimate, plus and minus a quantile of the t distribution times the
bootstrap standard error, which is made larger by √(n/(n−1)) for n resampled units; degrees of
freedom are those of the level that limits, and of a sum Satterthwaite's. The percentiles of a
bootstrap, which are usual, lack both, so that of 5 seeds they cover a mean in 83 % where 95 % is
meant (Hesterberg, "What Teachers Should Know About the Bootstrap", 2015,
sections 4.3 and 5; our own figures: ``experiments/coverage``). P-values are those of the same
distribution: one is below 0.05 exactly where the 95 % interval excludes 0.

The draws come from generators of their own and follow from the sizes and the name of a sample
alone, so an interval does not depend on what else is measured beside it. Resampling knows no
statistic: draw with `Bootstrap.draws` or `Bootstrap.whole`, put any function of an array to the
resampled values, and give its results to `Bootstrap.spread`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.statistics.means import interquartile_mean

Floats = NDArray[np.float64]
Statistic = Callable[..., Any]
"""Maps an array and ``axis`` to the statistic along that axis."""


@dataclass(frozen=True)
class Interval:
    """A statistic with its interval.

    Attributes:
        estimate: The statistic of the sample; NaN of an empty one.
        low: Lower end; NaN where no interval can be given.
        high: Upper end; NaN where no interval can be given.
        note: Why there is no interval, or empty.
        p: Two-sided p-value of the statistic being 0; NaN where there is no interval.
    """

    estimate: float
    low: float
    high: float
    note: str = ""
    p: float = math.nan

    @property
    def excludes_zero(self) -> bool:
        """Whether there is an interval and 0 lies outside it."""
        return bool(self.low > 0 or self.high < 0)

    def columns(self, name: str) -> dict[str, float]:
        """Return the columns ``name``, ``<name>_low`` and ``<name>_high`` of a row."""
        return {name: self.estimate, f"{name}_low": self.low, f"{name}_high": self.high}


@dataclass(frozen=True, eq=False)
class Spread:
    """How far ``k`` statistics vary when one level of sampling, or several, are drawn anew.

    Attributes:
        variance: ``(k,)`` variances; NaN where they are unknown.
        freedom: ``(k,)`` degrees of freedom of the variances.
    """

    variance: Floats
    freedom: Floats

    def __add__(self, other: Spread) -> Spread:
        """Return the spread from two independent levels, with Satterthwaite's freedom."""
        return _combined(self.variance + other.variance, self, other)

    def crossed(self, other: Spread, both: Spread) -> Spread:
        """Return the spread from two crossed levels, as rows and columns of a table.

        Args:
            other: That of the other level.
            both: That of what both of them hold: the cells of the table, each drawn by itself.

        Returns:
            The sum less what both count, at least either.
        """
        total = self.variance + other.variance - both.variance
        most = np.maximum(self.variance, other.variance)
        return _combined(np.maximum(total, most), self, other)

    def at_least(self, other: Spread) -> Spread:
        """Return the spread, where another is larger its variance with this one's freedom.

        A level holds the noise of those below it, so few units of it that happen to agree do not
        say that they always would.

        Args:
            other: That of the levels below; unknown ones are left out.
        """
        return Spread(np.fmax(self.variance, other.variance), self.freedom)


def _combined(variance: Floats, one: Spread, other: Spread) -> Spread:
    parts = sum(each.variance**2 / each.freedom for each in (one, other))
    least = np.minimum(one.freedom, other.freedom)
    some = np.asarray(parts > 0)
    found = np.where(some, variance**2 / np.where(some, parts, 1.0), least)
    return Spread(variance, np.maximum(found, least))


@dataclass(frozen=True, eq=False)
class Resamples:
    """Which values of a sample are in each resample, drawn by units that stay whole.

    Attributes:
        indices: ``(resamples, m)`` places in the sample; −1 for none, where units differ in size.
        units: How many units there are to draw.
    """

    indices: NDArray[np.int64]
    units: int

    def of(self, values: Floats) -> Floats:
        """Return values ``(..., n)`` of each resample, ``(..., resamples, m)``; NaN for none."""
        if self.indices.size and self.indices.min() < 0:
            none = np.full((*values.shape[:-1], 1), np.nan)
            values = np.concatenate([values, none], axis=-1)  # where −1 points
        return np.asarray(values[..., self.indices])


@dataclass(frozen=True)
class Bootstrap:
    """How to resample, and what interval to take.

    Attributes:
        resamples: Number of resamples, 2 or more.
        seed: Seed of all resampling.
        resample_tasks: Resample whole tasks where a statistic is over several, so that its interval
            holds for tasks like these, and not for these tasks alone.
        level: Coverage aimed at, in (0, 1).

    Raises:
        InvalidArgumentError: If a number is outside its range.
    """

    resamples: int = 1000
    seed: int = 0
    resample_tasks: bool = True
    level: float = 0.95

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise InvalidArgumentError(
                f"level is {self.level}; expected a coverage in (0, 1), e.g. 0.95."
            )
        if self.resamples < 2:
            raise InvalidArgumentError(
                f"resamples is {self.resamples}; expected 2 or more, e.g. 1000."
            )

    # -- drawing ---------------------------------------------------------------------------

    def draws(self, *sizes: int, name: Sequence[str | int] = ()) -> list[NDArray[np.int64]]:
        """Return indices ``(resamples, n)`` into a sample of each size, drawn with replacement.

        They are read-only.

        Args:
            sizes: Sizes ``n`` of samples that are resampled independently, each 1 or more.
            name: What names them: samples of the same name and sizes are drawn alike.
        """
        return list(_draws(self.seed, self.resamples, sizes, tuple(name)))

    def whole(self, unit_of: ArrayLike, name: Sequence[str | int] = ()) -> Resamples:
        """Return resamples of a sample by the units that its values belong to.

        Args:
            unit_of: ``(n,)`` the unit of each value, as the controller of each search. With one
                unit the values themselves are drawn.
            name: As in `draws`. What is named alike is drawn together, as pairs have to be.
        """
        labels = np.asarray(unit_of)
        units = np.unique(labels)
        if len(units) < 2:
            [indices] = self.draws(len(labels), name=name)
            return Resamples(indices, len(labels))
        members = [np.flatnonzero(labels == unit) for unit in units]
        table = np.full((len(units), max(map(len, members))), -1)
        for row, places in enumerate(members):
            table[row, : len(places)] = places
        [drawn] = self.draws(len(units), name=name)
        return Resamples(table[drawn].reshape(self.resamples, -1), len(units))

    def task_draws(self, tasks: int) -> NDArray[np.int64] | None:
        """Return which tasks are in each resample, ``(resamples, tasks)``.

        None where each is there once: tasks are not to be resampled, or there is one alone.
        """
        if not self.resample_tasks or tasks < 2:
            return None
        return self.draws(tasks, name=("tasks",))[0]

    # -- intervals -------------------------------------------------------------------------

    def spread(self, distributions: Floats, units: int, strata: int = 1) -> Spread:
        """Return the spread that the resamples of one level show.

        Args:
            distributions: ``(k, resamples)`` the statistics of the resamples, or ``(k, 1)`` where
                the level does not matter to them.
            units: Units that were drawn of each sample: tasks, controllers or searches. With one
                unit, or where a resample is unknown or infinite, the spread is unknown.
            strata: Samples that were drawn independently and matter alike.
        """
        if units < 2:
            unknown = np.full(len(distributions), np.nan)
            return Spread(unknown, np.ones_like(unknown))
        if distributions.shape[-1] == 1:  # nothing that was drawn matters to them
            distributions = np.repeat(distributions, 2, axis=-1)
        told = np.asarray(np.isfinite(distributions).all(axis=-1))
        shown = np.where(told[:, None], distributions, 0.0)
        variance = np.where(told, shown.var(axis=-1, ddof=1) * units / (units - 1), np.nan)
        # What rounding alone leaves of equal values is no variation.
        rounding = 1e-12 * np.abs(shown).max(axis=-1)
        variance = np.where(np.sqrt(variance) <= rounding, 0.0, variance)
        return Spread(variance, np.full(len(variance), float(strata * (units - 1))))

    def intervals(
        self,
        estimates: ArrayLike,
        spread: Spread | None,
        *,
        positive: bool = False,
        share: bool = False,
        within: tuple[float, float] = (-math.inf, math.inf),
    ) -> list[Interval]:
        """Return Student's intervals of ``k`` statistics.

        There are no ends (NaN) where the estimate or its spread is unknown; none where nothing
        varied: that a few values are equal does not say that all would be; and none of two units
        alone, which would be so wide that they say nothing.

        Args:
            estimates: ``(k,)`` the statistics of the samples.
            spread: How far they vary; None where resampling says nothing, as with one seed.
            positive: Whether the statistics are above 0 by nature, as ranks and ratios, and the
                spread is of their logarithms: intervals are symmetric on the logarithmic scale, and
                p is for a ratio of 1.
            share: Whether the statistics are shares or probabilities, in [0, 1]: intervals are
                symmetric on the angular scale arcsin √p, on which the spread of a share does not
                depend on the share (Anscombe, Biometrika 1948), so none reaches beyond 0 and 1.
            within: What the statistics can be at all; ends beyond are cut.
        """
        from scipy.special import stdtr, stdtrit

        middle = np.asarray(estimates, dtype=np.float64)
        if spread is None:
            return [Interval(each, math.nan, math.nan, _SINGLE) for each in middle.tolist()]
        enough = spread.freedom >= _LEAST_FREEDOM
        known = np.isfinite(middle) & (spread.variance > 0) & enough
        error = np.sqrt(np.where(known, spread.variance, np.nan))
        reach = error * stdtrit(spread.freedom, (1 + self.level) / 2)
        if positive:
            known &= middle > 0
            safe = np.where(known, middle, 1.0)
            stretched = np.exp(np.where(known, reach, np.nan))
            low, high, apart = safe / stretched, safe * stretched, np.log(safe)
        elif share:
            inner = np.clip(middle, 1e-9, 1 - 1e-9)
            angle, reach = np.arcsin(np.sqrt(inner)), reach / (2 * np.sqrt(inner * (1 - inner)))
            low = np.sin(np.maximum(angle - reach, 0.0)) ** 2
            high = np.sin(np.minimum(angle + reach, np.pi / 2)) ** 2
            apart = middle
        else:
            low, high, apart = middle - reach, middle + reach, middle
        p = 2 * stdtr(spread.freedom, -np.abs(np.where(known, apart, np.nan)) / error)
        low, high = (np.where(known, np.clip(end, *within), np.nan) for end in (low, high))
        quiet = spread.variance == 0
        notes = np.where(known, "", np.where(quiet, _EQUAL, _FEW))
        columns = (array.tolist() for array in (middle, low, high, notes, p))
        return [Interval(*row) for row in zip(*columns, strict=True)]

    def interval(
        self,
        estimate: float,
        spread: Spread | None,
        *,
        positive: bool = False,
        within: tuple[float, float] = (-math.inf, math.inf),
    ) -> Interval:
        """Return Student's interval of one statistic; see `intervals`."""
        return self.intervals([estimate], spread, positive=positive, within=within)[0]

    def expanded_interval(self, estimate: float, distribution: Floats, units: int) -> Interval:
        """Return Hesterberg's expanded percentile interval, for what may be infinite.

        Source: Hesterberg 2015, section 5.3. The percentiles are those at which a normal
        distribution would end where Student's interval does.

        Args:
            estimate: The statistic of the sample.
            distribution: ``(resamples,)`` that of the resamples; infinite where it is. With one
                that is unknown (NaN) there is no interval: to leave it out would be to choose.
            units: As in `spread`.
        """
        if units < 2 or math.isnan(estimate) or np.isnan(distribution).any():
            return Interval(estimate, math.nan, math.nan, _FEW)
        from scipy.special import ndtr, stdtrit

        tail = stdtrit(units - 1, (1 - self.level) / 2) * math.sqrt(units / (units - 1))
        # Between order statistics there is nothing to interpolate where one is infinite.
        method: Any = "linear" if np.isfinite(distribution).all() else "inverted_cdf"
        shares = [ndtr(tail), ndtr(-tail)]
        low, high = np.quantile(distribution, shares, method=method).tolist()
        return Interval(estimate, low, high)


_LEAST_FREEDOM = 2.0 - 1e-9
_SINGLE = "one value: no interval"
_FEW = "too few values: no interval"
_EQUAL = "all values equal: no interval"


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
    *,
    positive: bool = False,
    within: tuple[float, float] = (-math.inf, math.inf),
    least: Callable[[Floats], Spread] | None = None,
) -> Interval:
    """Return a statistic of one sample with its interval.

    Args:
        values: ``(n,)``; NaN is left out. Or ``(strata, units, n)``: runs of several controllers
            on several sources; a run's value is its mean over the strata, and the units of each
            stratum are drawn independently, whole.
        statistic: Takes ``(resamples, n)`` and ``axis``.
        bootstrap: How to resample.
        positive: As in `Bootstrap.intervals`.
        within: As in `Bootstrap.intervals`.
        least: Takes the sample ``(n,)`` and returns the spread that is taken where it is larger
            than what resampling shows, as `log_normal_mean`; of one controller a source alone.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 3 and array.shape[1] > 1:
        return _over_strata(array, statistic, bootstrap, positive=positive, within=within)
    sample = (array.mean(axis=0) if array.ndim == 3 else array).ravel()
    return _interval([sample], statistic, bootstrap, positive=positive, within=within, least=least)


def log_normal_mean(sample: Floats) -> Spread:
    """Return the spread of the logarithm of a mean of log-normal values.

    A mean of values that spread over powers of ten is decided by rare large ones. Few searches have
    not met them, so that resampling what they found cannot show how far their mean may be off.

    Source: Cox's method, in Olsson, "Confidence intervals for the mean of a log-normal
    distribution", Journal of Statistics Education 2005, section 3.4.

    Args:
        sample: ``(n,)`` values above 0, 2 or more of them.
    """
    n, logs = len(sample), np.log(sample)
    # What rounding alone leaves of equal values is no variation.
    alike = np.ptp(logs) <= 1e-12 * np.abs(logs).max()
    variance = 0.0 if alike else float(logs.var(ddof=1))
    found = variance / n + variance**2 / (2 * (n - 1))
    return Spread(np.array([found]), np.array([n - 1.0]))


def difference_interval(
    values: ArrayLike,
    baseline: ArrayLike,
    statistic: Statistic = interquartile_mean,
    bootstrap: Bootstrap = BOOTSTRAP,
    *,
    unit_of: ArrayLike | None = None,
) -> Interval:
    """Return ``statistic(values) − statistic(baseline)`` with its interval.

    The samples are resampled independently: equal seeds of two methods share no randomness that
    would make them pairs, unless both have the same source; for those give differences of pairs to
    `bootstrap_interval`.

    Args:
        values: ``(n,)``; NaN is left out.
        baseline: ``(m,)``; NaN is left out.
        statistic: As in `bootstrap_interval`.
        bootstrap: How to resample.
        unit_of: ``(n,)`` the controller of each value, where there are several.
    """

    def difference(own: Any, base: Any, axis: int) -> Any:
        return statistic(own, axis=axis) - statistic(base, axis=axis)

    return _interval([values, baseline], difference, bootstrap, unit_of)


def _interval(
    given: Sequence[ArrayLike],
    statistic: Statistic,
    bootstrap: Bootstrap,
    unit_of: ArrayLike | None = None,
    *,
    positive: bool = False,
    within: tuple[float, float] = (-math.inf, math.inf),
    least: Callable[[Floats], Spread] | None = None,
) -> Interval:
    arrays = [np.asarray(sample, dtype=np.float64).ravel() for sample in given]
    samples = [array[~np.isnan(array)] for array in arrays]
    n = min(map(len, samples))
    if not n:
        return Interval(np.nan, np.nan, np.nan, "no values")
    estimate = float(statistic(*samples, axis=-1))
    if n == 1:
        return Interval(estimate, np.nan, np.nan, _SINGLE)
    units = [np.zeros(len(sample)) for sample in samples]
    if unit_of is not None:
        units[0] = np.asarray(unit_of)[~np.isnan(arrays[0])]
    spreads = []
    for which, sample in enumerate(samples):
        # The other sample stays as it is: the variances of independent ones add.
        drawn = bootstrap.whole(units[which], name=("sample", which))
        put = [each[None] for each in samples]
        put[which] = drawn.of(sample)
        distribution = np.broadcast_to(statistic(*put, axis=-1), bootstrap.resamples)
        shown = np.log(distribution) if positive else distribution
        spreads.append(bootstrap.spread(np.asarray(shown)[None], drawn.units))
    total = spreads[0] if len(spreads) == 1 else spreads[0] + spreads[1]
    if least is not None:
        total = total.at_least(least(samples[0]))
    return bootstrap.interval(estimate, total, positive=positive, within=within)


def _over_strata(
    values: Floats,
    statistic: Statistic,
    bootstrap: Bootstrap,
    *,
    positive: bool,
    within: tuple[float, float],
) -> Interval:
    strata, units, _ = values.shape
    estimate = float(statistic(values.mean(axis=0).ravel(), axis=-1))
    drawn = [bootstrap.draws(units, name=("stratum", each))[0] for each in range(strata)]
    total = sum(own[indices] for own, indices in zip(values, drawn, strict=True)) / strata
    runs = np.asarray(total).reshape(bootstrap.resamples, -1)
    distribution = np.asarray(statistic(runs, axis=-1))
    shown = np.log(distribution) if positive else distribution
    spread = bootstrap.spread(shown[None], units, strata)
    return bootstrap.interval(estimate, spread, positive=positive, within=within)


def by_task(
    values: Sequence[NDArray[np.float64]],
    task_of: Sequence[int],
    draws: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return ``(resamples, entries)``: what the tasks of each resample hold, NaN padded.

    Args:
        values: One array ``(resamples,)`` an entry, or ``(1,)`` where only tasks are resampled.
        task_of: The task of each entry; tasks are counted from 0.
        draws: ``(resamples, tasks)``, as `Bootstrap.task_draws` gives it; None to have each task
            once.
    """
    if draws is None:
        return np.ascontiguousarray(np.array(np.broadcast_arrays(*values)).T)
    held = np.bincount(np.asarray(task_of, dtype=np.int64), minlength=draws.shape[1])
    rows = max(map(len, values))
    table = np.full((rows, len(held), held.max()), np.nan)
    filled = [0] * len(held)
    for value, task in zip(values, task_of, strict=True):
        table[:, task, filled[task]] = value
        filled[task] += 1
    if rows == 1:
        return np.asarray(table[0][draws]).reshape(len(draws), -1)
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
