"""Speed-up of each method over all its (source, target) pairs, by stratified bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.courses import Courses
from rlnas.reporting.resampling import (
    RESAMPLES,
    by_task,
    check_level,
    percentile_interval,
    task_draws,
)
from rlnas.reporting.threshold_times import LEVELS, times_of, training_of
from rlnas.reporting.thresholds import WITH_SOURCE, budget_ratio, speed_up

if TYPE_CHECKING:
    import pandas as pd


def pooled_speed_up(
    courses: Courses,
    *,
    levels: Sequence[float] = LEVELS,
    hold: int = 1,
    source_training: Mapping[str, float] | None = None,
    resample_tasks: bool = False,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the speed-up to each threshold in the median (source, target) pair of each method.

    Speed-ups are ratios that may be infinite, so pairs are summarised by their median, and not by
    a mean that one pair decides.

    Args:
        courses: The searches, by query or by step.
        levels: As in `time_to_threshold`.
        hold: As in `time_to_threshold`.
        source_training: As in `time_to_threshold`; adds the columns ``*_with_source``.
        resample_tasks: Resample the targets too, so that an interval holds for targets like these.
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        One row a method, kind of source and level:

        - ``method``, ``sources``, ``level``, ``pairs``, ``targets``;
        - ``speed_up`` with ``speed_up_low`` and ``speed_up_high``: of the median pair;
        - ``budget_ratio`` with interval: the same of the horizon / restricted mean of the method;
        - ``worst``, ``best``: of the pairs with the smallest and the largest speed-up;
        - ``faster``: share of the pairs with a speed-up above 1;
        - ``reached``, ``reached_baseline``: share of runs that got there, mean over pairs. Where
          the baseline often did not, the speed-up is a lower bound.

    Raises:
        InvalidArgumentError: If an option is out of its range, or a source has no cost.
    """
    import pandas as pd

    check_level(level, resamples)
    times = times_of(courses, levels, hold, seed, resamples)
    rows: list[dict[str, Any]] = []
    for (method, kind), keys in courses.groups.items():
        cells = [times[key] for key in keys]
        targets = list(dict.fromkeys(target for _, target, _ in keys))
        task_of = [targets.index(target) for _, target, _ in keys]
        draws = task_draws(len(targets), resamples, seed) if resample_tasks else None
        known = draws is not None or any(min(own.n, base.n) > 1 for own, base, _ in cells)
        costs = {"speed_up": [0.0] * len(keys)}
        if source_training is not None:
            costs[WITH_SOURCE] = [training_of(key, source_training) for key in keys]
        pairs = {
            name: [speed_up(own, base, c) for (own, base, _), c in zip(cells, cost, strict=True)]
            for name, cost in costs.items()
        }
        pairs["budget_ratio"] = [budget_ratio(own) for own, _, _ in cells]
        table: dict[str, Any] = {"level": np.asarray(levels, dtype=np.float64)}
        for name, found in pairs.items():
            medians = _medians([resampled for _, resampled in found], task_of, draws)
            low, high = percentile_interval(medians, level)
            table[name] = np.median([estimate[:, 0] for estimate, _ in found], axis=0)
            table[f"{name}_low"] = low if known else np.full(len(low), np.nan)
            table[f"{name}_high"] = high if known else np.full(len(high), np.nan)
        estimates = np.array([estimate[:, 0] for estimate, _ in pairs["speed_up"]])
        table |= {"worst": estimates.min(axis=0), "best": estimates.max(axis=0)}
        table["faster"] = (estimates > 1).mean(axis=0)
        table["reached"] = np.mean([own.reached for own, _, _ in cells], axis=0)
        table["reached_baseline"] = np.mean([base.reached for _, base, _ in cells], axis=0)
        same: dict[str, Any] = {"method": method, "sources": kind}
        same |= {"pairs": len(keys), "targets": len(targets)}
        rows += [
            same | {name: float(values[i]) for name, values in table.items()}
            for i in range(len(levels))
        ]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


_KEYS = ["method", "sources", "pairs", "targets", "level"]


def _medians(
    pairs: Sequence[NDArray[np.float64]],
    task_of: Sequence[int],
    draws: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """Return the median over pairs ``(L, resamples)`` in each resample."""
    found = []
    for which in range(len(pairs[0])):
        drawn = by_task([pair[which] for pair in pairs], task_of, draws)
        # A padded entry is no pair; infinite speed-ups are pairs.
        found.append(np.median(drawn, axis=1) if draws is None else np.nanmedian(drawn, axis=1))
    return np.array(found)
