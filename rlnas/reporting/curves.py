"""Best rank against queries: how quickly each method finds a good architecture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.bands import Band, rank_bands
from rlnas.reporting.figures import new_figure, save_figure
from rlnas.reporting.improvement import BASELINE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's palette: distinct for all common kinds of colour blindness. With a dash pattern
# each, so that a grey print is readable too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("-", "--", "-.", ":")
_BAND_SEEDS = 2
_ALL = "all targets"


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
    panels = {_ALL: targets} if len(targets) > 1 else {}
    if per_target or not panels:
        panels |= {target: [target] for target in targets}
    bands = rank_bands(curves, panels)
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
    axes[0].set_yscale("log")  # and with it all, because axes are shared
    axes[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for panel, name in zip(axes, panels, strict=False):
        _draw_panel(panel, {m: bands[name, m] for m in methods if (name, m) in bands}, methods)
        weight = "bold" if name == _ALL else "normal"
        # At a fixed height, because finding one measures every tick label of the figure again.
        panel.set_title(name, fontsize=9.5, loc="left", y=1.0, weight=weight)
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
    axes[0].set_ylim(bottom=0.9)  # rank 1 is the best there is
    _draw_minor_ticks(list(axes[: len(panels)]))
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


def _draw_panel(axes: Axes, bands: dict[str, Band], methods: list[str]) -> None:
    for method, band in bands.items():
        index = methods.index(method)
        colour = "0.35" if method == BASELINE else _COLOURS[index % len(_COLOURS)]
        dash = _DASHES[index % len(_DASHES)]
        axes.plot(band.queries, band.estimate, dash, color=colour, label=method, linewidth=1.8)
        if band.seeds >= _BAND_SEEDS:
            axes.fill_between(
                band.queries, band.low, band.high, color=colour, alpha=0.18, linewidth=0
            )
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_minor_ticks(panels: Sequence[Axes]) -> None:
    """Draw the minor ticks of shared log axes as one line of marks a panel.

    Dozens a panel, each with a label and a grid line that nobody sees, are most of a figure's time.
    """
    from matplotlib import rcParams
    from matplotlib.lines import Line2D
    from matplotlib.markers import TICKLEFT, MarkerStyle
    from matplotlib.ticker import NullLocator

    low, high = panels[0].get_ylim()
    if high <= 10 * low:
        return  # within a decade minor ticks have labels
    places = [p for p in panels[0].yaxis.get_minorticklocs().tolist() if low <= p <= high]
    panels[0].yaxis.set_minor_locator(NullLocator())
    for panel in panels:
        marks = Line2D(
            [0.0] * len(places),
            places,
            linestyle="",
            marker=MarkerStyle(TICKLEFT),
            color=rcParams["ytick.color"],
            markersize=rcParams["ytick.minor.size"],
            markeredgewidth=rcParams["ytick.minor.width"],
            transform=panel.get_yaxis_transform(),
            clip_on=False,
            zorder=0.5,  # as the axis
        )
        panel.add_artist(marks)
