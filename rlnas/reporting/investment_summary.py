"""Return on investment of each method over all its (source, target) pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.break_even import returns
from rlnas.reporting.courses import Courses
from rlnas.reporting.investment import Investment
from rlnas.reporting.resampling import (
    RESAMPLES,
    by_task,
    check_level,
    mean_of_rows,
    task_draws,
)
from rlnas.reporting.savings import NON_LEARNING, Saving, Savings

if TYPE_CHECKING:
    import pandas as pd


def investment_summary(
    rows: pd.DataFrame,
    curves: pd.DataFrame,
    investment: Investment | None = None,
    *,
    value: str = "rank",
    horizon: float | None = None,
    searchers: Sequence[str] = NON_LEARNING,
    resample_tasks: bool = False,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[dict[str, Any]]:
    """Return what each method saves per target, over all its (source, target) pairs.

    Args:
        rows: As in `return_on_investment`.
        curves: As in `return_on_investment`.
        investment: As in `return_on_investment`.
        value: As in `return_on_investment`.
        horizon: As in `return_on_investment`.
        searchers: As in `return_on_investment`.
        resample_tasks: Resample the targets too, so that an interval holds for targets like these.
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        One JSON-able dictionary a method, kind of source, ``against`` and ``quality``; savings and
        investments are means over pairs. ``method``, ``sources``, ``against``, ``quality``,
        ``pairs``, ``targets``, ``baselines`` (by target), ``positive`` (share of the pairs that
        save queries), ``reached``, ``reached_baseline``; ``queries_saved``, ``seconds_saved``,
        ``gpu_hours_saved``, ``break_even_queries`` and ``break_even_seconds``, each with
        ``*_low`` and ``*_high`` by stratified bootstrap; ``invested_queries``,
        ``invested_seconds``, ``invested_gpu_hours``; ``pays_queries``, ``pays_seconds``: share of
        the resamples in which it pays at all. What never pays has an infinite break-even, what is
        unknown is NaN.

    Raises:
        InvalidArgumentError: As `return_on_investment`.
    """
    check_level(level, resamples)
    investment = investment or Investment()
    courses = Courses.from_frame(curves, value=value, horizon=horizon)
    hours = investment.gpu_hours(1.0)
    groups: dict[tuple[str, str, str, str], list[Saving]] = {}
    for s in Savings(courses, rows, investment, searchers, seed, resamples):
        groups.setdefault((s.key[2], s.kind, s.against, s.quality), []).append(s)
    summary = []
    for (method, kind, against, quality), savings in groups.items():
        targets = list(dict.fromkeys(saving.key[1] for saving in savings))
        task_of = [targets.index(saving.key[1]) for saving in savings]
        draws = task_draws(len(targets), resamples, seed) if resample_tasks else None
        entry: dict[str, Any] = {"method": method, "sources": kind, "against": against}
        entry |= {"quality": quality, "pairs": len(savings), "targets": len(targets)}
        entry["baselines"] = {saving.key[1]: saving.baseline for saving in savings}
        entry["positive"] = float(np.mean([s.queries(resampled=False)[0] > 0 for s in savings]))
        entry["reached"] = float(np.mean([s.own.reached[0] for s in savings]))
        entry["reached_baseline"] = float(np.mean([s.base.reached[0] for s in savings]))
        known = resample_tasks or any(min(s.own.n, s.base.n) > 1 for s in savings)
        for unit in ("queries", "seconds"):
            estimates, resampled = (
                [getattr(saving, unit)(resampled=which) for saving in savings]
                for which in (False, True)
            )
            saved = mean_of_rows(np.stack(estimates, axis=1))
            distribution = mean_of_rows(by_task(resampled, task_of, draws))
            invested = float(np.mean([getattr(s, f"invested_{unit}") for s in savings]))
            entry |= returns(
                unit, saved, distribution, invested=invested, hours=hours, level=level, known=known
            )
            entry[f"invested_{unit}"] = invested
            entry[f"pays_{unit}"] = _share_positive(distribution) if known else float("nan")
        entry["invested_gpu_hours"] = entry["invested_seconds"] * hours
        summary.append(entry)
    return summary


def _share_positive(saved: NDArray[np.float64]) -> float:
    return float("nan") if np.isnan(saved).any() else float((saved > 0).mean())
