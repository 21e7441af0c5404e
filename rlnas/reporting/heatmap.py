"""The transfer matrix as a heatmap: colour against scratch, the mean rank in each cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures import new_figure, save_figure
from rlnas.reporting.improvement import BASELINE
from rlnas.reporting.names import format_rank

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = "RdBu_r"  # blue is fewer; distinct for all common kinds of colour blindness
_LIMIT = 1.5  # factor 32 either way; beyond it a difference needs no further shade
_FRAME = "#E69F00"  # seen on both ends of the colour scale
_DARK = 0.9  # from this shade on, white text is easier to read


def draw_heatmap(rows: pd.DataFrame, method: str, *, title: str = "") -> Figure:
    """Draw sources × targets of one transfer method, with the scratch row below.

    Args:
        rows: One row a cell of the matrix: source, target, method, seed, queries, rank.
        method: The method to draw.
        title: First line above the figure, e.g. the suite's name.

    Returns:
        A figure of its own, bound to no global state. Colour is log10 of the cell's mean rank
        over scratch's on the same target; without scratch rows the cells stay white.

    Raises:
        InvalidArgumentError: If the rows have no such method.
    """
    part = rows[rows["method"] == method]
    if not len(part):
        raise InvalidArgumentError(
            f"The rows have no method {method!r}; they have {sorted(set(rows['method']))}."
        )
    targets = list(dict.fromkeys(rows["target"]))
    sources = list(dict.fromkeys(part["source"]))
    ranks = _means(part, sources, targets)
    scratch = rows[rows["method"] == BASELINE]
    base = _means(scratch, list(dict.fromkeys(scratch["source"]))[:1], targets)
    compared = base.shape[0] == 1 and method != BASELINE

    # Inches. Few tasks get larger cells, so that title and colour bar find room.
    cell_w, cell_h = max(0.92, 3.7 / len(targets)), max(0.52, 2.1 / len(sources))
    left, right = 0.65 + 0.075 * _longest(sources), 1.2
    grid_w, grid_h = cell_w * len(targets), cell_h * len(sources)
    low, gap, row_h = 0.6 + 0.046 * _longest(targets), 0.16, 0.52 if compared else 0.0
    width, height = left + grid_w + right, low + row_h + gap + grid_h + 0.92
    figure = new_figure(width, height)

    def place(x: float, y: float, w: float, h: float) -> Axes:
        axes: Axes = figure.add_axes((x / width, y / height, w / width, h / height))
        return axes

    upper = place(left, low + row_h + gap, grid_w, grid_h)
    ratio = np.log10(ranks / base) if compared else np.full(ranks.shape, np.nan)
    image = _draw_cells(upper, ranks, ratio)
    upper.set_yticks(range(len(sources)), sources)
    upper.set_ylabel("source", fontsize=10)
    bottom = upper
    if compared:
        upper.set_xticks([])
        bottom = place(left, low, grid_w, row_h)
        _draw_cells(bottom, base, np.zeros_like(base))
        bottom.set_yticks([0], [BASELINE])
        bar = figure.colorbar(
            image, cax=place(left + grid_w + 0.25, low + row_h + gap, 0.16, grid_h), extend="both"
        )
        ticks = [-1.5, -1, -0.5, 0, 0.5, 1, 1.5] if len(sources) > 2 else [-1, 0, 1]
        bar.set_ticks(ticks, labels=[_factor(t) for t in ticks])
        bar.set_label("fewer ← rank vs scratch → more", fontsize=9)
        bar.ax.tick_params(labelsize=9)
        bar.outline.set_visible(False)
    bottom.set_xticks(range(len(targets)), targets, rotation=35, ha="right", rotation_mode="anchor")
    bottom.set_xlabel("target", fontsize=10)
    _outline_diagonal(upper, sources, targets)
    seeds, queries = part["seed"].nunique(), int(part["queries"].max())
    head = f"{title}: {method}" if title else method
    figure.text(left / width, 1 - 0.26 / height, head, fontsize=12, weight="bold", va="center")
    note = (
        f"mean rank of the best of {queries} queries, {seeds} seed{'s' if seeds > 1 else ''}\n"
        "1 is the best of the space; frame: trained on the target"
    )
    figure.text(
        left / width, 1 - 0.42 / height, note, fontsize=8.5, color="0.3", va="top", linespacing=1.3
    )
    return figure


def write_heatmaps(rows: pd.DataFrame, folder: str | Path, *, title: str = "") -> list[Path]:
    """Write ``heatmap-<method>.png`` and ``.svg`` for every method but scratch.

    Returns:
        The paths written, PNG before SVG.
    """
    paths: list[Path] = []
    for method in dict.fromkeys(rows["method"]):
        if method != BASELINE:
            figure = draw_heatmap(rows, method, title=title)
            paths += save_figure(figure, Path(folder) / f"heatmap-{method}")
    return paths


def _means(rows: pd.DataFrame, sources: list[str], targets: list[str]) -> NDArray[np.float64]:
    means = rows.groupby(["source", "target"])["rank"].mean()
    return np.array(
        [[float(means.get((s, t), np.nan)) for t in targets] for s in sources], dtype=np.float64
    ).reshape(len(sources), len(targets))


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


def _outline_diagonal(axes: Axes, sources: list[str], targets: list[str]) -> None:
    from matplotlib.patches import Rectangle

    for row, source in enumerate(sources):
        if source in targets:
            corner = (targets.index(source) - 0.47, row - 0.45)
            axes.add_patch(
                Rectangle(corner, 0.94, 0.9, fill=False, edgecolor=_FRAME, linewidth=1.8)
            )


def _longest(names: list[str]) -> int:
    return max(len(name) for name in [*names, BASELINE])


def _factor(log10: float) -> str:
    """Return a power of ten as a factor: ``÷10``, ``×3.2``, ``equal``."""
    if log10 == 0:
        return "equal"
    return f"{'÷' if log10 < 0 else '×'}{10 ** abs(log10):.2g}"
