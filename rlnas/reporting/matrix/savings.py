"""Queries and seconds that a method saves against a baseline, at equal quality.

Both sides are asked the same question: how many queries until a given quality? The quality is fixed
beforehand for both, and both are censored at the same budget, so a method that is no better than
its baseline saves nothing on average. To take instead each search's own best, and count how long
the baseline needs for that, would make any method look better than itself: it always reaches its
own best, and its equals reach it half of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.investment import Investment, cost_on
from rlnas.reporting.matrix.levels import Draws, Which, baseline_draws
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves
from rlnas.reporting.matrix.threshold_times import Bound, Times, bound_of
from rlnas.runs.cell import NO_SOURCE, SourceKind, source_kind
from rlnas.search import LocalSearch, RandomSearch, RegularisedEvolution
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap
from rlnas.statistics.censored import first_times
from rlnas.statistics.means import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd

Against = Literal["scratch", "best-searcher"]
Quality = Literal["baseline", "method"]
"""What both have to reach: what the baseline reaches with its whole budget, or the method."""

NON_LEARNING = (RandomSearch.name, LocalSearch.name, RegularisedEvolution.name)
"""Searchers that learn nothing."""


@dataclass(frozen=True, eq=False)
class Saving:
    """What one (source, target, method) saves against one baseline at one quality.

    Arrays end with the one estimate, or with the resamples of what is drawn.

    Attributes:
        key: Source, target and method.
        against: What kind of baseline.
        baseline: Its name.
        quality: Whose quality both have to reach.
        threshold: That quality, a value.
        own: When the method reached it.
        base: When the baseline did.
        costs: Seconds of a query of the method and of the baseline; NaN where unknown.
        invested_queries: What pretraining cost, in evaluations.
        invested_seconds: What pretraining cost, in seconds; NaN where unknown.
    """

    key: CellKey
    against: Against
    baseline: str
    quality: Quality
    threshold: float
    own: Times
    base: Times
    costs: tuple[float, float]
    invested_queries: float
    invested_seconds: float

    @property
    def kind(self) -> SourceKind:
        """What the source is to the target."""
        return source_kind(self.key[0], self.key[1])

    @property
    def bound(self) -> Bound:
        """What the saving is to one by unrestricted means."""
        return bound_of(float(self.own.reached[0]), float(self.base.reached[0]))

    def queries(self, which: Which = "none") -> NDArray[np.float64]:
        """Return the queries saved."""
        own, base = self._means(which)
        return base - own

    def seconds(self, which: Which = "none") -> NDArray[np.float64]:
        """Return the seconds saved; NaN where the cost of a query is unknown."""
        own, base = self._means(which)
        return base * self.costs[1] - own * self.costs[0]

    def _means(self, which: Which) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        base = self.base.drawn("own" if which == "base" else "none")
        return self.own.drawn(which)[0], base[0]


@dataclass(frozen=True)
class Savings:
    """Everything that savings are computed from.

    Attributes:
        courses: The searches by query.
        rows: One row a search, whose cost and queries tell what a query cost.
        investment: What a query and what pretraining cost.
        searchers: The non-learning searchers that may be the baseline.
        bootstrap: How to resample.
    """

    courses: SearchCurves
    rows: pd.DataFrame
    investment: Investment
    searchers: Sequence[str] = NON_LEARNING
    bootstrap: Bootstrap = BOOTSTRAP

    def __iter__(self) -> Iterator[Saving]:
        """Yield the savings of every cell whose sources have not seen the target."""
        for key in self.courses.compared:
            if source_kind(key[0], key[1]) not in ("single", "others"):
                continue
            for against, base in self._baselines[key[1]].items():
                for quality in get_args(Quality):
                    yield self._saving(key, against, base, quality)

    @cached_property
    def _baselines(self) -> dict[str, dict[Against, CellKey]]:
        """The baselines on each target: scratch, and the searcher that ends best there."""
        found: dict[str, dict[Against, CellKey]] = {}
        best: dict[str, float] = {}
        for key, values in self.courses.cells.items():
            target, method = key[1:]
            if method == self.courses.baseline:
                found.setdefault(target, {})["scratch"] = key
            elif method in self.searchers and key[0] == NO_SOURCE:
                final = interquartile_mean(values[:, -1])
                if final > best.get(target, -np.inf):
                    best[target] = final
                    found.setdefault(target, {})["best-searcher"] = key
        return found

    def _saving(self, key: CellKey, against: Against, base: CellKey, quality: Quality) -> Saving:
        reference = self.courses.cells[base if quality == "baseline" else key]
        threshold = interquartile_mean(reference[:, -1])
        source, target, _ = key
        return Saving(
            key,
            against,
            base[2],
            quality,
            threshold,
            self._times(key, threshold),
            self._times(base, threshold),
            (self._cost(key), self._cost(base)),
            self.investment.queries(source, target, self._tasks),
            self.investment.seconds(source, target, self._tasks, self._task_costs),
        )

    def _times(self, key: CellKey, threshold: float) -> Times:
        values = self.courses.cells[key]
        found = first_times(values, self.courses.points, np.array([threshold]))
        # Scratch is resampled as it is everywhere else, so that numbers of one page agree.
        if key[2] == self.courses.baseline:
            draws = baseline_draws(key[1], len(values), self.bootstrap)
        else:
            draws = Draws.of(key, self.courses.controllers(key), self.bootstrap)
        return Times(found, self.courses.horizon, draws)

    @cached_property
    def _tasks(self) -> tuple[str, ...]:
        """The tasks that pools of sources are made of."""
        singles = [s for s, t, _ in self.courses.compared if source_kind(s, t) in ("single", "own")]
        return tuple(dict.fromkeys([*self.courses.baselines, *singles]))

    def _cost(self, key: CellKey) -> float:
        """Return the seconds of a query of a cell, by the parameter or by its own searches."""
        given = cost_on(self.investment, key[1])
        return self._measured.get(key, float("nan")) if given is None else given

    @cached_property
    def _measured(self) -> dict[CellKey, float]:
        rows = self.rows
        if "cost" not in rows or "queries" not in rows:
            return {}
        spent = rows.groupby(["source", "target", "method"], sort=False)[["cost", "queries"]].sum()
        # A table without times has a cost of 0, which means unknown.
        return {
            (str(key[0]), str(key[1]), str(key[2])): float(cost / queries)
            for key, cost, queries in zip(spent.index, spent["cost"], spent["queries"], strict=True)
            if cost > 0 and queries > 0
        }

    @cached_property
    def _task_costs(self) -> Mapping[str, float]:
        """Seconds of a query on each task, as scratch has met them."""
        return {
            key[1]: cost for key, cost in self._measured.items() if key[2] == self.courses.baseline
        }
