"""Figures of one search that left many networks: their front, and how the cell shrank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rlnas.reporting.figures.drawing import new_figure
from rlnas.spaces import CellSpace, get_space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rlnas.runs.pareto_run import ParetoRun

_FRONT, _OTHERS = "#0072B2", "0.55"  # the first of Okabe & Ito's palette
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#F0E442")
_MOST = 6
"""Cells in a strip."""


def draw_front(run: ParetoRun) -> Figure:
    """Draw the validation metric of every network against its multiply-accumulates."""
    from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

    figure = new_figure(7.6, 3.4)
    axes = figure.add_axes((0.1, 0.16, 0.62, 0.78))
    rows = run.rows[run.rows["error"].isna()]
    front = rows["on_front"].to_numpy(dtype=bool)
    macs, valid = rows["macs"].to_numpy(float), rows["valid"].to_numpy(float)
    axes.step(
        macs[front],
        valid[front],
        where="post",
        color=_FRONT,
        linewidth=1.4,
        zorder=2,
    )
    for kept, colour, label in ((front, _FRONT, "on the front"), (~front, _OTHERS, "beaten")):
        if kept.any():
            axes.plot(
                macs[kept], valid[kept], "o", color=colour, markersize=6, label=label, zorder=3
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("multiply-accumulates of one example", fontsize=9)
    metric = run.metric
    better = "" if metric.sign > 0 else "; lower is better"
    unit = f" ({metric.unit})" if metric.unit != "1" else ""
    axes.set_ylabel(f"{metric.name}{unit}{better}", fontsize=9)
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def draw_shrinking(run: ParetoRun) -> Figure:
    """Draw the cell at the beginning, on the way and at the end: a line for each operation."""
    from matplotlib.lines import Line2D

    space = get_space(run.settings["space"])
    if not isinstance(space, CellSpace):
        raise TypeError("a super-network is of a cell space")
    shown = np.unique(np.linspace(0, len(run.shapes) - 1, _MOST).round().astype(int))
    names = [name for o, name in enumerate(space.operations) if o != space.none]
    colours = {name: _COLOURS[n % len(_COLOURS)] for n, name in enumerate(names)}
    figure = new_figure(7.6, 2.1)
    width = 0.98 / len(shown)
    for place, number in enumerate(shown.tolist()):
        axes = figure.add_axes((0.01 + place * width, 0.18, width, 0.6))
        shape = run.shapes[number]
        _draw_cell(axes, space, shape["genotype"], colours)
        axes.set_title(f"step {shape['step']:,}\n{shape['macs'] / 1e6:.3g} M MACs", fontsize=8)
    handles = [Line2D([], [], color=colours[name], linewidth=2, label=name) for name in names]
    figure.legend(handles=handles, loc="lower center", ncol=len(names), frameon=False, fontsize=8.5)
    return figure


def _draw_cell(
    axes: Axes, space: CellSpace, genotype: list[list[str]], colours: dict[str, str]
) -> None:
    """Draw the nodes of a cell from left to right, and an arc for every operation."""
    positions = space.positions.tolist()
    bend = 0.24
    for (tail, head), names in zip(positions, genotype, strict=True):
        for number, name in enumerate(names):
            lift = (number - (len(names) - 1) / 2) * 0.13
            height = bend * (head - tail - 1) * (-1 if tail % 2 else 1) + lift
            t = np.linspace(0, 1, 30)
            axes.plot(
                tail + (head - tail) * t,
                4 * height * t * (1 - t),
                color=colours[name],
                linewidth=1.5,
                solid_capstyle="round",
            )
    last = max(head for _, head in positions)
    axes.plot(range(last + 1), [0] * (last + 1), "o", color="0.2", markersize=5, zorder=3)
    axes.set_xlim(-0.3, last + 0.3)
    axes.set_ylim(-0.55, 0.75)
    axes.axis("off")
