"""Return on investment: what transfer saves on each target, and when pretraining has paid.

The accounting that Cassimon, Mercelis and Mets (arXiv 2412.01420) name as future work. What a
saving is, is said in `rlnas.reporting.savings`; what pretraining costs, in
`rlnas.reporting.investment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rlnas.reporting.break_even import returns
from rlnas.reporting.courses import Courses
from rlnas.reporting.investment import Investment
from rlnas.reporting.resampling import RESAMPLES, check_level
from rlnas.reporting.savings import NON_LEARNING, Saving, Savings

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ["source", "target", "method", "sources", "against", "baseline", "quality"]


def return_on_investment(
    rows: pd.DataFrame,
    curves: pd.DataFrame,
    investment: Investment | None = None,
    *,
    value: str = "rank",
    horizon: float | None = None,
    searchers: Sequence[str] = NON_LEARNING,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return what every (source, target, method) saves, against scratch and the best searcher.

    Queries are counted until a common quality is reached, and restricted to the horizon: a search
    that does not get there counts as the horizon (Kaplan–Meier restricted means). Cells whose
    source has seen the target are left out. The time that a searcher itself needs between queries
    is not counted; ``seconds`` of the rows tells it.

    Args:
        rows: One row a search: source, target, method, seed, queries, cost (s).
        curves: One row a query of each search: source, target, method, seed, query, the value.
        investment: What a query and what pretraining cost; by default the cost of a query is that
            of the rows, and pretraining is free.
        value: As in `Courses.from_frame`.
        horizon: As in `Courses.from_frame`; by default scratch's budget. With a larger one
            baselines that were given more queries show their full need, while a method that
            ended short of the quality counts as never reaching it.
        searchers: Non-learning searchers among the methods. The best one on a target is the one
            that ends best there, chosen on these seeds, which favours the baseline.
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

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
        InvalidArgumentError: If there is no scratch on a target, a column is missing, or the
            investment lacks a number for a task.
    """
    import pandas as pd

    check_level(level, resamples)
    investment = investment or Investment()
    courses = Courses.from_frame(curves, value=value, horizon=horizon)
    savings = Savings(courses, rows, investment, searchers, seed, resamples)
    found = [_row(saving, investment.gpu_hours(1.0), level) for saving in savings]
    frame: pd.DataFrame = pd.DataFrame(found, columns=None if found else _KEYS)
    return frame


def _row(saving: Saving, hours: float, level: float) -> dict[str, Any]:
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
    known = min(own.n, base.n) > 1
    for unit, invested in (
        ("queries", saving.invested_queries),
        ("seconds", saving.invested_seconds),
    ):
        saved, resampled = (getattr(saving, unit)(resampled=which) for which in (False, True))
        row |= returns(
            unit, saved, resampled, invested=invested, hours=hours, level=level, known=known
        )
    return row
