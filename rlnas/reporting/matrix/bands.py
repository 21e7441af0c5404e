"""The course of a search over its seeds: best rank after every query, with a bootstrap band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.intervals import Interval, bootstrap_intervals
from rlnas.statistics.samples import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd

_POINTS = 100  # more along one curve cannot be told apart
_RESAMPLES = 500


@dataclass(frozen=True)
class Band:
    """The course of one method: interquartile mean over seeds, with a bootstrap band.

    Attributes:
        queries: ``(Q,)`` numbers of queries, from 1; at most 100 of them, evenly spread.
        estimate: ``(Q,)`` ranks.
        low: ``(Q,)`` lower end of the 95 % interval, NaN with one seed.
        high: ``(Q,)`` upper end.
        seeds: Number of seeds.
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
    wide = curves.pivot_table(
        index="query", columns=["method", "seed", "source", "target"], values="rank", sort=True
    )
    wide = wide.reindex(range(1, int(wide.index.max()) + 1))
    courses = {
        (panel, method): course
        for panel, targets in panels.items()
        for method, course in _courses(wide.loc[:, wide.columns.isin(targets, level="target")])
    }
    intervals: dict[tuple[str, str], list[Interval]] = {key: [] for key in courses}
    for point in range(max(map(len, courses.values()))):
        # Every curve's resamples at a point are the same, so all curves share a call.
        reached = [key for key, course in courses.items() if point < len(course)]
        values = (courses[key].to_numpy(np.float64)[point] for key in reached)
        found = bootstrap_intervals(
            [(row[~np.isnan(row)],) for row in values],
            interquartile_mean,
            level=0.95,
            seed=point,
            resamples=_RESAMPLES,
        )
        for key, interval in zip(reached, found, strict=True):
            intervals[key].append(interval)
    return {key: _band(course, intervals[key]) for key, course in courses.items()}


def _courses(ranks: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each method and its mean log10 rank: a row a query shown, a column a seed.

    Args:
        ranks: A row a query, a column a (method, seed, source, target).
    """
    logs = np.log10(ranks.ffill()).T
    for method, part in logs.groupby(level=["method", "seed"]).mean().groupby(level="method"):
        last = int(ranks[method].last_valid_index())
        shown = np.unique(np.linspace(0, last - 1, _POINTS).round().astype(int))
        yield str(method), part.T.iloc[shown]


def _band(course: pd.DataFrame, intervals: list[Interval]) -> Band:
    return Band(
        course.index.to_numpy(np.int64),
        np.array([10**i.estimate for i in intervals]),
        np.array([10**i.low for i in intervals]),
        np.array([10**i.high for i in intervals]),
        course.shape[1],
    )
