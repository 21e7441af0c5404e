"""Figures of the built-in suites beside TransNAS-Bench-101's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.figures.correlation_matrix import draw_correlation_matrix
from rlnas.reporting.figures.drawing import new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OURS, _THEIRS, _MARK = "#0072B2", "0.45", "#E69F00"
_BINS = 32


def draw_correlations(matrices: Mapping[str, pd.DataFrame], note: str) -> Figure:
    """Draw correlation matrices between the same tasks beside one another, two a row.

    Args:
        matrices: By title; the tasks are index and columns.
        note: Line below the title.
    """
    first = next(iter(matrices.values()))
    count, longest = len(first), max(map(len, first.index))
    # Inches.
    grid, left, gap, top, low = 0.5 * count, 0.25 + 0.078 * longest, 0.3, 0.95, 0.2
    names, title_h = 0.15 + 0.055 * longest, 0.3
    lines = -(-len(matrices) // 2)
    width = left + 2 * grid + gap + 0.2
    height = top + lines * (grid + names) + (lines - 1) * (title_h + 0.15) + low
    figure = new_figure(width, height)
    head = "How alike the tasks are"
    figure.text(0.12 / width, 1 - 0.25 / height, head, fontsize=12, weight="bold", va="center")
    figure.text(0.12 / width, 1 - 0.47 / height, note, fontsize=8.5, color="0.3", va="center")
    for number, (title, matrix) in enumerate(matrices.items()):
        x = left + (number % 2) * (grid + gap)
        y = top + (number // 2) * (grid + names + title_h + 0.15) + grid
        axes = figure.add_axes((x / width, 1 - y / height, grid / width, grid / height))
        draw_correlation_matrix(axes, matrix.to_numpy(np.float64), list(matrix.columns))
        axes.set_title(title, fontsize=10, loc="left")
        if number % 2:
            axes.set_yticks([])
    return figure


def draw_scores(
    ours: pd.DataFrame, theirs: pd.DataFrame | None, names: Sequence[str], units: Mapping[str, str]
) -> Figure:
    """Draw the distribution of each task's scores in two suites, and ranks against ranks.

    Args:
        ours: Raw metrics by architecture (rows) and task (columns), larger is better.
        theirs: The same architectures in the other suite; None leaves it out.
        names: Names of the two suites.
        units: What each task's numbers are, for the axes.
    """
    frames = [(names[0], ours, _OURS)] + ([] if theirs is None else [(names[1], theirs, _THEIRS)])
    rows = len(frames) + (theirs is not None)
    tasks = list(ours.columns)
    # Inches.
    cell_w, cell_h, left, gap_x, gap_y, top, low = 1.42, 1.05, 0.75, 0.16, 0.42, 0.95, 0.3
    width = left + len(tasks) * (cell_w + gap_x) + 0.1
    height = (
        top
        + rows * cell_h
        + (len(frames) - 1) * gap_y
        + (0.55 if theirs is not None else 0.1)
        + low
    )
    figure = new_figure(width, height)
    head = "How the architectures score"
    note = "each distinct network once; orange: median ┆ and best │"
    if theirs is not None:
        note += f"; below: rank in {names[0]} (→ better) against rank in {names[1]} (↑ better)"
    figure.text(0.12 / width, 1 - 0.25 / height, head, fontsize=12, weight="bold", va="center")
    figure.text(0.12 / width, 1 - 0.47 / height, note, fontsize=8.5, color="0.3", va="center")
    for column, task in enumerate(tasks):
        x = left + column * (cell_w + gap_x)
        for row in range(rows):
            y = top + row * (cell_h + gap_y) + cell_h + (0.13 if row == len(frames) else 0)
            place = (x / width, 1 - y / height, cell_w / width, cell_h / height)
            axes = figure.add_axes(place)
            if row < len(frames):
                name, frame, colour = frames[row]
                _draw_histogram(axes, frame[task].to_numpy(np.float64), colour, units[task])
            elif theirs is not None:
                name = "ranks"
                _draw_ranks(axes, ours[task], theirs[task])
            if row == 0:
                axes.set_title(task, fontsize=10, loc="left")
            if column == 0:
                axes.set_ylabel(name, fontsize=9.5)
    return figure


def _draw_histogram(axes: Axes, scores: NDArray[np.float64], colour: str, unit: str) -> None:
    scores = scores[np.isfinite(scores)]
    from matplotlib.ticker import MaxNLocator

    # A few networks learn nothing at all; they would squeeze all others into one bar.
    low = np.quantile(scores, 0.02)
    best = scores.max()
    span = (low - 0.05 * (best - low), best + 0.05 * (best - low))
    axes.hist(scores, bins=_BINS, range=span, color=colour, alpha=0.85)
    axes.axvline(np.median(scores), color=_MARK, linewidth=1.4, linestyle=":")
    axes.axvline(best, color=_MARK, linewidth=1.4)
    axes.set_xlim(span)
    axes.set_yticks([])
    axes.set_xlabel(unit, fontsize=8, labelpad=1)
    axes.tick_params(axis="x", labelsize=8, length=2, pad=1.5)
    # None close to an edge, where its label would run into the neighbour's.
    margin = 0.13 * (span[1] - span[0])
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(*span)
    axes.set_xticks([t for t in ticks if span[0] + margin < t < span[1] - margin][-3:])
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_ranks(axes: Axes, ours: pd.Series, theirs: pd.Series) -> None:
    both = ours.notna() & theirs.notna()
    x, y = ours[both].rank(pct=True), theirs[both].rank(pct=True)
    axes.hexbin(x, y, gridsize=14, cmap="Greys", linewidths=0.2, mincnt=1)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xticks([])
    axes.set_yticks([])
    label = f"Spearman {x.corr(y):.2f}".replace("0.", ".", 1)
    axes.set_xlabel(label, fontsize=8.5, labelpad=3)
    for spine in axes.spines.values():
        spine.set_color("0.8")
