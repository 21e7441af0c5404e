"""When the searches of each cell reached the thresholds of its target, and what led up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.levels import Draws, Which, baseline_draws
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves
from rlnas.runs.cell import ALL_TASKS, NO_SOURCE, OTHERS
from rlnas.statistics.bootstrap import Bootstrap, Resamples
from rlnas.statistics.censored import first_times, median_times, restricted_mean_times
from rlnas.statistics.means import interquartile_mean, known_mean

LEVELS = (0.25, 0.5, 0.75, 0.9, 1.0)
"""Thresholds as parts of the way that scratch goes; 1 is scratch's performance at the end."""

Bound = Literal["exact", "lower", "upper", "restricted"]


@dataclass(frozen=True, eq=False)
class Times:
    """When the searches of one cell reached each threshold.

    Attributes:
        times: ``(L, n)`` times, infinite where not reached.
        horizon: Where all searches are censored.
        draws: How the searches are resampled.
    """

    times: NDArray[np.float64]
    horizon: float
    draws: Draws

    @property
    def n(self) -> int:
        """Number of searches."""
        return len(self.times[0])

    @cached_property
    def reached(self) -> NDArray[np.float64]:
        """``(L,)`` share of seeds that reached each threshold."""
        return np.asarray(np.isfinite(self.times).mean(axis=1))

    @cached_property
    def medians(self) -> NDArray[np.float64]:
        """``(L,)`` first times by which half have reached it, infinite beyond the horizon."""
        return median_times(self.times)

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """``(L, 1)`` restricted mean times."""
        return restricted_mean_times(self.times, self.horizon)[:, None]

    @cached_property
    def _together(self) -> NDArray[np.float64]:
        return self._resampled(self.draws.together)

    @cached_property
    def _apart(self) -> NDArray[np.float64]:
        draws = self.draws
        return self._together if draws.apart is draws.together else self._resampled(draws.apart)

    def _resampled(self, draws: Resamples) -> NDArray[np.float64]:
        return known_mean(draws.of(np.minimum(self.times, self.horizon)))

    def drawn(self, which: Which) -> NDArray[np.float64]:
        """Return the restricted mean times ``(L, 1 or resamples)``, drawn anew or not.

        Args:
            which: ``own`` for draws that a source's other targets share, ``apart`` for others;
                anything else for the searches as they are.
        """
        if which == "own":
            return self._together
        return self._apart if which == "apart" else self.means


def scratch_thresholds(
    values: NDArray[np.float64], levels: Sequence[float] = LEVELS
) -> NDArray[np.float64]:
    """Return ``(L,)`` values at parts of the way from scratch's start to its end.

    Args:
        values: ``(m, P)`` courses of scratch on one target.
        levels: Parts of the way between the interquartile means of its first and of its last
            values; above 1 is better than scratch ends.
    """
    start, end = interquartile_mean(values[:, [0, -1]], axis=0)
    return np.asarray(start + np.asarray(levels, dtype=np.float64) * (end - start))


def times_of(
    courses: SearchCurves, levels: Sequence[float], bootstrap: Bootstrap
) -> dict[CellKey, tuple[Times, Times, NDArray[np.float64]]]:
    """Return every compared cell's times, those of the baseline, and the thresholds."""

    def times(values: NDArray[np.float64], target: str, draws: Draws) -> Times:
        found = first_times(values, courses.points, swept[target])
        return Times(found, courses.horizon, draws)

    swept, bases = {}, {}
    for target, values in courses.baselines.items():
        swept[target] = scratch_thresholds(values, levels)
        bases[target] = times(values, target, baseline_draws(target, len(values), bootstrap))
    found = {}
    for key in courses.compared:
        draws = Draws.of(key, courses.controllers(key), bootstrap)
        own = times(courses.cells[key], key[1], draws)
        found[key] = (own, bases[key[1]], swept[key[1]])
    return found


def training_of(key: CellKey, cost: Mapping[str, float]) -> float:
    """Return what training on a cell's source cost.

    Raises:
        InvalidArgumentError: If it is not given.
    """
    source, target, _ = key
    if source == NO_SOURCE:
        return 0.0
    if source in cost:
        return float(cost[source])
    if source in (OTHERS, ALL_TASKS):
        return float(sum(c for task, c in cost.items() if source == ALL_TASKS or task != target))
    raise InvalidArgumentError(
        f"There is no cost of training on {source!r}; expected one for each source: "
        f"{', '.join(cost) or 'none'} given."
    )


def bound_of(reached: float, reached_baseline: float) -> Bound:
    """Return what a saving by restricted means is to one by unrestricted means."""
    if reached_baseline < 1:
        return "lower" if reached >= 1 else "restricted"
    return "exact" if reached >= 1 else "upper"


def quotient(over: NDArray[np.float64], under: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return over / under; infinite where only ``under`` is 0, and 1 where both are."""
    over, under = np.broadcast_arrays(over, under)
    none = under == 0
    alike = np.where(over == 0, 1.0, np.inf)
    return np.where(none, alike, over / np.where(none, 1.0, under))
