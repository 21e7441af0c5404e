"""Transfer metrics of every (source, target, method) against scratch on the same target.

Taylor and Stone (JMLR 2009, "Transfer learning for reinforcement learning domains: a survey",
section 2.1) name five: jumpstart, asymptotic performance, total reward, transfer ratio, and time to
threshold, for which see `rlnas.reporting.matrix.speed_up`. Each is given as a difference of
interquartile means over searches with a bootstrap interval, so that a positive number means that
the source helped. What is resampled is said in `rlnas.reporting.matrix.levels`. The metrics of a
pair and those of a method over its pairs come from the same draws (`resampled_pairs`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.levels import Draws, Levels, Which, baseline_draws
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves, by_kind
from rlnas.runs.cell import source_kind
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, Interval, by_task
from rlnas.statistics.improvement import probability_of_improvement
from rlnas.statistics.means import interquartile_mean, known_mean

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

TRAITS = ("initial", "final", "area")
"""What one course comes to."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What the searches of one cell come to, and how they are resampled.

    Attributes:
        traits: ``(3, n)``: initial value, final value and area of each course.
        start: ``(n,)`` value at the first point.
        draws: How the searches are resampled.
    """

    traits: Floats
    start: Floats
    draws: Draws

    @property
    def n(self) -> int:
        """Number of searches."""
        return len(self.start)

    @cached_property
    def means(self) -> Floats:
        """``(4, 1)`` interquartile means of the traits and of the start."""
        return interquartile_mean(self._rows, axis=-1)[:, None]

    @cached_property
    def means_together(self) -> Floats:
        """``(4, resamples)`` the same of each resample that a source's other targets share."""
        return interquartile_mean(self.draws.together.of(self._rows), axis=-1)

    @cached_property
    def means_apart(self) -> Floats:
        """``(4, resamples)`` the same of each resample of this cell alone."""
        if self.draws.apart is self.draws.together:
            return self.means_together
        return interquartile_mean(self.draws.apart.of(self._rows), axis=-1)

    @cached_property
    def _rows(self) -> Floats:
        return np.vstack([self.traits, self.start])

    def drawn(self, which: Literal["none", "together", "apart"]) -> Floats:
        """Return the means ``(4, 1 or resamples)``."""
        found = {"none": "means", "together": "means_together", "apart": "means_apart"}[which]
        return np.asarray(getattr(self, found))

    def taken(self, which: Literal["none", "together", "apart"], values: Floats) -> Floats:
        """Return values ``(n,)`` of the searches in each resample, ``(1 or resamples, m)``."""
        if which == "none":
            return values[None]
        return getattr(self.draws, which).of(values)  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Pair:
    """A cell beside the baseline on its target. Arrays end with one estimate, or the resamples.

    Attributes:
        own: The cell.
        base: The baseline's.
        paired: Whether their searches are pairs, in one order: of the same controller and seed.
    """

    own: Sample
    base: Sample
    paired: bool = False

    def sides(self, which: Which) -> tuple[_Drawn, _Drawn]:
        """Return how either side is drawn."""
        own: _Drawn = "together" if which == "own" else "apart" if which == "apart" else "none"
        base: _Drawn = "together" if which == "base" else "none"
        return own, own if self.paired else base

    def gains(self, which: Which) -> Floats:
        """Return the differences of the traits' interquartile means, ``(3, 1 or resamples)``."""
        own, base = self.sides(which)
        return self.own.drawn(own)[:3] - self.base.drawn(base)[:3]

    def above(self, which: Which) -> Floats:
        """Return the baseline's area above its own start."""
        means = self.base.drawn(self.sides(which)[1])
        return np.asarray(means[2] - means[3])

    def improvement(self, which: Which) -> Floats:
        """Return the probability that a search's final value beats one of the baseline."""
        own, base = self.sides(which)
        by_own, by_base = self._wins
        if self.paired and own != "none":
            drawn = (
                self.own.taken(own, self.own.traits[1]),
                self.base.taken(base, self.base.traits[1]),
            )
            return probability_of_improvement(*drawn)
        if base != "none":
            return known_mean(self.base.taken(base, by_base))
        return known_mean(self.own.taken(own, by_own))

    @cached_property
    def _wins(self) -> tuple[Floats, Floats]:
        """``(n,)`` what share of the baseline each search beats, ``(m,)`` what share beats each."""
        own, base = self.own.traits[1][:, None], self.base.traits[1]
        wins = (own > base) + 0.5 * (own == base)
        wins = np.where(np.isnan(own) | np.isnan(base), np.nan, wins)
        return known_mean(wins), known_mean(wins.T)


