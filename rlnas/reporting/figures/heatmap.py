"""The transfer matrix as heatmaps: colour against scratch, the mean rank in each cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.figures.drawing import save_figure
from rlnas.reporting.figures.heatmap_grid import Block, draw_blocks
from rlnas.reporting.matrix.methods import with_kinds
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.runs.cell import ALL_TASKS, BASELINE, OTHERS, SourceKind

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_POOLS = {OTHERS: "all others", ALL_TASKS: "all tasks"}
_BLOCKS: tuple[tuple[SourceKind, str], ...] = (
    ("others", "all others"),
    ("none", "no source"),
    ("all", "all tasks"),
)


def draw_heatmap(results: MatrixNumbers, method: str) -> Figure:
    """Draw sources × targets of one transfer method, pools of sources apart, scratch below.

    Args:
        results: The matrix.
        method: The method to draw.

    Returns:
        A figure of its own, bound to no global state. Colour is log10 of the cell's mean rank
        over scratch's on the same target; without scratch rows the cells stay white.

    Raises:
        InvalidArgumentError: If the rows have no such method.
    """
    rows, title = results.rows, results.title
    part = rows[rows["method"] == method]
    if not len(part):
        raise InvalidArgumentError(
            f"The rows have no method {method!r}; they have {sorted(set(rows['method']))}."
        )
    targets = results.targets
    singles = tuple(dict.fromkeys(s for s in part["source"] if s not in _POOLS))
    pools = tuple(source for source in _POOLS if (part["source"] == source).any())
    blocks = []
    if singles:
        ranks = _means(part, "source", singles, targets)
        blocks.append(Block(singles, ranks, "source", framed=True))
    if pools:
        names = tuple(_POOLS[source] for source in pools)
        blocks.append(Block(names, _means(part, "source", pools, targets)))
    note = _note(part) + "\n1 is the best of the space"
    own = bool((part["source"] == part["target"]).any())
    note += "; frame: trained on the target" if own else ""
    note += "; all tasks: the target too" if ALL_TASKS in pools else ""
    scratch = None if method == BASELINE else _scratch(rows, targets)
    head = f"{title}: {method}" if title else method
    return draw_blocks(blocks, targets, scratch, title=head, note=note)


def draw_pool_heatmap(results: MatrixNumbers) -> Figure:
    """Draw methods × targets where nothing depends on the choice of a source.

    From above: methods from all tasks but the target, searchers without a source, methods from all
    tasks and so the target too (a bound), and scratch.

    Args:
        results: The matrix.

    Returns:
        A figure as `draw_heatmap` returns.

    Raises:
        InvalidArgumentError: If there are no such methods.
    """
    rows, targets, title = with_kinds(results.rows), results.targets, results.title
    blocks = []
    for kind, beside in _BLOCKS:
        part = rows[(rows["sources"] == kind) & (rows["method"] != BASELINE)]
        if len(part):
            methods = tuple(dict.fromkeys(part["method"]))
            ranks = _means(part, "method", methods, targets)
            # A lone row has no room for a title beside it.
            alone = len(methods) == 1 and kind != "none"
            names = tuple(f"{method}, {beside}" for method in methods) if alone else methods
            blocks.append(Block(names, ranks, "" if len(methods) == 1 else beside))
    if not blocks:
        raise InvalidArgumentError(
            "No method starts from all other tasks, or from none; expected one besides scratch."
        )
    head = f"{title}: every method" if title else "Every method"
    note = _note(rows) + "\n1 is the best of the space"
    note += "; all tasks: the target too" if (rows["sources"] == "all").any() else ""
    return draw_blocks(blocks, targets, _scratch(rows, targets), title=head, note=note)


def crossed_methods(results: MatrixNumbers) -> tuple[str, ...]:
    """Return the methods that are measured from single sources, which have a heatmap each."""
    found = [e.method for e in results.entrants if e.kind in ("single", "own")]
    methods = dict.fromkeys(map(str, results.rows["method"]))
    return tuple(method for method in methods if method in found and method != BASELINE)


def has_pools(results: MatrixNumbers) -> bool:
    """Return whether some method but scratch starts from no source or several."""
    return any(
        e.kind in ("others", "none", "all") and e.method != BASELINE for e in results.entrants
    )


def write_heatmaps(results: MatrixNumbers, folder: str | Path) -> list[Path]:
    """Write ``heatmap-<method>.png`` and ``.svg`` for every method that starts from one source.

    And ``heatmap-others`` of all methods, where some start from all other tasks, or from none.

    Returns:
        The paths written, PNG before SVG.
    """
    figures = {"heatmap-others": draw_pool_heatmap(results)} if has_pools(results) else {}
    for method in crossed_methods(results):
        figures[f"heatmap-{method}"] = draw_heatmap(results, method)
    home = Path(folder)
    return [path for name, drawn in figures.items() for path in save_figure(drawn, home / name)]


def _scratch(rows: pd.DataFrame, targets: Sequence[str]) -> NDArray[np.float64] | None:
    scratch = rows[rows["method"] == BASELINE]
    return _means(scratch, "method", (BASELINE,), targets)[0] if len(scratch) else None


def _means(
    rows: pd.DataFrame, by: str, names: Sequence[str], targets: Sequence[str]
) -> NDArray[np.float64]:
    means = rows.groupby([by, "target"])["rank"].mean()
    return np.array(
        [[float(means.get((name, t), np.nan)) for t in targets] for name in names], dtype=np.float64
    ).reshape(len(names), len(targets))


def _note(rows: pd.DataFrame) -> str:
    queries = int(rows["queries"].max())
    counts = rows.groupby(["method", "source", "target"]).size()
    span = (
        str(counts.max()) if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    )
    plural = "es" if counts.max() > 1 else ""
    return f"mean rank of the best of {queries} queries, {span} search{plural}"
