"""Which figures a transfer matrix has, by the names of their files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.gains import draw_gains
from rlnas.reporting.figures.heatmap import (
    crossed_methods,
    draw_heatmap,
    draw_pool_heatmap,
    has_pools,
)
from rlnas.reporting.figures.methods import draw_methods
from rlnas.reporting.figures.selection import draw_selection
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.runs.cell import BASELINE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def matrix_figures(results: MatrixNumbers) -> dict[str, Callable[[], Figure]]:
    """Return what draws each figure that a matrix has the numbers for, by its name.

    ``methods``; ``heatmap-others`` and ``heatmap-<method>``; ``curves-others`` and ``curves``;
    with similarities ``gains`` and ``selection``, which raise `InvalidArgumentError` where an
    unfinished matrix lacks the pairs to judge by.

    Args:
        results: The matrix.
    """
    found: dict[str, Callable[[], Figure]] = {}
    ends = results.final_metrics()
    if ends is not None and len(ends):
        found["methods"] = partial(draw_methods, results)
    if has_pools(results):
        found["heatmap-others"] = partial(draw_pool_heatmap, results)
    for method in crossed_methods(results):
        found[f"heatmap-{method}"] = partial(draw_heatmap, results, method)
    if len(results.curves):
        kinds = {e.kind for e in results.entrants if e.method != BASELINE}
        if "others" in kinds:
            found["curves-others"] = partial(draw_curves, results, sources="others")
        if "single" in kinds or "others" not in kinds:
            # Where a run has no transfer yet, not even the diagonal is left out.
            whole = not kinds & {"single", "none"} and bool(kinds)
            found["curves"] = partial(draw_curves, results, keep_diagonal=whole)
    if results.similarities is not None and len(results.similarities) and results.judge:
        found |= {"gains": partial(draw_gains, results)}
        found |= {"selection": partial(draw_selection, results)}
    return found
