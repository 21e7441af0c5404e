"""Best rank against queries: how quickly each method finds a good architecture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.comparison import BASELINE
from rlnas.reporting.figures import new_figure, save_figure
from rlnas.reporting.statistics import bootstrap_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: distinct for all common kinds of colour blindness. With a dash pattern
# each, so that a grey print is readable too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("-", "--", "-.", ":")
_BAND_SEEDS = 2
_POINTS = 100  # more along one curve cannot be told apart


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
    if not len(curves):
        raise InvalidArgumentError("There are no curves to draw; give at least one search.")
    wide = curves.pivot_table(
        index="query", columns=["seed", "source", "target"], values="rank", sort=True
    )
    logs = np.log10(wide.reindex(range(1, int(wide.index.max()) + 1)).ffill())
    per_seed = logs.T.groupby(level="seed").mean().T
    shown = np.unique(np.linspace(0, len(per_seed) - 1, _POINTS).round().astype(int))
    per_seed = per_seed.iloc[shown]
    intervals = [
        bootstrap_interval(row, seed=query, resamples=500)
        for query, row in enumerate(per_seed.to_numpy(np.float64))
    ]
    return Band(
        per_seed.index.to_numpy(np.int64),
        np.array([10**i.estimate for i in intervals]),
        np.array([10**i.low for i in intervals]),
        np.array([10**i.high for i in intervals]),
        per_seed.shape[1],
    )


def draw_curves(
    curves: pd.DataFrame,
    *,
    title: str = "",
    per_target: bool = True,
    keep_diagonal: bool = False,
) -> Figure:
    """Draw the best rank so far against queries, one line a method.

    Args:
        curves: source, target, method, seed, query, rank.
        title: First line above the figure.
        per_target: Whether a panel for each target follows the panel over all targets.
        keep_diagonal: Whether rows whose source is their target are drawn; by default only
            transfer is.

    Returns:
        A figure of its own, bound to no global state.
    """
    if not keep_diagonal:
        curves = curves[curves["source"] != curves["target"]]
    if not len(curves):
        raise InvalidArgumentError("There are no curves to draw; give at least one search.")
    targets = list(dict.fromkeys(curves["target"]))
    methods = _order(dict.fromkeys(curves["method"]))
    panels = [("all targets", curves)] if len(targets) > 1 else []
    if per_target or not panels:
        panels += [(t, curves[curves["target"] == t]) for t in targets]
    columns = min(len(panels), 4)
    lines = math.ceil(len(panels) / columns)
    width, height = max(3.1 * columns, 5.6), 2.6 * lines + 1.35
    figure = new_figure(width, height)
    axes = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.68 / width,
        right=1 - 0.2 / width,
        top=1 - 1.1 / height,
        bottom=0.55 / height,
        wspace=0.08,
        hspace=0.24,
    )
    for panel, (name, part) in zip(axes, panels, strict=False):
        _draw_panel(panel, part, methods)
        panel.set_title(name, fontsize=9.5, loc="left", weight="bold" if part is curves else None)
    for empty in axes[len(panels) :]:
        empty.set_visible(False)
    for index, panel in enumerate(axes[: len(panels)]):
        if index + columns >= len(panels):  # the lowest of its column, also above a gap
            panel.set_xlabel("queries on the target", fontsize=9)
            panel.tick_params(labelbottom=True)
        if index % columns == 0:
            panel.set_ylabel("rank of the best so far", fontsize=9)
    seeds, sources = curves["seed"].nunique(), curves["source"].nunique()
    head = f"{title}: best rank against queries" if title else "Best rank against queries"
    figure.text(0.68 / width, 1 - 0.2 / height, head, fontsize=11, weight="bold", va="center")
    figure.text(
        0.68 / width,
        1 - 0.4 / height,
        f"interquartile mean over {seeds} seed{'s' if seeds > 1 else ''}"
        + (", 95 % bootstrap band" if seeds >= _BAND_SEEDS else "")
        + ("; geometric mean over sources" if sources > 1 else ""),
        fontsize=8.5,
        color="0.3",
        va="center",
    )
    axes[0].set_ylim(bottom=0.9)  # axes are shared; rank 1 is the best there is
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.6 / width, 1 - 0.5 / height),
        ncols=min(len(labels), 6),
        frameon=False,
        fontsize=9,
    )
    return figure


def write_curves(curves: pd.DataFrame, folder: str | Path, *, title: str = "") -> list[Path]:
    """Write ``curves.png`` and ``curves.svg`` and return their paths."""
    return save_figure(draw_curves(curves, title=title), Path(folder) / "curves")


def _order(methods: Sequence[str] | dict[str, None]) -> list[str]:
    """Return the methods with scratch first, so that it has the same colour in every figure."""
    return sorted(methods, key=lambda m: m != BASELINE)


def _draw_panel(axes: Axes, curves: pd.DataFrame, methods: list[str]) -> None:
    for index, method in enumerate(methods):
        part = curves[curves["method"] == method]
        if not len(part):
            continue
        band = rank_band(part)
        colour = "0.35" if method == BASELINE else _COLOURS[index % len(_COLOURS)]
        dash = _DASHES[index % len(_DASHES)]
        axes.plot(band.queries, band.estimate, dash, color=colour, label=method, linewidth=1.8)
        if band.seeds >= _BAND_SEEDS:
            axes.fill_between(
                band.queries, band.low, band.high, color=colour, alpha=0.18, linewidth=0
            )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
