"""Return on investment: what transfer saves on each target, and when pretraining has paid.

The accounting that Cassimon, Mercelis and Mets (arXiv 2412.01420) name as future work. What a
saving is, is said in `rlnas.reporting.matrix.savings`; what pretraining costs, in
`rlnas.reporting.matrix.investment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.levels import Levels, Which
from rlnas.reporting.matrix.savings import NON_LEARNING, Saving, Savings
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, Interval, by_task
from rlnas.statistics.means import known_mean

if TYPE_CHECKING:
    import pandas as pd


def investment_summary(
    courses: SearchCurves,
    rows: pd.DataFrame,
    investment: Investment,
    *,
    searchers: Sequence[str] = NON_LEARNING,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> list[dict[str, Any]]:
    """Return what each method saves per target, over all its (source, target) pairs.

    Args:
        courses: As in `return_on_investment`.
        rows: As in `return_on_investment`.
        investment: As in `return_on_investment`.
        searchers: As in `return_on_investment`.
        bootstrap: How to resample, see `rlnas.reporting.matrix.levels`.

    Returns:
        One JSON-able dictionary a method, kind of source, ``against`` and ``quality``; savings and
        investments are means over pairs. ``method``, ``sources``, ``against``, ``quality``,
        ``pairs``, ``targets``, ``baselines`` (by target), ``positive`` (share of the pairs that
        save queries), ``reached``, ``reached_baseline``; ``queries_saved``, ``seconds_saved``,
        ``gpu_hours_saved``, ``break_even_queries`` and ``break_even_seconds``, each with
        ``*_low`` and ``*_high``; ``invested_queries``, ``invested_seconds``,
        ``invested_gpu_hours``; ``pays_queries``, ``pays_seconds``: one less the one-sided p-value
        of its saving nothing. What never pays has an infinite break-even, what is
        unknown is NaN.

    Raises:
        InvalidArgumentError: As `return_on_investment`.
    """
    hours = investment.gpu_hours(1.0)
    groups: dict[tuple[str, str, str, str], list[Saving]] = {}
    for s in Savings(courses, rows, investment, searchers, bootstrap):
        groups.setdefault((s.key[2], s.kind, s.against, s.quality), []).append(s)
    summary = []
    for (method, kind, against, quality), savings in groups.items():
        keys = [saving.key for saving in savings]
        levels = Levels.of(keys, [(saving.own, saving.base) for saving in savings])
        entry: dict[str, Any] = {"method": method, "sources": kind, "against": against}
        entry |= {"quality": quality, "pairs": len(savings), "targets": levels.targets}
        entry["baselines"] = {saving.key[1]: saving.baseline for saving in savings}
        entry["positive"] = float(np.mean([s.queries()[0] > 0 for s in savings]))
        entry["reached"] = float(np.mean([s.own.reached[0] for s in savings]))
        entry["reached_baseline"] = float(np.mean([s.base.reached[0] for s in savings]))
        for unit in ("queries", "seconds"):
            mean = _Mean(savings, unit)
            interval = bootstrap.interval(mean("none", None)[0, 0], levels.spread(mean, bootstrap))
            invested = float(np.mean([getattr(s, f"invested_{unit}") for s in savings]))
            entry |= returns(unit, interval, invested=invested, hours=hours)
            entry[f"invested_{unit}"] = invested
            entry[f"pays_{unit}"] = _chance_positive(interval)
        entry["invested_gpu_hours"] = entry["invested_seconds"] * hours
        summary.append(entry)
    return summary


class _Mean:
    """The mean over pairs of what is saved in a unit."""

    def __init__(self, savings: Sequence[Saving], unit: str) -> None:
        self._savings, self._unit = savings, unit
        targets = list(dict.fromkeys(saving.key[1] for saving in savings))
        self._task_of = [targets.index(saving.key[1]) for saving in savings]

    def __call__(self, which: Which, draws: NDArray[np.int64] | None) -> NDArray[np.float64]:
        saved = [getattr(saving, self._unit)(which) for saving in self._savings]
        return known_mean(by_task(saved, self._task_of, draws))[None]


def _chance_positive(saved: Interval) -> float:
    """Return how likely it is that more than nothing is saved: one less the one-sided p-value."""
    return 1 - saved.p / 2 if saved.estimate > 0 else saved.p / 2


_KEYS = ["source", "target", "method", "sources", "against", "baseline", "quality"]


def return_on_investment(
    courses: SearchCurves,
    rows: pd.DataFrame,
    investment: Investment,
    *,
    searchers: Sequence[str] = NON_LEARNING,
) -> pd.DataFrame:
    """Return what every (source, target, method) saves, against scratch and the best searcher.

    Queries are counted until a common quality is reached, and restricted to the horizon: a search
    that does not get there counts as the horizon (Kaplan–Meier restricted means). Cells whose
    source has seen the target are left out. The time that a searcher itself needs between queries
    is not counted; ``seconds`` of the rows tells it.

    Args:
        courses: The searches by query. With a horizon beyond scratch's budget, baselines that were
            given more queries show their full need, while a method that ended short of the
            quality counts as never reaching it.
        rows: One row a search: source, target, method, seed, queries, cost (s).
        investment: What a query and what pretraining cost; without a cost of a query it is that of
            the rows.
        searchers: Non-learning searchers among the methods. The best one on a target is the one
            that ends best there, chosen on these seeds, which favours the baseline.

    Returns:
        One row a (source, target, method), ``against`` (``scratch``, ``best-searcher``) and
        ``quality`` (``baseline``: what the baseline reaches with its budget; ``method``: what the
        method reaches with its own):

        - ``sources``, ``baseline`` (its name), ``n``, ``n_baseline``, ``threshold`` (a value);
        - ``queries``, ``queries_baseline``: restricted mean queries to the threshold;
          ``reached``, ``reached_baseline``: shares of the seeds that got there;
        - ``queries_saved`` with ``*_low`` and ``*_high``, and its ``bound``: ``exact``; ``lower``
          where only the baseline was censored, so that more is saved; ``upper`` where only the
          method was; ``restricted`` where both were: what is saved within the horizon;
        - ``cost_per_query``, ``cost_per_query_baseline`` (s), ``seconds_saved`` and
          ``gpu_hours_saved`` with intervals; NaN where the cost is unknown;
        - ``invested_queries``, ``invested_seconds``: the pretraining on this source;
        - ``break_even_queries``, ``break_even_seconds`` with intervals: after how many targets
          like this the savings exceed the pretraining, counted in queries and in seconds; infinite
          where nothing is saved.

    Raises:
        InvalidArgumentError: If the investment lacks a number for a task.
    """
    import pandas as pd

    savings = Savings(courses, rows, investment, searchers)
    found = [_row(saving, investment.gpu_hours(1.0)) for saving in savings]
    frame: pd.DataFrame = pd.DataFrame(found, columns=None if found else _KEYS)
    return frame


def _row(saving: Saving, hours: float) -> dict[str, Any]:
    source, target, method = saving.key
    own, base = saving.own, saving.base
    row: dict[str, Any] = {"source": source, "target": target, "method": method}
    row |= {"sources": saving.kind, "against": saving.against, "baseline": saving.baseline}
    row |= {"quality": saving.quality, "n": own.n, "n_baseline": base.n}
    row |= {"threshold": saving.threshold, "queries": float(own.means[0, 0])}
    row |= {"queries_baseline": float(base.means[0, 0]), "reached": float(own.reached[0])}
    row |= {"reached_baseline": float(base.reached[0]), "bound": saving.bound}
    row |= {"cost_per_query": saving.costs[0], "cost_per_query_baseline": saving.costs[1]}
    row |= {"invested_queries": saving.invested_queries}
    row |= {"invested_seconds": saving.invested_seconds}
    levels = Levels.of([saving.key], [(own, base)])
    for unit, invested in (
        ("queries", saving.invested_queries),
        ("seconds", saving.invested_seconds),
    ):
        mean = _Mean([saving], unit)
        interval = BOOTSTRAP.interval(mean("none", None)[0, 0], levels.spread(mean, BOOTSTRAP))
        row |= returns(unit, interval, invested=invested, hours=hours)
    return row


def returns(unit: str, saved: Interval, *, invested: float, hours: float) -> dict[str, float]:
    """Return savings and break-even in a unit, with intervals.

    Args:
        unit: ``queries`` or ``seconds``.
        saved: What is saved on a target.
        invested: What pretraining cost, in the unit.
        hours: GPU hours of a second.
    """
    found = saved.columns(f"{unit}_saved")
    ends = np.array([saved.estimate, saved.low, saved.high])
    if unit == "seconds":
        found |= Interval(*(ends * hours).tolist()).columns("gpu_hours_saved")
    # The more is saved, the earlier it pays: the ends of the one are those of the other.
    paid = break_even(invested, ends[[0, 2, 1]])
    return found | Interval(*paid.tolist()).columns(f"break_even_{unit}")


def break_even(invested: float, saved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return after how many targets what was saved is at least what was invested.

    Args:
        invested: What pretraining cost, 0 or more.
        saved: What is saved on each target, in the same unit.

    Returns:
        Whole numbers, shaped as ``saved``: 0 where nothing was invested, infinite where nothing is
        saved, NaN where either is unknown.
    """
    if invested == 0:
        return np.where(np.isnan(saved), np.nan, 0.0)
    pays = saved > 0
    targets = np.ceil(invested / np.where(pays, saved, 1.0) - 1e-9)
    return np.where(np.isnan(saved), np.nan, np.where(pays, targets, np.inf))
