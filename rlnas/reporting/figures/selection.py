"""Choosing the source by an estimate, against chance and against the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.reporting.figures.drawing import new_figure
from rlnas.reporting.matrix.numbers import MatrixNumbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ESTIMATE, _REFERENCE = "#0072B2", "0.45"
_EDGE = 0.04


def draw_selection(results: MatrixNumbers) -> Figure:
    """Draw what each way to choose a source comes to, the best estimator first.

    Args:
        results: The matrix, with similarities.

    Returns:
        A figure of its own, bound to no global state: left the mean rank of the result, right how
        often the choice is the best source (filled) or among the best two (hollow). Grey are
        references that estimate nothing.

    Raises:
        InvalidArgumentError: If nothing was estimated, or there is nothing to judge by.
    """
    summary, method, title = results.selection(), results.judge, results.title
    estimates = summary[summary["kind"] == "estimate"].sort_values("mean_rank", kind="stable")
    references = summary[summary["kind"] != "estimate"].sort_values("mean_rank", kind="stable")
    table = [*estimates.to_dict("records"), *references.to_dict("records")]
    labels = [_label(row) for row in table]
    # Inches.
    line, left, top, low = 0.27, 0.25 + 0.073 * max(map(len, labels)), 0.8, 0.55
    panel_w, gap = 2.1, 0.3
    width, height = left + 2 * panel_w + gap + 0.2, top + line * len(labels) + low
    figure = new_figure(width, height)
    for number in range(2):
        x = left + number * (panel_w + gap)
        place = (x / width, low / height, panel_w / width, line * len(labels) / height)
        axes = figure.add_axes(place)
        if number == 0:
            _draw_ranks(axes, table)
        else:
            _draw_hits(axes, table)
        axes.set_yticks(range(len(labels)), labels if number == 0 else [])
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.axhline(len(estimates) - 0.5, color="0.7", linewidth=0.8)
        _clean(axes)
    head = f"{title}: choosing the source" if title else "Choosing the source"
    figure.text(0.12 / width, 1 - 0.22 / height, head, fontsize=11, weight="bold", va="center")
    note = f"{method} from the chosen source, 95 % bootstrap interval; grey: needs no estimate"
    figure.text(0.12 / width, 1 - 0.44 / height, note, fontsize=8.5, color="0.3", va="center")
    return figure


def _draw_ranks(axes: Axes, table: list[dict[Any, Any]]) -> None:
    for place, row in enumerate(table):
        _draw_interval(axes, row, "mean_rank", place, hollow=False)
    axes.set_xlabel("mean rank (less is better)", fontsize=9)
    axes.set_xlim(left=0)


def _draw_hits(axes: Axes, table: list[dict[Any, Any]]) -> None:
    for place, row in enumerate(table):
        _draw_interval(axes, row, "top2", place - 0.12, hollow=True)
        _draw_interval(axes, row, "top1", place + 0.12, hollow=False)
    axes.set_xlim(-_EDGE, 1 + _EDGE)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", ".25", ".5", ".75", "1"])
    axes.set_xlabel("the best ●, among the best two ○", fontsize=9)


def _draw_interval(
    axes: Axes, row: dict[Any, Any], name: str, place: float, *, hollow: bool
) -> None:
    colour = _ESTIMATE if row["kind"] == "estimate" else _REFERENCE
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if not np.isnan(low):
        axes.plot([low, high], [place, place], color=colour, linewidth=2, alpha=0.5)
    face = "white" if hollow else colour
    axes.plot([row[name]], [place], "o", color=colour, markerfacecolor=face, markersize=5.5)


def _clean(axes: Axes) -> None:
    axes.grid(True, axis="x", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _label(row: dict[Any, Any]) -> str:
    queries = row["queries"]
    if row["kind"] != "estimate" or np.isnan(queries):
        return str(row["estimator"])
    return f"{row['estimator']} ({queries:g} queries)"
