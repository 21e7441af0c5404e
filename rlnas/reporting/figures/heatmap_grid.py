"""Blocks of cells above one another with common targets: what heatmaps of ranks are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.formats import format_rank
from rlnas.reporting.figures.drawing import new_figure
from rlnas.runs.cell import BASELINE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = "RdBu_r"  # blue is fewer; distinct for all common kinds of colour blindness
_LIMIT = 1.5  # factor 32 either way; beyond it a difference needs no further shade
_FRAME = "#E69F00"  # seen on both ends of the colour scale
_DARK = 0.9  # from this shade on, white text is easier to read


@dataclass(frozen=True, eq=False)
class Block:
    """Rows that belong together.

    Attributes:
        names: Name of each row.
        ranks: ``(rows, targets)`` mean ranks, NaN where there is none.
        title: What the rows are, written beside them.
        framed: Whether cells whose row is named as their target are framed.
    """

    names: tuple[str, ...]
    ranks: NDArray[np.float64]
    title: str = ""
    framed: bool = False


def draw_blocks(
    blocks: Sequence[Block],
    targets: Sequence[str],
    scratch: NDArray[np.float64] | None,
    *,
    title: str,
    note: str,
) -> Figure:
    """Draw blocks of rows above one another, and scratch's row lowest.

    Args:
        blocks: From above to below; one or more.
        targets: The columns.
        scratch: ``(targets,)`` mean ranks from scratch; None leaves the cells white.
        title: First line above the figure.
        note: Lines below the title.

    Returns:
        A figure of its own, with axes for each block, for scratch, and for the colour bar. Colour
        is log10 of a mean rank over scratch's on the same target.
    """
    if scratch is not None:
        blocks = [*blocks, Block((BASELINE,), scratch[None, :])]
    rows = sum(len(block.names) for block in blocks)
    longest = max(len(name) for block in blocks for name in block.names)
    titled = any(block.title for block in blocks)
    # Inches. Few tasks get larger cells, so that title and colour bar find room.
    cell_w, cell_h = max(0.92, 3.7 / len(targets)), max(0.5, 2.4 / rows)
    left, right, gap = (0.65 if titled else 0.3) + 0.075 * longest, 1.2, 0.16
    low = 0.6 + 0.046 * max(map(len, targets))
    grid_w, grid_h = cell_w * len(targets), cell_h * rows + gap * (len(blocks) - 1)
    width, height = left + grid_w + right, low + grid_h + 0.92
    figure = new_figure(width, height)

    def place(x: float, y: float, w: float, h: float) -> Axes:
        axes: Axes = figure.add_axes((x / width, y / height, w / width, h / height))
        return axes

    image: Any = None
    top = low + grid_h
    for block in blocks:
        block_h = cell_h * len(block.names)
        axes = place(left, top - block_h, grid_w, block_h)
        top -= block_h + gap
        shade = np.full(block.ranks.shape, np.nan)
        if scratch is not None:
            shade = np.log10(block.ranks / scratch)
        image = _draw_cells(axes, block.ranks, shade)
        axes.set_yticks(range(len(block.names)), block.names)
        axes.set_ylabel(block.title, fontsize=9.5)
        axes.set_xticks([])
        if block.framed:
            _frame_own(axes, block.names, targets)
    axes.set_xticks(range(len(targets)), targets, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlabel("target", fontsize=10)
    if scratch is not None:
        bar_low = low + cell_h + gap
        bar = place(left + grid_w + 0.25, bar_low, 0.16, low + grid_h - bar_low)
        _draw_bar(figure, image, bar, few=rows <= 3)
    figure.text(left / width, 1 - 0.26 / height, title, fontsize=12, weight="bold", va="center")
    figure.text(
        left / width, 1 - 0.42 / height, note, fontsize=8.5, color="0.3", va="top", linespacing=1.3
    )
    return figure


def _draw_cells(axes: Axes, ranks: NDArray[np.float64], ratio: NDArray[np.float64]) -> Any:
    image = axes.imshow(ratio, cmap=_COLOURS, vmin=-_LIMIT, vmax=_LIMIT, aspect="auto")
    for (row, column), rank in np.ndenumerate(ranks):
        dark = abs(ratio[row, column]) > _DARK
        axes.text(
            column,
            row,
            format_rank(float(rank)),
            ha="center",
            va="center",
            fontsize=10,
            color="white" if dark else "black",
        )
    axes.set_xticks(np.arange(0.5, ranks.shape[1] - 1), minor=True)
    axes.set_yticks(np.arange(0.5, ranks.shape[0] - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def _draw_bar(figure: Figure, image: Any, place: Axes, *, few: bool) -> None:
    bar = figure.colorbar(image, cax=place, extend="both")
    ticks = [-1, 0, 1] if few else [-1.5, -1, -0.5, 0, 0.5, 1, 1.5]
    bar.set_ticks(ticks, labels=[_factor(t) for t in ticks])
    label = "rank vs scratch" if few else "fewer ← rank vs scratch → more"
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=9)
    bar.outline.set_visible(False)


def _frame_own(axes: Axes, names: Sequence[str], targets: Sequence[str]) -> None:
    from matplotlib.patches import Rectangle

    for row, name in enumerate(names):
        if name in targets:
            corner = (list(targets).index(name) - 0.47, row - 0.45)
            axes.add_patch(
                Rectangle(corner, 0.94, 0.9, fill=False, edgecolor=_FRAME, linewidth=1.8)
            )


def _factor(log10: float) -> str:
    """Return a power of ten as a factor: ``÷10``, ``×3.2``, ``equal``."""
    if log10 == 0:
        return "equal"
    return f"{'÷' if log10 < 0 else '×'}{10 ** abs(log10):.2g}"
