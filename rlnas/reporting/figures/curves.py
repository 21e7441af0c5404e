"""Best rank against queries: how quickly each method finds a good architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.drawing import new_figure, save_figure
from rlnas.reporting.figures.panels import ALL_TARGETS, add_panels, panel_size
from rlnas.reporting.figures.styles import LineStyle, method_styles
from rlnas.reporting.matrix.bands import Band, rank_bands
from rlnas.reporting.matrix.methods import IN_WORDS, with_kinds
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.search.numbers import SearchNumbers
from rlnas.runs.cell import BASELINE, SourceKind, with_controllers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAND_SEEDS = 2
_MANY = 5  # more bands than that, one over the other, hide the lines
_LEGEND_COLUMNS = 5


def draw_curves(
    results: MatrixNumbers | SearchNumbers,
    *,
    keep_diagonal: bool = False,
    sources: SourceKind = "single",
) -> Figure:
    """Draw the best rank so far against queries, one line a method.

    Args:
        results: The searches.
        keep_diagonal: Whether all rows are drawn, also those whose source is their target; by
            default only transfer is.
        sources: What is drawn of methods that transfer: searches from another task each
            (``single``), or from all others (``others``). Methods without a source are drawn
            always.

    Returns:
        A figure of its own, bound to no global state.

    Raises:
        InvalidArgumentError: If there is nothing to draw.
    """
    curves, title = results.curves, results.title
    styles = method_styles(curves)
    if not keep_diagonal:
        kinds = with_kinds(curves)["sources"]
        curves = curves[(kinds == sources) | (kinds == "none")]
    if not len(curves):
        raise InvalidArgumentError("There are no curves to draw; give at least one search.")
    targets = list(curves["target"].unique())
    # Scratch first in the legend, but drawn last, above the others' bands.
    methods = sorted(curves["method"].unique(), key=lambda m: m != BASELINE)
    panels = {ALL_TARGETS: targets} if len(targets) > 1 else {}
    panels |= {target: [target] for target in targets}
    bands = rank_bands(curves, panels)
    many = len(methods) > _MANY
    legend_lines = -(-len(methods) // _LEGEND_COLUMNS)
    top = 0.9 + 0.2 * legend_lines
    width, height = panel_size(len(panels), large_first=many)
    height += top + 0.55
    figure = new_figure(width, height)
    axes = add_panels(figure, list(panels), large_first=many, top=top)
    axes[0].set_yscale("log")  # and with it all, because axes are shared
    axes[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for panel, name in zip(axes, panels, strict=True):
        within = {m: bands[name, m] for m in methods if (name, m) in bands}
        # In a small panel many bands are a blur; there they are left to the tables.
        _draw_panel(panel, within, styles, banded=not many or name == ALL_TARGETS)
    figure.text(
        0.68 / width,
        1 - 0.2 / height,
        f"{title}: best rank against queries" if title else "Best rank against queries",
        fontsize=11,
        weight="bold",
        va="center",
    )
    single = None if keep_diagonal else sources
    note = _note(curves, single, large=many and len(panels) > 1)
    figure.text(0.68 / width, 1 - 0.4 / height, note, fontsize=8.5, color="0.3", va="center")
    axes[0].set_ylim(bottom=0.9)  # rank 1 is the best there is
    _draw_minor_ticks(axes)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.6 / width, 1 - 0.5 / height),
        ncols=min(len(labels), _LEGEND_COLUMNS),
        frameon=False,
        fontsize=9,
        handlelength=2.6,
    )
    return figure


def write_curves(results: MatrixNumbers | SearchNumbers, folder: str | Path) -> list[Path]:
    """Write ``curves.png`` and ``curves.svg`` and return their paths."""
    return save_figure(draw_curves(results), Path(folder) / "curves")


def _note(curves: pd.DataFrame, sources: SourceKind | None, *, large: bool) -> str:
    counts = with_controllers(curves).groupby("method")[["controller", "seed"]]
    runs = counts.agg("nunique").prod(axis=1)
    seeds = int(runs.max())
    span = str(seeds) if runs.min() == seeds else f"{runs.min()} to {seeds}"
    note = f"interquartile mean over {span} search{'es' if seeds > 1 else ''}"
    if seeds >= _BAND_SEEDS:
        note += ", 95 % band" + (" in the large panel" if large else "")
    if sources is None:
        return note
    kinds = with_kinds(curves)["sources"]
    if sources in kinds.unique():
        note += f"; from {IN_WORDS[sources]}"
    if curves.loc[kinds == "single", "source"].nunique() > 1:
        note += ", geometric mean over sources"
    return note


def _draw_panel(
    axes: Axes, bands: Mapping[str, Band], styles: Mapping[str, LineStyle], *, banded: bool
) -> None:
    alpha = 0.18 if len(bands) <= _MANY else 0.1
    for number, (method, band) in enumerate(bands.items()):
        style = styles[method]
        axes.plot(
            band.queries,
            band.estimate,
            linestyle=style.dash,
            color=style.colour,
            label=method,
            linewidth=1.8 if banded else 1.4,
            zorder=3 - 0.01 * number,
        )
        if banded and band.seeds >= _BAND_SEEDS:
            axes.fill_between(
                band.queries, band.low, band.high, color=style.colour, alpha=alpha, linewidth=0
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
