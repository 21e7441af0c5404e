"""Harm: by how much methods end behind random and behind local search on hostile targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.hostile import kind_of
from rlnas.reporting.matrix.methods import entrants
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, Spread
from rlnas.statistics.random_line import RandomLine

if TYPE_CHECKING:
    import pandas as pd

LOCAL = "local"
"""The searcher that harm is measured against beside random's exact line."""

ALL_KINDS = "all"
"""Stands for all kinds of hostile targets."""


def harm(
    rows: pd.DataFrame, lines: Mapping[str, RandomLine], bootstrap: Bootstrap = BOOTSTRAP
) -> pd.DataFrame:
    """Return by how much each method ends behind random and behind local search.

    The harm on a target is the mean over its searches of log10 rank, less the mean of log10 rank of
    random search, which is exact, or of the searches of local search; over targets it is the mean.
    0.3 is twice the rank, −1 a tenth. Intervals resample targets and, in each, searches.

    Args:
        rows: One row a search on hostile targets: source, target, method, seed, rank.
        lines: Random's line on each target, at the budget of the searches.
        bootstrap: How to resample.

    Returns:
        One row a method, kind of its source and kind of hostile target (the last one `ALL_KINDS`):
        ``method``, ``sources``, ``hostile``, ``targets``, ``searches``, and ``behind_random`` and
        ``behind_local`` with ``*_low`` and ``*_high``; NaN for local search itself, and
        where it was not measured.
    """
    import pandas as pd

    log_ranks = rows.assign(log_rank=np.log10(rows["rank"]))
    local = log_ranks.loc[log_ranks["method"] == LOCAL]
    of_local = _by_target(local)
    found = []
    for entrant, part in entrants(log_ranks).items():
        own = _by_target(part)
        kinds = list(dict.fromkeys(map(kind_of, own)))
        for kind in (*kinds, ALL_KINDS):
            of_kind = [t for t in own if kind in (ALL_KINDS, kind_of(t))]
            random = [np.array([lines[target].log_rank]) for target in of_kind]
            row = {
                "method": entrant.method,
                "sources": entrant.kind,
                "hostile": kind,
                "targets": len(of_kind),
                "searches": sum(len(own[target]) for target in of_kind),
            }
            row |= _behind([own[t] for t in of_kind], random, bootstrap, "behind_random")
            compared = entrant.method != LOCAL  # not with itself
            both = [target for target in of_kind if compared and target in of_local]
            own_local = ([own[t] for t in both], [of_local[t] for t in both])
            row |= _behind(*own_local, bootstrap, "behind_local")
            found.append(row)
    table: pd.DataFrame = pd.DataFrame(found)
    return table


def _by_target(rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    groups = rows.groupby("target", sort=False)["log_rank"]
    return {str(target): part.to_numpy(np.float64) for target, part in groups}


def _behind(
    own: list[NDArray[np.float64]],
    other: list[NDArray[np.float64]],
    bootstrap: Bootstrap,
    name: str,
) -> dict[str, float]:
    """Return the mean over targets of a difference of means, with its interval, as columns."""
    if not own:
        return bootstrap.interval(np.nan, None).columns(name)
    differences = np.array([a.mean() - b.mean() for a, b in zip(own, other, strict=True)])
    searches: Spread | None = None
    for side, samples in (("own", own), ("other", other)):
        fewest = min(map(len, samples))
        if fewest < 2:  # random's line is exact, and one search says nothing of others
            continue
        drawn = [
            sample[bootstrap.draws(len(sample), name=("harm", side, number))[0]].mean(axis=1)
            for number, sample in enumerate(samples)
        ]
        spread = bootstrap.spread(np.mean(drawn, axis=0)[None], fewest, len(samples))
        searches = spread if searches is None else searches + spread
    found = searches
    if len(own) > 1:
        (tasks,) = bootstrap.draws(len(own), name=("harm", "targets"))
        targets = bootstrap.spread(differences[tasks].mean(axis=1)[None], len(own))
        found = targets if searches is None else targets.at_least(searches)
    return bootstrap.interval(float(differences.mean()), found).columns(name)