_Drawn = Literal["none", "together", "apart"]


def ratio(gain: Floats, above: Floats) -> Floats:
    """Return gain / above, NaN where the baseline does not rise above the offset."""
    return np.where(above > 0, gain / np.where(above > 0, above, 1.0), np.nan)


def resampled_pairs(
    courses: SearchCurves,
    *,
    first: int | None = None,
    against: str | None = None,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> dict[CellKey, Pair]:
    """Return every compared cell beside its baseline, resampled.

    Args:
        courses: The searches, by query or by step.
        first: The initial value is the mean over so many first points. By query it defaults to 10:
            the very first queries show where a search happens to start, which no policy chooses,
            and not what it knows. By step it defaults to 1, the evaluation before any learning.
        against: Another method to compare with instead of the baseline, from the same source.
            Searches from the same controllers with the same seeds are pairs, and stay together in
            every resample.
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

    def sample(values: Floats, draws: Draws) -> Sample:
        traits = [values[:, :first].mean(axis=1), values[:, -1], courses.mean_over_axis(values)]
        return Sample(np.stack(traits), values[:, 0], draws)

    def cell(key: CellKey) -> Sample:
        draws = Draws.of(key, courses.controllers(key), bootstrap)
        return sample(courses.cells[key], draws)

    if against is not None:
        return {
            key: Pair(cell(key), cell(other), courses.are_pairs(key, other))
            for key in courses.cells
            if key[2] != against and (other := (key[0], key[1], against)) in courses.cells
        }
    bases = {
        target: sample(values, baseline_draws(target, len(values), bootstrap))
        for target, values in courses.baselines.items()
    }
    return {key: Pair(cell(key), bases[key[1]]) for key in courses.compared}


GAINS = ("jumpstart", "asymptotic_gain", "area_gain")
"""Differences of the `TRAITS`, in their order."""

_KEYS = ["source", "target", "method", "sources", "n", "n_baseline"]


def transfer_metrics(
    pairs: Mapping[CellKey, Pair], *, bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Return the transfer metrics of every cell against the baseline (scratch) on its target.

    Args:
        pairs: The searches beside scratch, as `resampled_pairs` returns them.
        bootstrap: How to resample, as the pairs were.

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

        There is no interval (NaN) with one search of either. A seed with NaN is left out: where
        searches fail, use the rank, which a failed search has too.
    """
    import pandas as pd

    rows = [_row(key, pair, bootstrap) for key, pair in pairs.items()]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


def _row(key: CellKey, pair: Pair, bootstrap: Bootstrap) -> dict[str, Any]:
    source, target, method = key
    row: dict[str, Any] = {"source": source, "target": target, "method": method}
    row |= {"sources": source_kind(source, target), "n": pair.own.n, "n_baseline": pair.base.n}
    own, base = pair.own.means[:, 0], pair.base.means[:, 0]
    for name, mine, theirs in zip(TRAITS, own, base, strict=False):
        row |= {name: float(mine), f"{name}_baseline": float(theirs)}
    pool = _Pool([key], [pair])
    for name, interval in pool.intervals(bootstrap).items():
        if name.startswith("mean_"):
            row |= interval.columns(name.removeprefix("mean_"))
        elif name not in GAINS:
            row |= interval.columns(name)
    return row | {"offset": float(base[3])}


_Targets = NDArray[np.int64] | None

_POOLED_KEYS = ["method", "sources", "pairs", "targets", "runs", "better"]


def pooled_transfer_metrics(
    pairs: Mapping[CellKey, Pair], *, bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Return the transfer metrics of each method over all its (source, target) pairs.

    The value must mean the same on every task: take the rank, not the score.

    Args:
        pairs: As in `transfer_metrics`.
        bootstrap: How to resample, as the pairs were: targets, and controllers where there are
            several (`rlnas.reporting.matrix.levels`). Without ``resample_tasks`` intervals hold for
            these targets alone.

    Returns:
        One row a method and kind of source (``single``, ``others``, ``none``; ``own`` and ``all``
        are bounds that have seen the target):

        - ``pairs``, ``targets``, ``controllers``, ``runs``, ``better`` (pairs whose asymptotic
          gain is positive).
        - ``jumpstart``, ``asymptotic_gain``, ``area_gain`` with ``*_low`` and ``*_high``: the
          interquartile mean over all runs of the run's value less the interquartile mean of scratch
          on its target.
        - ``mean_*`` of the same, with interval: the mean over pairs of the pairs' differences.
          ``p`` is that of ``mean_asymptotic_gain`` being 0.
        - ``transfer_ratio`` with interval: the area gained over all pairs, divided by that of
          scratch above its start; NaN where scratch does not rise above it.
        - ``probability_of_improvement`` with interval: its mean over pairs.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for (method, kind), keys in by_kind(pairs).items():
        pool = _Pool(keys, [pairs[key] for key in keys])
        row: dict[str, Any] = {"method": method, "sources": kind, "pairs": len(keys)}
        row |= {"targets": len(pool.targets), "controllers": pool.levels.controllers}
        row |= {"runs": sum(pair.own.n for pair in pool.pairs)}
        row["better"] = sum(bool(p.gains("none")[1, 0] > 0) for p in pool.pairs)
        found = pool.intervals(bootstrap)
        for name, interval in found.items():
            row |= interval.columns(name)
        rows.append(row | {"p": found[f"mean_{GAINS[1]}"].p})
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _POOLED_KEYS)
    return frame


class _Pool:
    """The pairs of one method and kind of source."""

    def __init__(self, keys: Sequence[CellKey], pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.targets = list(dict.fromkeys(target for _, target, _ in keys))
        self._task_of = [self.targets.index(target) for _, target, _ in keys]
        sides = [(pair.own, pair.base) for pair in pairs]
        self.levels = Levels.of(keys, sides, paired=all(pair.paired for pair in pairs))

    def intervals(self, bootstrap: Bootstrap) -> dict[str, Interval]:
        """Return every statistic over the pool with its interval."""
        estimates = self._statistics("none", None)[:, 0]
        spread = self.levels.spread(self._statistics, bootstrap)
        found = bootstrap.intervals(estimates, spread)
        share = bootstrap.intervals(estimates, spread, share=True)[-1]
        return dict(zip(_STATISTICS, [*found[:-1], share], strict=True))

    def _statistics(self, which: Which, draws: _Targets) -> Floats:
        """Return each statistic over the pool, ``(8, 1 or resamples)``."""
        gains = [pair.gains(which) for pair in self.pairs]
        over_runs = [self._over_runs(trait, which, draws) for trait in range(len(GAINS))]
        over_pairs = [
            self._over_pairs([gain[trait] for gain in gains], draws) for trait in range(len(GAINS))
        ]
        above = self._over_pairs([pair.above(which) for pair in self.pairs], draws)
        better = self._over_pairs([pair.improvement(which) for pair in self.pairs], draws)
        found = [*over_runs, *over_pairs, ratio(over_pairs[2], above), better]
        return np.stack(np.broadcast_arrays(*found))

    def _over_pairs(self, values: Sequence[Floats], draws: _Targets) -> Floats:
        return known_mean(by_task(values, self._task_of, draws))

    def _over_runs(self, trait: int, which: Which, draws: _Targets) -> Floats:
        """Return the interquartile mean of every run's gain over scratch on its target."""
        runs: list[Floats] = []
        task_of: list[int] = []
        for pair, task in zip(self.pairs, self._task_of, strict=True):
            own, base = pair.sides(which)
            values = pair.own.taken(own, pair.own.traits[trait]).T
            runs.extend(values - pair.base.drawn(base)[trait])
            task_of += [task] * len(values)
        return interquartile_mean(by_task(runs, task_of, draws), axis=-1)


_STATISTICS = (
    *GAINS,
    *(f"mean_{name}" for name in GAINS),
    "transfer_ratio",
    "probability_of_improvement",
)
