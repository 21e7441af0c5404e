"""Every method against scratch: the rank it ends with, and how probably it ends better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.drawing import new_figure
from rlnas.reporting.matrix.methods import BOUNDS, Entrant
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.runs.cell import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BETTER, _WORSE, _OPEN = "#0072B2", "#D55E00", "0.45"
_EDGE = 0.04


def draw_methods(results: MatrixNumbers) -> Figure:
    """Draw intervals of each method against scratch, the best first.

    Args:
        results: The matrix.

    Returns:
        A figure of its own, bound to no global state: left the rank in units of scratch's, right
        the probability of improvement. Blue and orange intervals exclude equality; bounds, which
        have seen the target, are hollow and last.

    Raises:
        InvalidArgumentError: If there is nothing to compare.
    """
    pooled, title = results.final_metrics(), results.title
    if pooled is None or not len(pooled):
        raise InvalidArgumentError("There is no method besides scratch to draw.")
    bound = pooled["sources"].isin(BOUNDS)
    table = pooled.assign(bound=bound).sort_values(
        ["bound", "mean_asymptotic_gain"], ascending=[True, False], kind="stable"
    )
    labels = [Entrant(m, s).label for m, s in zip(table["method"], table["sources"], strict=True)]
    # Inches.
    line, left, top, low = 0.27, 0.25 + 0.073 * max(map(len, labels)), 0.8, 0.55
    panel_w, gap = 2.1, 0.3
    width, height = left + 2 * panel_w + gap + 0.2, top + line * len(labels) + low
    figure = new_figure(width, height)
    for number in range(2):
        x = left + number * (panel_w + gap)
        place = (x / width, low / height, panel_w / width, line * len(labels) / height)
        axes = figure.add_axes(place)
        _draw(axes, table, probability=number == 1)
        axes.set_yticks(range(len(labels)), labels if number == 0 else [])
    head = f"{title}: against {BASELINE}" if title else f"Against {BASELINE}"
    figure.text(0.12 / width, 1 - 0.22 / height, head, fontsize=11, weight="bold", va="center")
    note = "mean over (source, target) pairs, 95 % interval over targets and controllers"
    note += "; hollow: has seen the target" if bound.any() else ""
    figure.text(0.12 / width, 1 - 0.44 / height, note, fontsize=8.5, color="0.3", va="center")
    return figure


def _draw(axes: Axes, table: pd.DataFrame, *, probability: bool) -> None:
    equal = 0.5 if probability else 1.0
    for place, row in enumerate(table.to_dict("records")):
        middle, low, high = _interval(row, probability=probability)
        # By rank less is better, by probability more.
        worse, better = (high < equal, low > equal) if probability else (low > equal, high < equal)
        colour = _BETTER if better else _WORSE if worse else _OPEN
        if not np.isnan(low):
            axes.plot([low, high], [place, place], color=colour, linewidth=2.2, alpha=0.6)
        face = "white" if row["bound"] else colour
        axes.plot([middle], [place], "o", color=colour, markerfacecolor=face, markersize=6)
    axes.axvline(equal, color="0.2", linewidth=0.9, zorder=0.5)
    axes.set_ylim(len(table) - 0.5, -0.5)
    if probability:
        axes.set_xlim(-_EDGE, 1 + _EDGE)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", ".25", ".5", ".75", "1"])
        axes.set_xlabel("probability of improvement", fontsize=9)
    else:
        axes.set_xscale("log")
        axes.set_xlabel("rank / scratch's rank (less is better)", fontsize=9)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0.5), max(high, 1.5))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter("")
    axes.grid(True, axis="x", which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _interval(row: Any, *, probability: bool) -> tuple[float, float, float]:
    if probability:
        name = "probability_of_improvement"
        return row[name], row[f"{name}_low"], row[f"{name}_high"]
    name = "mean_asymptotic_gain"
    return 10 ** -row[name], 10 ** -row[f"{name}_high"], 10 ** -row[f"{name}_low"]
