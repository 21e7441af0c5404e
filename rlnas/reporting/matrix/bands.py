"""The course of a search over its runs: best rank after every query, with a bootstrap band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import with_controllers
from rlnas.statistics.bootstrap import Bootstrap
from rlnas.statistics.means import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd

_RUN = ["controller", "seed"]
_POINTS = 100  # more along one curve cannot be told apart
_BOOTSTRAP = Bootstrap(resamples=500)


@dataclass(frozen=True)
class Band:
    """The course of one method: interquartile mean over runs, with a bootstrap band.

    A run is a seed, or a seed of a controller; with several controllers those are resampled.

    Attributes:
        queries: ``(Q,)`` numbers of queries, from 1; at most 100 of them, evenly spread.
        estimate: ``(Q,)`` ranks.
        low: ``(Q,)`` lower end of the 95 % interval, NaN with one seed.
        high: ``(Q,)`` upper end.
        seeds: Number of runs.
    """

    queries: NDArray[np.int64]
    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    seeds: int


def rank_band(curves: pd.DataFrame) -> Band:
    """Return the course of one method over its seeds.

    A seed's value at a query is the geometric mean of its best ranks over all (source, target)
    pairs given: ranks spread over powers of ten, and an arithmetic mean would show the worst pair
    alone. A search that ended early keeps its last rank.

    Args:
        curves: Rows of one method: source, target, seed, query, rank.

    Raises:
        InvalidArgumentError: If there are none.
    """
    (band,) = rank_bands(curves.assign(method=""), {"": list(curves["target"].unique())}).values()
    return band


def rank_bands(
    curves: pd.DataFrame, panels: Mapping[str, Sequence[Any]]
) -> dict[tuple[str, str], Band]:
    """Return the course of every method in every panel, each as `rank_band` has it.

    Args:
        curves: source, target, method, seed, query, rank.
        panels: The targets of each panel, by its name.

    Returns:
        The bands by panel and method; none where a panel lacks a method.

    Raises:
        InvalidArgumentError: If there is no row.
    """
    if not len(curves):
        raise InvalidArgumentError("There are no curves to draw; give at least one search.")
    columns = ["method", *_RUN, "source", "target"]
    wide = with_controllers(curves).pivot_table(
        index="query", columns=columns, values="rank", sort=True
    )
    wide = wide.reindex(range(1, int(wide.index.max()) + 1))
    courses = {
        (panel, method): course
        for panel, targets in panels.items()
        for method, course in _courses(wide.loc[:, wide.columns.isin(targets, level="target")])
    }
    return {key: _band(course) for key, course in courses.items()}


def _courses(ranks: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each method and its mean log10 rank: a row a query shown, a column a seed.

    Args:
        ranks: A row a query, a column a (method, seed, source, target).
    """
    logs = np.log10(ranks.ffill()).T
    for method, part in logs.groupby(level=["method", *_RUN]).mean().groupby(level="method"):
        last = int(ranks[method].last_valid_index())
        shown = np.unique(np.linspace(0, last - 1, _POINTS).round().astype(int))
        yield str(method), part.T.iloc[shown]


def _band(course: pd.DataFrame) -> Band:
    """Return the band of log10 ranks ``(points, runs)``, NaN where a run has none yet."""
    values = course.to_numpy(np.float64)
    runs = values.shape[1]
    estimates, spread = interquartile_mean(values, axis=1), None
    if runs > 1:
        draws = _BOOTSTRAP.whole(course.columns.get_level_values("controller"))
        spread = _BOOTSTRAP.spread(interquartile_mean(draws.of(values), axis=-1), draws.units)
    found = _BOOTSTRAP.intervals(estimates, spread, within=(0.0, np.inf))
    # Where no run differs from another, as often at the end, the band is a line.
    still = [each.estimate if runs > 1 and np.isnan(each.low) else np.nan for each in found]
    return Band(
        course.index.to_numpy(np.int64),
        10**estimates,
        10 ** np.fmax(still, [interval.low for interval in found]),
        10 ** np.fmax(still, [interval.high for interval in found]),
        runs,
    )
