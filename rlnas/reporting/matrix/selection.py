"""Choosing the source by an estimate of task similarity, against the oracle that knows the result.

What the literature on transferability asks of an estimate: does it rank the sources as their
results do (Spearman), and what does its choice lose (regret, hits among the best)?
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.reporting.matrix.measured_sources import MeasuredSources
from rlnas.reporting.matrix.selection_judge import Judge, Statistics
from rlnas.reporting.matrix.source_estimates import (
    SourceEstimates,
    best_on_average,
    estimates_of,
)
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap

if TYPE_CHECKING:
    import pandas as pd


_WITHIN = {
    **dict.fromkeys(("spearman", "spearman_within"), (-1.0, 1.0)),
    **dict.fromkeys(("top1", "top2"), (0.0, 1.0)),
    "mean_rank": (1.0, inf),
}
"""What statistics can be at all."""


def selection_summary(
    estimates: pd.DataFrame,
    rows: pd.DataFrame,
    method: str = "zero-shot",
    *,
    bootstrap: Bootstrap = BOOTSTRAP,
) -> pd.DataFrame:
    """Return how well each estimator chooses the source, beside choices that need no estimate.

    Queries that an estimator spends on the target are told, but not taken from the budget of the
    search that is judged.

    Args:
        estimates: One row an (estimator, target, source, seed): ``similarity`` (larger is more
            similar, NaN for no estimate) and ``queries`` (spent on the target for it).
        rows: One row a search of a matrix: source, target, method, seed, rank. The diagonal and
            pools of sources are left out.
        method: The transfer method by whose results a source is judged.
        bootstrap: How to resample: targets, or seeds.

    Returns:
        One row an estimator (``kind`` ``estimate``), then those to compare with (``kind``
        ``reference``): ``random``, in exact expectation; ``best-on-average``, the source that
        helps most on the *other* targets; ``oracle-cross-fitted``, the best source by half of the
        seeds, judged by the other half; and ``oracle``, chosen and judged by the same seeds, so
        optimistic. Each statistic has ``*_low`` and ``*_high``; intervals are over targets,
        each with all that was measured on it, or, of one target or without ``resample_tasks``,
        over the seeds of the estimates and those of the searches.

        - ``seeds``, ``targets``, ``pairs``, ``queries``; ``missing``: share of the measured pairs
          without an estimate, ``abstained``: share of choices made at random for want of any.
        - ``spearman``: correlation of similarity and gain (see `gain_table`) over all pairs, the
          interquartile mean over seeds; ``spearman_within``: the same over the sources of each
          target, mean over targets. A choice needs only the second; the first also asks whether
          similarities of different targets compare.
          For ``oracle-cross-fitted`` both are correlations of the gains of two halves of the
          seeds: what noise leaves to be reached, at half the seeds.
        - ``mean_rank``: of the result from the chosen source, mean over targets and seeds.
        - ``regret``: that less the mean rank from the best source, by the optimistic oracle, so
          an upper bound. ``regret_cross_fitted``: less that of the cross-fitted one, NaN with one
          seed.
        - ``top1``, ``top2``: share of choices that are the best source, or among the best two, by
          mean rank over all seeds; equals count as well. The measured order is held fixed in the
          interval, so with one seed of an estimate there is none.

    Raises:
        InvalidArgumentError: If a column is missing, there is no scratch on a target, or an
            estimator has none of the measured pairs.
        UnknownNameError: If the rows have no such method.
    """
    import pandas as pd

    truth = MeasuredSources.from_rows(rows, method)
    judge = Judge(truth, bootstrap)
    chosen = list(estimates_of(estimates, truth))
    unknown = np.full((1, *truth.measured.shape), np.nan)
    random = SourceEstimates("random", (0,), unknown, truth.measured, 0.0)
    average = replace(random, estimator="best-on-average", similarity=best_on_average(truth)[None])
    oracle = replace(random, estimator="oracle", similarity=-truth.mean_ranks[None])
    entries = [("estimate", each, judge.statistics(each)) for each in chosen]
    entries += [("reference", each, judge.statistics(each)) for each in (random, average)]
    fitted = replace(random, estimator="oracle-cross-fitted")
    entries.append(("reference", fitted, judge.cross_fitted()))
    entries.append(("reference", oracle, judge.statistics(oracle, circular=True)))
    table = [_row(*entry, bootstrap) for entry in entries]
    summary: pd.DataFrame = pd.DataFrame(table)
    return summary


def _row(
    kind: str, each: SourceEstimates, found: Statistics, bootstrap: Bootstrap
) -> dict[str, Any]:
    given = ~np.isnan(each.similarity[:, each.measured])
    row: dict[str, Any] = {"estimator": each.estimator, "kind": kind, "seeds": len(each.seeds)}
    row |= {"targets": len(each.measured), "pairs": int(each.measured.sum())}
    row |= {"queries": each.queries, "missing": float("nan"), "abstained": float("nan")}
    if kind == "estimate":
        row["missing"] = float(1 - given.mean())
        row["abstained"] = float(np.isnan(each.similarity).all(axis=-1).mean())
    for name, (estimate, distribution, units) in found.items():
        spread = None if distribution is None else bootstrap.spread(distribution[None], units)
        interval = bootstrap.interval(estimate, spread, within=_WITHIN.get(name, (-inf, inf)))
        row |= interval.columns(name)
    return row
