"""Transfer metrics of every (source, target, method) against scratch on the same target.

Taylor and Stone (JMLR 2009, "Transfer learning for reinforcement learning domains: a survey",
section 2.1) name five: jumpstart, asymptotic performance, total reward, transfer ratio, and time to
threshold, for which see `rlnas.reporting.matrix.speed_up`. Each is given as a difference of
interquartile means over seeds with a bootstrap interval, so that a positive number means that the
source helped.

The seeds of each cell and of its baseline are resampled once (`resampled_pairs`). The metrics of a
pair and those of a method over its pairs come from the same resamples, so that they agree with each
other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves, by_kind
from rlnas.runs.cell import source_kind
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, by_task
from rlnas.statistics.improvement import probability_of_improvement
from rlnas.statistics.means import interquartile_mean, known_mean

if TYPE_CHECKING:
    import pandas as pd


TRAITS = ("initial", "final", "area")
"""What one course comes to."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What the seeds of one cell come to, and its resamples.

    Attributes:
        traits: ``(3, n)``: initial value, final value and area of each course.
        start: ``(n,)`` value at the first point.
        indices: ``(resamples, n)`` seeds in each resample.
    """

    traits: NDArray[np.float64]
    start: NDArray[np.float64]
    indices: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.start)

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """``(4, 1)`` interquartile means of the traits and of the start."""
        return interquartile_mean(np.vstack([self.traits, self.start]), axis=-1)[:, None]

    @cached_property
    def resampled_means(self) -> NDArray[np.float64]:
        """``(4, resamples)`` the same of each resample."""
        rows = np.vstack([self.traits, self.start])
        return interquartile_mean(rows[:, self.indices], axis=-1)


@dataclass(frozen=True, eq=False)
class Pair:
    """A cell beside the baseline on its target. Arrays end with one estimate, or the resamples."""

    own: Sample
    base: Sample

    @property
    def single(self) -> bool:
        """Whether one side has a single seed, so that resampling it says nothing."""
        return min(self.own.n, self.base.n) < 2

    def gains(self, *, resampled: bool) -> NDArray[np.float64]:
        """Return the differences of the traits' interquartile means, ``(3, 1 or resamples)``."""
        if resampled:
            return self.own.resampled_means[:3] - self.base.resampled_means[:3]
        return self.own.means[:3] - self.base.means[:3]

    def above(self, *, resampled: bool) -> NDArray[np.float64]:
        """Return the baseline's area above its own start."""
        means = self.base.resampled_means if resampled else self.base.means
        return np.asarray(means[2] - means[3])

    @cached_property
    def improvement(self) -> NDArray[np.float64]:
        """``(1,)`` probability that a seed's final value beats a seed's of the baseline."""
        return probability_of_improvement(self.own.traits[1:2], self.base.traits[1:2])

    @cached_property
    def resampled_improvement(self) -> NDArray[np.float64]:
        """``(resamples,)`` the same of each resample."""
        own, base = (sample.traits[1][sample.indices] for sample in (self.own, self.base))
        return probability_of_improvement(own, base)


