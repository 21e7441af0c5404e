"""Task similarity as a figure: the matrix between tasks, and each estimator's ranking beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.correlation_matrix import draw_correlation_matrix
from rlnas.reporting.figures.drawing import new_figure, save_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rlnas.transfer.similarity import SimilarityMatrix

_BEST, _OTHER = "#0072B2", "0.45"
_FRAME = "#E69F00"


def draw_similarity(matrix: SimilarityMatrix, rankings: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw a similarity matrix and, beside it, a ranking of the sources for each estimator.

    Args:
        matrix: Similarities between the tasks; the target's row is framed.
        rankings: estimator, source, similarity, low, high: one row a source and estimator.
        title: First line above the figure, e.g. the suite's name.

    Returns:
        A figure of its own, bound to no global state. Points are estimates, lines 95 % intervals;
        a source of which an estimator knows nothing has no point. Each estimator has a unit and so
        an axis of its own.

    Raises:
        InvalidArgumentError: If there is no ranking.
    """
    estimators = list(dict.fromkeys(rankings["estimator"]))
    if not estimators:
        raise InvalidArgumentError("There is no ranking to draw; expected one or more estimators.")
    tasks, longest = len(matrix.names), max(map(len, matrix.names))
    sources = rankings["source"].nunique()
    # Inches.
    cell = 0.56
    label = 0.35 + 0.078 * longest
    grid, bar_h = cell * tasks, 0.3
    panel_w, panel_h = 1.75, bar_h * sources
    columns = min(3, len(estimators))
    lines = -(-len(estimators) // columns)
    gap_x, gap_y, top, low = label + 0.1, 0.78, 0.95, 0.35 + 0.055 * longest
    height = max(top + grid + low + 0.45, top + lines * (panel_h + gap_y))
    width = max(label + grid + 0.3 + columns * (gap_x + panel_w) + 0.2, 7.0)
    figure = new_figure(width, height)

    def place(x: float, y: float, w: float, h: float) -> Axes:
        axes: Axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))
        return axes

    figure.text(0.12 / width, 1 - 0.27 / height, title, fontsize=12, weight="bold", va="center")
    note = matrix.measure
    if matrix.target:
        note += f"\nframed: {matrix.target} by {matrix.probes} probes, the others by whole tables"
    figure.text(0.12 / width, 1 - 0.42 / height, note, fontsize=8.5, color="0.3", va="top")
    _draw_matrix(place(label, top, grid, grid), matrix)
    for number, estimator in enumerate(estimators):
        x = label + grid + 0.3 + gap_x + (number % columns) * (gap_x + panel_w)
        y = top + (number // columns) * (panel_h + gap_y)
        part = rankings[rankings["estimator"] == estimator]
        _draw_ranking(place(x, y, panel_w, panel_h), part, estimator)
    return figure


def write_similarity(
    matrix: SimilarityMatrix, rankings: pd.DataFrame, folder: str | Path, *, title: str = ""
) -> list[Path]:
    """Write ``similarity.png`` and ``similarity.svg`` and return their paths, PNG first."""
    figure = draw_similarity(matrix, rankings, title=title)
    return save_figure(figure, Path(folder) / "similarity")


def _draw_matrix(axes: Axes, matrix: SimilarityMatrix) -> None:
    from matplotlib.patches import Rectangle

    draw_correlation_matrix(axes, matrix.values, matrix.names)
    if matrix.target in matrix.names:
        row = matrix.names.index(matrix.target)
        corner = (-0.47, row - 0.45)
        axes.add_patch(
            Rectangle(
                corner, len(matrix.names) - 0.06, 0.9, fill=False, edgecolor=_FRAME, linewidth=1.8
            )
        )


def _draw_ranking(axes: Axes, part: pd.DataFrame, estimator: str) -> None:
    part = part.sort_values("similarity", ascending=False, na_position="last", kind="stable")
    places = np.arange(len(part))
    numbers = part[["similarity", "low", "high"]].to_numpy(np.float64)
    for place, (similarity, low, high) in zip(places, numbers, strict=True):
        colour = _BEST if place == 0 else _OTHER
        if not np.isnan(low):
            axes.plot([low, high], [place, place], color=colour, linewidth=2.2)
        axes.plot([similarity], [place], "o", color=colour, markersize=5.5)
    if part["similarity"].isna().all():
        axes.text(0.5, 0.5, "not known", transform=axes.transAxes, ha="center", va="center")
        axes.set_xticks([])
    elif part["low"].min() < 0 < part["high"].max():
        axes.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_yticks(places, list(part["source"]))
    axes.set_ylim(len(part) - 0.5, -0.5)
    axes.set_title(estimator, fontsize=10, loc="left")
    axes.tick_params(axis="y", length=0, labelsize=9)
    axes.tick_params(axis="x", labelsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
