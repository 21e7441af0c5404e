"""The courses of many searches as arrays: a row a search, a column a point of the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import BASELINE, SourceKind, source_kind, with_controllers

if TYPE_CHECKING:
    import pandas as pd

Axis = Literal["query", "step"]
"""What a course runs along: queries spent, or environment steps on the target."""


CellKey = tuple[str, str, str]
"""Source, target and method: what the searches of one cell share."""

_SEARCH = ["source", "target", "method", "controller", "seed"]


@dataclass(frozen=True, eq=False)
class SearchCurves:
    """The value that every search of a matrix had reached along a common axis.

    Attributes:
        axis: ``query`` or ``step``.
        points: ``(P,)`` increasing points of the axis; the last one is the end of the budget.
        cells: ``(n, P)`` values by source, target and method, a row a search; larger is better.
        baseline: The method that the others are compared with.
        searches: ``(n, 2)`` controller and seed of each search of a cell; where a cell is not
            there, its searches are all by one controller.
    """

    axis: Axis
    points: NDArray[np.float64]
    cells: Mapping[CellKey, NDArray[np.float64]]
    baseline: str = BASELINE
    searches: Mapping[CellKey, NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def from_frame(
        cls,
        curves: pd.DataFrame,
        *,
        axis: Axis = "query",
        value: str = "rank",
        horizon: float | None = None,
        baseline: str = BASELINE,
    ) -> SearchCurves:
        """Arrange curves as arrays.

        Between two of its points a search keeps the value of the earlier one, and a search that
        ended keeps its last: what has been found stays found. So a method that was given a smaller
        budget than the horizon counts as one that never finds more. Points at which some search
        has not begun are left out.

        Args:
            curves: source, target, method, seed, the axis, and the value; one row a point. With
                ``controller`` where there are several of a source.
            axis: The column that the value runs along. Queries are counted from 1.
            value: The column of the value, larger is better. The column ``rank``, where smaller is
                better, is taken as −log10(rank): ranks spread over powers of ten.
            horizon: End of the budget, in units of the axis; rows beyond it are ignored. By default
                where the longest search of the baseline ends.
            baseline: The method that the others are compared with.

        Raises:
            InvalidArgumentError: If a column is missing, a search has two values at one point, or
                a target lacks the baseline.
        """
        return _arrange(curves, axis, value, horizon, baseline)

    @property
    def horizon(self) -> float:
        """The end of the budget, in units of the axis."""
        return float(self.points[-1])

    @cached_property
    def baselines(self) -> dict[str, NDArray[np.float64]]:
        """``(m, P)`` values of the baseline by target."""
        found: dict[str, list[NDArray[np.float64]]] = {}
        for (_, target, method), values in self.cells.items():
            if method == self.baseline:
                found.setdefault(target, []).append(values)
        return {target: np.concatenate(parts) for target, parts in found.items()}

    def controllers(self, key: CellKey) -> NDArray[np.int64]:
        """Return the controller of each search of a cell, ``(n,)``."""
        if key in self.searches:
            return np.asarray(self.searches[key][:, 0])
        return np.zeros(len(self.cells[key]), dtype=np.int64)

    def are_pairs(self, one: CellKey, other: CellKey) -> bool:
        """Return whether two cells have the same source, controllers and seeds, in one order."""
        if one[:2] != other[:2] or one not in self.searches or other not in self.searches:
            return False
        return np.array_equal(self.searches[one], self.searches[other])

    @cached_property
    def compared(self) -> tuple[CellKey, ...]:
        """The cells of the methods other than the baseline."""
        return tuple(key for key in self.cells if key[2] != self.baseline)

    def mean_over_axis(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the area under each course divided by the length of the axis, ``(n,)``.

        Every query counts once; between evaluations at steps a course is taken as a straight line.
        """
        if self.axis == "query" or len(self.points) == 1:
            return np.asarray(values.mean(axis=-1))
        from scipy import integrate

        length = self.points[-1] - self.points[0]
        return np.asarray(integrate.trapezoid(values, self.points, axis=-1) / length)


def by_kind(cells: Iterable[CellKey]) -> dict[tuple[str, SourceKind], list[CellKey]]:
    """Return cells by method and by what their source is to the target."""
    found: dict[tuple[str, SourceKind], list[CellKey]] = {}
    for source, target, method in cells:
        kind = source_kind(source, target)
        found.setdefault((method, kind), []).append((source, target, method))
    return found


def _arrange(
    curves: pd.DataFrame, axis: Axis, value: str, horizon: float | None, baseline: str
) -> SearchCurves:
    curves = with_controllers(curves)
    if absent := [column for column in (*_SEARCH, axis, value) if column not in curves]:
        raise InvalidArgumentError(
            f"The curves lack the column {', '.join(absent)}; they have "
            f"{', '.join(map(str, curves))}."
        )
    at = curves[axis].to_numpy(np.float64)
    if horizon is None:
        ends = at[(curves["method"] == baseline).to_numpy()]
        horizon = float(ends.max()) if len(ends) else None
    if horizon is None:
        raise InvalidArgumentError(
            f"The curves have no search by {baseline!r}, so there is nothing to compare with; "
            f"include the method {baseline!r} in the matrix."
        )
    within = at <= horizon
    curves, at = curves.loc[within], at[within]
    points = np.arange(1.0, horizon + 0.5) if axis == "query" else np.unique(at)
    values = curves[value].to_numpy(np.float64)
    if value == "rank":
        values = -np.log10(values) + 0.0  # no −0 for rank 1
    search = curves.groupby(_SEARCH, sort=False).ngroup().to_numpy()
    heads = curves.loc[~curves.duplicated(_SEARCH).to_numpy(), _SEARCH]
    table, points = _table(search, np.searchsorted(points, at), values, len(heads), points)
    cells: dict[CellKey, list[int]] = {}
    for row, key in enumerate(zip(heads["source"], heads["target"], heads["method"], strict=True)):
        cells.setdefault(key, []).append(row)
    numbers = heads[["controller", "seed"]].to_numpy(np.int64)
    courses = SearchCurves(
        axis,
        points,
        {key: table[rows] for key, rows in cells.items()},
        baseline,
        {key: numbers[rows] for key, rows in cells.items()},
    )
    if bare := sorted({target for _, target, _ in cells} - set(courses.baselines)):
        raise InvalidArgumentError(
            f"No search by {baseline!r} on {', '.join(map(str, bare))}; include the method "
            f"{baseline!r} in the matrix to compare with it."
        )
    return courses


def _table(
    search: NDArray[np.int64],
    column: NDArray[np.int64],
    values: NDArray[np.float64],
    searches: int,
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(searches, P)`` values carried forward, and the points all searches have."""
    seen = np.full((searches, len(points)), -1)
    seen[search, column] = column
    if np.count_nonzero(seen >= 0) < len(values):
        raise InvalidArgumentError(
            "Some search has two values at one point; expected one row for each source, target, "
            "method, controller, seed and point. Were the curves of two runs put together?"
        )
    table = np.full(seen.shape, np.nan)
    table[search, column] = values
    last = np.maximum.accumulate(seen, axis=1)
    begun = (last >= 0).all(axis=0)
    table = np.take_along_axis(table, last, axis=1)[:, begun]
    return table, points[begun]