def ratio(gain: NDArray[np.float64], above: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return gain / above, NaN where the baseline does not rise above the offset."""
    return np.where(above > 0, gain / np.where(above > 0, above, 1.0), np.nan)


def resampled_pairs(
    courses: SearchCurves, *, first: int | None = None, bootstrap: Bootstrap = BOOTSTRAP
) -> dict[CellKey, Pair]:
    """Return every compared cell beside its baseline, resampled.

    Args:
        courses: The searches, by query or by step.
        first: The initial value is the mean over so many first points. By query it defaults to 10:
            the very first queries show where a search happens to start, which no policy chooses,
            and not what it knows. By step it defaults to 1, the evaluation before any learning.
        bootstrap: How to resample.

    Raises:
        InvalidArgumentError: If there are not as many points.
    """
    if first is None:
        first = min(10, len(courses.points)) if courses.axis == "query" else 1
    if not 1 <= first <= len(courses.points):
        raise InvalidArgumentError(
            f"first is {first}; expected 1 to {len(courses.points)}, the points of the courses."
        )

    def sample(values: NDArray[np.float64], *path: str) -> Sample:
        traits = [values[:, :first].mean(axis=1), values[:, -1], courses.mean_over_axis(values)]
        [indices] = bootstrap.draws(len(values), name=path)
        return Sample(np.stack(traits), values[:, 0], indices)

    bases = {
        target: sample(values, "baseline", target) for target, values in courses.baselines.items()
    }
    return {key: Pair(sample(courses.cells[key], *key), bases[key[1]]) for key in courses.compared}


GAINS = ("jumpstart", "asymptotic_gain", "area_gain")
"""Differences of the `TRAITS`, in their order."""

_KEYS = ["source", "target", "method", "sources", "n", "n_baseline"]


def transfer_metrics(pairs: Mapping[CellKey, Pair]) -> pd.DataFrame:
    """Return the transfer metrics of every cell against the baseline (scratch) on its target.

    Args:
        pairs: The searches beside scratch, as `resampled_pairs` returns them.

    Returns:
        One row a (source, target, method) other than the baseline, in units of the value:

        - ``sources``: what the source is to the target, see `source_kind`; ``own`` and ``all``
          are bounds that have seen the target.
        - ``n``, ``n_baseline``: seeds.
        - ``initial``, ``final``, ``area`` (per point of the axis): interquartile means, and
          ``*_baseline`` those of scratch.
        - ``jumpstart``, ``asymptotic_gain``, ``area_gain``: their differences, with ``*_low`` and
          ``*_high``.
        - ``transfer_ratio`` with interval: (area − area of scratch) / (area of scratch −
          ``offset``), where the offset is what scratch has at the first point on that target: 0.5
          means half as much again as scratch gains above its own start. The ratio is *not*
          invariant to the offset: with −log10(rank) and offset 0, as Taylor and Stone have it, it
          even has the wrong sign. NaN where scratch does not rise above its start.
        - ``probability_of_improvement`` with interval: that a seed's final value beats a seed's of
          scratch, ties counted half (Agarwal et al. 2021).

        There is no interval (NaN) with one seed of either. A seed with NaN is left out: where
        searches fail, use the rank, which a failed search has too.
    """
    import pandas as pd

    rows = [_row(key, pair) for key, pair in pairs.items()]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


def _row(key: CellKey, pair: Pair) -> dict[str, Any]:
    source, target, method = key
    row: dict[str, Any] = {"source": source, "target": target, "method": method}
    row |= {"sources": source_kind(source, target), "n": pair.own.n, "n_baseline": pair.base.n}
    own, base = pair.own.means[:, 0], pair.base.means[:, 0]
    for name, mine, theirs in zip(TRAITS, own, base, strict=False):
        row |= {name: float(mine), f"{name}_baseline": float(theirs)}
    gains, resampled = pair.gains(resampled=False), pair.gains(resampled=True)
    ratios = [
        ratio(by_area[2], pair.above(resampled=which))
        for which, by_area in ((False, gains), (True, resampled))
    ]
    estimates = np.vstack([gains, ratios[0], pair.improvement])[:, 0]
    distributions = np.vstack([resampled, ratios[1], pair.resampled_improvement])
    names = (*GAINS, "transfer_ratio", "probability_of_improvement")
    known = None if pair.single else distributions
    intervals = BOOTSTRAP.intervals(estimates, known)
    for name, interval in zip(names, intervals, strict=True):
        row |= interval.columns(name)
    return row | {"offset": float(base[3])}


_Draws = NDArray[np.int64] | None
_Statistics = dict[str, NDArray[np.float64]]

_POOLED_KEYS = ["method", "sources", "pairs", "targets", "runs", "better"]


def pooled_transfer_metrics(
    pairs: Mapping[CellKey, Pair], *, bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Return the transfer metrics of each method over all its (source, target) pairs.

    The value must mean the same on every task: take the rank, not the score.

    Args:
        pairs: As in `transfer_metrics`.
        bootstrap: How to resample the targets, with as many resamples as the pairs have. The
            sources are taken as they are: a source has been trained once.

    Returns:
        One row a method and kind of source (``single``, ``others``, ``none``; ``own`` and ``all``
        are bounds that have seen the target):

        - ``pairs``, ``targets``, ``runs``, ``better`` (pairs whose asymptotic gain is positive).
        - ``jumpstart``, ``asymptotic_gain``, ``area_gain`` with ``*_low`` and ``*_high``: the
          interquartile mean over all runs of the run's value less the interquartile mean of scratch
          on its target.
        - ``mean_*`` of the same, with interval: the mean over pairs of the pairs' differences.
        - ``transfer_ratio`` with interval: the area gained over all pairs, divided by that of
          scratch above its start; NaN where scratch does not rise above it.
        - ``probability_of_improvement`` with interval: its mean over pairs.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for (method, kind), keys in by_kind(pairs).items():
        pool = _Pool(keys, [pairs[key] for key in keys])
        draws = bootstrap.task_draws(len(pool.targets))
        row: dict[str, Any] = {"method": method, "sources": kind, "pairs": len(keys)}
        row |= {"targets": len(pool.targets), "runs": sum(pair.own.n for pair in pool.pairs)}
        row["better"] = sum(bool(p.gains(resampled=False)[1, 0] > 0) for p in pool.pairs)
        estimates = pool.statistics(None, resampled=False)
        distributions = pool.statistics(draws, resampled=True)
        known = draws is not None or not all(pair.single for pair in pool.pairs)
        for name, estimate in estimates.items():
            resampled = distributions[name] if known else None
            row |= bootstrap.interval(estimate[0], resampled).columns(name)
        rows.append(row)
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _POOLED_KEYS)
    return frame


class _Pool:
    """The pairs of one method and kind of source."""

    def __init__(self, keys: Sequence[CellKey], pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.targets = list(dict.fromkeys(target for _, target, _ in keys))
        self._task_of = [self.targets.index(target) for _, target, _ in keys]

    def statistics(self, draws: _Draws, *, resampled: bool) -> _Statistics:
        """Return each statistic over the pool, ``(1 or resamples,)``."""
        gains = [pair.gains(resampled=resampled) for pair in self.pairs]
        found: _Statistics = {}
        for which, name in enumerate(GAINS):
            found[name] = self._over_runs(which, draws, resampled=resampled)
        for which, name in enumerate(GAINS):
            found[f"mean_{name}"] = self._over_pairs([gain[which] for gain in gains], draws)
        above = [pair.above(resampled=resampled) for pair in self.pairs]
        found["transfer_ratio"] = ratio(found[f"mean_{GAINS[2]}"], self._over_pairs(above, draws))
        found["probability_of_improvement"] = self._over_pairs(
            [p.resampled_improvement if resampled else p.improvement for p in self.pairs], draws
        )
        return found

    def _over_pairs(
        self, values: Sequence[NDArray[np.float64]], draws: _Draws
    ) -> NDArray[np.float64]:
        return known_mean(by_task(values, self._task_of, draws))

    def _over_runs(self, which: int, draws: _Draws, *, resampled: bool) -> NDArray[np.float64]:
        """Return the interquartile mean of every run's gain over scratch on its target."""
        runs: list[NDArray[np.float64]] = []
        task_of: list[int] = []
        for pair, task in zip(self.pairs, self._task_of, strict=True):
            own, base = pair.own, pair.base
            values = own.traits[which]
            if resampled:
                gained = values[own.indices].T - base.resampled_means[which]
            else:
                gained = values[:, None] - base.means[which]
            runs.extend(gained)
            task_of += [task] * own.n
        return interquartile_mean(by_task(runs, task_of, draws), axis=-1)
