"""Similarity of source and target against what the source was worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rlnas.formats import estimate
from rlnas.reporting.figures.drawing import new_figure
from rlnas.reporting.matrix.numbers import MatrixNumbers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A colour and a marker for each target: lists of coprime lengths, so that no pair comes twice soon.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
_COLUMNS = 3
_LEGEND_COLUMNS = 4


def draw_gains(results: MatrixNumbers) -> Figure:
    """Draw a panel for each estimator: similarity against measured gain, a point a pair.

    Args:
        results: The matrix, with similarities.

    Returns:
        A figure of its own, bound to no global state. A similarity is the mean over seeds; its
        unit is the estimator's own, so the panels share only the other axis.

    Raises:
        InvalidArgumentError: If no pair has both a similarity and a gain.
    """
    summary, points, title = results.selection(), results.similarities_and_gains(), results.title
    estimators = list(dict.fromkeys(points["estimator"]))
    targets = list(dict.fromkeys(points["target"]))
    columns = min(len(estimators), _COLUMNS)
    lines = math.ceil(len(estimators) / columns)
    top = 0.85 + 0.2 * math.ceil(len(targets) / _LEGEND_COLUMNS)
    width, height = max(2.6 * columns + 0.85, 5.8), 2.45 * lines + top + 0.55
    figure = new_figure(width, height)
    panels = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.68 / width,
        right=1 - 0.2 / width,
        top=1 - (top + 0.3) / height,
        bottom=0.55 / height,
        wspace=0.1,
        hspace=0.55,
    )
    found = {row["estimator"]: row for row in summary.to_dict("records")}
    for place, (panel, name) in enumerate(zip(panels, estimators, strict=False)):
        _draw_panel(panel, points[points["estimator"] == name], targets)
        heading = name
        if name in found:
            heading += f"\nSpearman {estimate(found[name], 'spearman', _correlation)}"
        panel.set_title(heading, fontsize=9, loc="left", linespacing=1.3)
        if place + columns >= len(estimators):
            panel.set_xlabel("similarity", fontsize=9)
        if place % columns == 0:
            panel.set_ylabel("gain over scratch", fontsize=9)
    for empty in panels[len(estimators) :]:
        empty.set_visible(False)
    panels[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    head = f"{title}: similarity against gain" if title else "Similarity against gain"
    figure.text(0.12 / width, 1 - 0.22 / height, head, fontsize=11, weight="bold", va="center")
    note = (
        f"{results.judge}; gain in powers of ten of the rank: 1 is a rank ten times lower than "
        "scratch's"
    )
    figure.text(0.12 / width, 1 - 0.42 / height, note, fontsize=8.5, color="0.3", va="center")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        title="target",
        title_fontsize=9,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(0.05 / width, 1 - 0.47 / height),
        ncols=_LEGEND_COLUMNS,
        frameon=False,
        fontsize=9,
        handletextpad=0.2,
    )
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, targets: list[str]) -> None:
    for number, target in enumerate(targets):
        part = points[points["target"] == target]
        axes.scatter(
            part["similarity"],
            part["gain"],
            s=26,
            marker=_MARKERS[number % len(_MARKERS)],
            color=_COLOURS[number % len(_COLOURS)],
            edgecolor="white",
            linewidth=0.5,
            label=target,
            zorder=2,
        )
    axes.axhline(0, color="0.3", linewidth=0.9, zorder=1)
    axes.grid(True, color="0.9", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _correlation(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
