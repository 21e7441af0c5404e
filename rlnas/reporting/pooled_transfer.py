"""Transfer metrics of each method over all its (source, target) pairs, by stratified bootstrap.

Agarwal et al. (NeurIPS 2021, section 4): the interquartile mean over the runs of all tasks, the
probability of improvement averaged over tasks, and intervals from resampling the runs of each task
separately. An interquartile mean over runs leaves out the worst quarter, which may be whole pairs
where a source does harm; so the mean over pairs stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.courses import CellKey, Courses
from rlnas.reporting.resampling import (
    RESAMPLES,
    by_task,
    check_level,
    interquartile_means_of_rows,
    mean_of_rows,
    percentile_interval,
    task_draws,
)
from rlnas.reporting.transfer_metrics import GAINS
from rlnas.reporting.transfer_samples import Pair, pairs_of, ratio

if TYPE_CHECKING:
    import pandas as pd

_Draws = NDArray[np.int64] | None
_Statistics = dict[str, NDArray[np.float64]]

_KEYS = ["method", "sources", "pairs", "targets", "runs", "better"]


def pooled_transfer_metrics(
    courses: Courses,
    *,
    first: int | None = None,
    offset: float | None = None,
    resample_tasks: bool = False,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the transfer metrics of each method over all its (source, target) pairs.

    The value must mean the same on every task: take the rank, not the score.

    Args:
        courses: The searches, by query or by step.
        first: As in `transfer_metrics`.
        offset: As in `transfer_metrics`; by default that of each target.
        resample_tasks: Resample the targets too, so that an interval holds for targets like these.
            The sources are taken as they are: a source has been trained once.
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        One row a method and kind of source (``single``, ``others``, ``none``; ``own`` and ``all``
        are bounds that have seen the target):

        - ``pairs``, ``targets``, ``runs``, ``better`` (pairs whose asymptotic gain is positive).
        - ``jumpstart``, ``asymptotic_gain``, ``area_gain`` with ``*_low`` and ``*_high``: the
          interquartile mean over all runs of the run's value less the interquartile mean of scratch
          on its target.
        - ``mean_*`` of the same, with interval: the mean over pairs of the pairs' differences.
        - ``transfer_ratio`` with interval: the area gained over all pairs, divided by that of
          scratch above the offset; NaN where scratch does not rise above it.
        - ``probability_of_improvement`` with interval: its mean over pairs.

    Raises:
        InvalidArgumentError: If ``first``, ``level`` or ``resamples`` is out of its range.
    """
    import pandas as pd

    check_level(level, resamples)
    pairs = pairs_of(courses, first, seed, resamples)
    rows: list[dict[str, Any]] = []
    for (method, kind), keys in courses.groups.items():
        pool = _Pool(keys, [pairs[key] for key in keys])
        draws = task_draws(len(pool.targets), resamples, seed) if resample_tasks else None
        row: dict[str, Any] = {"method": method, "sources": kind, "pairs": len(keys)}
        row |= {"targets": len(pool.targets), "runs": sum(pair.own.n for pair in pool.pairs)}
        row["better"] = sum(bool(p.gains(resampled=False)[1, 0] > 0) for p in pool.pairs)
        estimates = pool.statistics(offset, None, resampled=False)
        distributions = pool.statistics(offset, draws, resampled=True)
        known = draws is not None or not all(pair.single for pair in pool.pairs)
        for name, estimate in estimates.items():
            low, high = percentile_interval(distributions[name], level)
            row[name] = float(estimate[0])
            row[f"{name}_low"] = float(low) if known else float("nan")
            row[f"{name}_high"] = float(high) if known else float("nan")
        rows.append(row)
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


class _Pool:
    """The pairs of one method and kind of source."""

    def __init__(self, keys: Sequence[CellKey], pairs: Sequence[Pair]) -> None:
        self.pairs = pairs
        self.targets = list(dict.fromkeys(target for _, target, _ in keys))
        self._task_of = [self.targets.index(target) for _, target, _ in keys]

    def statistics(self, offset: float | None, draws: _Draws, *, resampled: bool) -> _Statistics:
        """Return each statistic over the pool, ``(1 or resamples,)``."""
        gains = [pair.gains(resampled=resampled) for pair in self.pairs]
        found: _Statistics = {}
        for which, name in enumerate(GAINS):
            found[name] = self._over_runs(which, draws, resampled=resampled)
        for which, name in enumerate(GAINS):
            found[f"mean_{name}"] = self._over_pairs([gain[which] for gain in gains], draws)
        above = [pair.above(offset, resampled=resampled) for pair in self.pairs]
        found["transfer_ratio"] = ratio(found[f"mean_{GAINS[2]}"], self._over_pairs(above, draws))
        found["probability_of_improvement"] = self._over_pairs(
            [p.resampled_improvement if resampled else p.improvement for p in self.pairs], draws
        )
        return found

    def _over_pairs(
        self, values: Sequence[NDArray[np.float64]], draws: _Draws
    ) -> NDArray[np.float64]:
        return mean_of_rows(by_task(values, self._task_of, draws))

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
        return interquartile_means_of_rows(by_task(runs, task_of, draws))
