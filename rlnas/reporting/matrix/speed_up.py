"""Time to threshold against scratch, over a sweep of thresholds, with source training counted.

The fourth metric of Taylor and Stone (JMLR 2009, section 2.1). A single threshold is arbitrary, so
it is swept between where scratch starts and where it ends; a search that does not get there within
the budget is censored, see `rlnas.statistics.censored`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.levels import Levels, Which
from rlnas.reporting.matrix.search_curves import SearchCurves, by_kind
from rlnas.reporting.matrix.threshold_times import (
    LEVELS,
    Times,
    bound_of,
    quotient,
    times_of,
    training_of,
)
from rlnas.runs.cell import source_kind
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, Interval, by_task

if TYPE_CHECKING:
    import pandas as pd


def time_to_threshold(
    courses: SearchCurves,
    *,
    levels: Sequence[float] = LEVELS,
    source_training: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return how long every cell takes to each of scratch's thresholds on its target.

    All searches are censored at the horizon of the courses. The thresholds are held fixed when
    searches are resampled.

    Args:
        courses: The searches, by query (then a time is a number of queries) or by step.
        levels: Thresholds as parts of the way that scratch goes on each target.
        source_training: What training on each source cost, in units of the axis, added to the
            times of methods that use it. ``others`` and ``all`` are the sum over the tasks
            given (without the target) unless they are named themselves.

    Returns:
        One row a (source, target, method, level) other than the baseline:

        - ``sources``, ``n``, ``n_baseline``, ``level``, ``threshold`` (a value);
        - ``reached``, ``reached_baseline``: shares of the seeds that got there;
        - ``median``, ``median_baseline``: Kaplan–Meier medians, infinite beyond the horizon;
        - ``restricted_mean``, ``restricted_mean_baseline`` with ``*_low`` and ``*_high``;
        - ``speed_up`` with interval: restricted mean of scratch / that of the method;
        - ``budget_ratio`` with interval: the horizon / restricted mean of the method; at level 1
          the speed-up over scratch having spent its whole budget to end where it does;
        - ``bound``: what the speed-up is to the ratio of unrestricted means: ``exact``; ``lower``
          where only scratch was censored; ``upper`` where only the method was; ``restricted``
          where both were, so that it may be either;
        - ``source_training`` and ``speed_up_with_source`` with interval, where it is given.

    Raises:
        InvalidArgumentError: If a source has no cost.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for key, (own, base, thresholds) in times_of(courses, levels, BOOTSTRAP).items():
        source, target, method = key
        last = {}
        intervals = _mean_intervals(own, base)
        measured: dict[str, list[_Ratio]] = {
            "speed_up": [(own, base, 0.0)],
            "budget_ratio": [(own, None, 0.0)],
        }
        if source_training is not None:
            last["source_training"] = cost = training_of(key, source_training)
            measured["speed_up_with_source"] = [(own, base, cost)]
        at = Levels.of([key], [(own, base)])
        for name, cells in measured.items():
            intervals[name] = _intervals(_Median(cells, [0]), at, BOOTSTRAP)
        for i, level in enumerate(levels):
            row: dict[str, Any] = {"source": source, "target": target, "method": method}
            row |= {"sources": source_kind(source, target), "n": own.n, "n_baseline": base.n}
            row |= {"level": float(level), "threshold": float(thresholds[i])}
            for name, times in (("", own), ("_baseline", base)):
                row[f"reached{name}"] = float(times.reached[i])
                row[f"median{name}"] = float(times.medians[i])
            for name, found in intervals.items():
                row |= found[i].columns(name)
            rows.append(row | {"bound": bound_of(own.reached[i], base.reached[i])} | last)
    columns = ["source", "target", "method", "sources", "n", "n_baseline", "level", "threshold"]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else columns)
    return frame


_Ratio = tuple[Times, Times | None, float]
"""A cell's times, the baseline's (None for the horizon), and what is added to its own."""


class _Median:
    """The median over pairs of a ratio of restricted means, at each threshold.

    Args:
        pairs: The pairs.
        task_of: The target of each, counted from 0.
    """

    def __init__(self, pairs: Sequence[_Ratio], task_of: Sequence[int]) -> None:
        self._pairs, self._task_of = pairs, task_of

    def ratios(self, which: Which) -> list[NDArray[np.float64]]:
        """Return the ratio of each pair, ``(L, 1 or resamples)``."""
        found = []
        for own, base, cost in self._pairs:
            over = np.array([[own.horizon]])
            if base is not None:
                over = base.drawn("own" if which == "base" else "none")
            found.append(quotient(over, own.drawn(which) + cost))
        return found

    def __call__(self, which: Which, draws: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """Return the medians ``(L, 1 or resamples)`` of what is drawn."""
        ratios, found = self.ratios(which), []
        for level in range(len(ratios[0])):
            drawn = by_task([ratio[level] for ratio in ratios], self._task_of, draws)
            # A padded entry is no pair; infinite speed-ups are pairs.
            median = np.median if draws is None else np.nanmedian
            found.append(median(drawn, axis=1))
        return np.array(found)


def _intervals(median: _Median, at: Levels, bootstrap: Bootstrap) -> list[Interval]:
    # Of its logarithm: one pair that is far faster makes no wide interval downwards.
    spread = at.spread(lambda which, draws: np.log(median(which, draws)), bootstrap)
    return bootstrap.intervals(median("none", None)[:, 0], spread, positive=True)


def _mean_intervals(own: Times, base: Times) -> dict[str, list[Interval]]:
    """Return the restricted means of both with their intervals."""
    found = {}
    for name, times in (("restricted_mean", own), ("restricted_mean_baseline", base)):
        spread = BOOTSTRAP.spread(times.drawn("own"), times.draws.together.units)
        ends = (0.0, times.horizon)
        found[name] = BOOTSTRAP.intervals(times.means[:, 0], spread, within=ends)
    return found


def pooled_speed_up(
    courses: SearchCurves,
    *,
    levels: Sequence[float] = LEVELS,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> pd.DataFrame:
    """Return the speed-up to each threshold in the median (source, target) pair of each method.

    Speed-ups are ratios that may be infinite, so pairs are summarised by their median, and not by
    a mean that one pair decides.

    Args:
        courses: The searches, by query or by step.
        levels: As in `time_to_threshold`.
        bootstrap: How to resample, see `rlnas.reporting.matrix.levels`.

    Returns:
        One row a method, kind of source and level:

        - ``method``, ``sources``, ``level``, ``pairs``, ``targets``;
        - ``speed_up`` with ``speed_up_low`` and ``speed_up_high``: of the median pair;
        - ``budget_ratio`` with interval: the same of the horizon / restricted mean of the method;
        - ``worst``, ``best``: of the pairs with the smallest and the largest speed-up;
        - ``faster``: share of the pairs with a speed-up above 1;
        - ``reached``, ``reached_baseline``: share of runs that got there, mean over pairs. Where
          the baseline often did not, the speed-up is a lower bound.
    """
    import pandas as pd

    times = times_of(courses, levels, bootstrap)
    rows: list[dict[str, Any]] = []
    for (method, kind), keys in by_kind(courses.compared).items():
        cells = [times[key] for key in keys]
        targets = list(dict.fromkeys(target for _, target, _ in keys))
        task_of = [targets.index(target) for _, target, _ in keys]
        at = Levels.of(keys, [(own, base) for own, base, _ in cells])
        medians = {
            "speed_up": _Median([(own, base, 0.0) for own, base, _ in cells], task_of),
            "budget_ratio": _Median([(own, None, 0.0) for own, _, _ in cells], task_of),
        }
        intervals = {name: _intervals(each, at, bootstrap) for name, each in medians.items()}
        estimates = np.array([ratio[:, 0] for ratio in medians["speed_up"].ratios("none")])
        over_pairs = {
            "worst": estimates.min(axis=0),
            "best": estimates.max(axis=0),
            "faster": (estimates > 1).mean(axis=0),
            "reached": np.mean([own.reached for own, _, _ in cells], axis=0),
            "reached_baseline": np.mean([base.reached for _, base, _ in cells], axis=0),
        }
        for i, level in enumerate(levels):
            row: dict[str, Any] = {"method": method, "sources": kind, "pairs": len(keys)}
            row |= {"targets": len(targets), "level": float(level)}
            for name, found_intervals in intervals.items():
                row |= found_intervals[i].columns(name)
            rows.append(row | {name: float(each[i]) for name, each in over_pairs.items()})
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


_KEYS = ["method", "sources", "pairs", "targets", "level"]
