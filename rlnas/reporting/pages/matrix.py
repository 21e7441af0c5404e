"""The body of a transfer matrix's page: its sections, in order."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.heatmap import heatmaps
from rlnas.reporting.figures.styles import method_styles
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.methods import with_kinds
from rlnas.reporting.pages.cells import best_section, cells_section
from rlnas.reporting.pages.headline import headline_section
from rlnas.reporting.pages.investment import investment_section
from rlnas.reporting.pages.metrics import metrics_section
from rlnas.reporting.pages.parts import drawn_figure, heading, note
from rlnas.reporting.pages.selection import selection_section
from rlnas.runs.cell import BASELINE
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd


def matrix_body(
    rows: pd.DataFrame,
    curves: pd.DataFrame,
    metrics: Mapping[str, Metric],
    folder: Path,
    *,
    title: str,
    estimates: pd.DataFrame | None = None,
    investment: Investment | None = None,
) -> str:
    """Return the page's body, and write its figures as files.

    A section whose numbers the run does not have is left out.

    Args:
        rows: One row a cell of the matrix.
        curves: One row a query of each.
        metrics: What the scores of each target mean.
        folder: Where the figures are written.
        title: Name of the suite.
        estimates: Similarities of sources and targets: estimator, target, source, seed,
            similarity, queries.
        investment: What a query and what pretraining cost; by default the cost of a query is that
            of the rows, and pretraining is free.
    """
    parts = [
        headline_section(rows, folder, title),
        _heatmaps(rows, folder, title),
        _curves(curves, folder, title),
        metrics_section(curves),
        investment_section(rows, curves, investment or Investment()),
    ]
    if estimates is not None and len(estimates):
        parts.append(selection_section(estimates, rows, folder, title))
    parts += [cells_section(rows), best_section(rows, metrics)]
    return "\n".join(part for part in parts if part)


def _heatmaps(rows: pd.DataFrame, folder: Path, title: str) -> str:
    """Return the heatmap of all methods and, side by side where there is room, one a method."""
    parts, sections, least = [], [], 0.0
    for method, drawn in heatmaps(rows, title=title):
        if not method:
            caption = f"{_CELL} Methods that transfer start from all tasks but the target."
            parts.append(heading("Without the choice of a source"))
            parts.append(drawn_figure(drawn, folder, "Mean rank by method and target", caption))
            continue
        least = max(least, drawn.least_width)
        label = f"Mean rank by source and target, {method}"
        sections.append(
            f"<section><h3>{html.escape(method)}</h3>"
            + drawn_figure(drawn, folder, label, f"{method}: source against target.")
            + "</section>"
        )
    if sections:
        parts += [heading("Every source on every target"), note(_CELL)]
        parts.append(f'<div class="gallery" style="--least:{least:.1f}in">')
        parts += [*sections, "</div>"]
    return "\n".join(parts)


_CELL = (
    "Cell: mean rank of the best architecture found. Colour: that rank against a controller that "
    "starts from scratch on the same target, blue is better."
)


def _curves(curves: pd.DataFrame, folder: Path, title: str) -> str:
    """Return the curves of methods from one source each and, apart, from all other tasks."""
    styles = method_styles(curves)
    kinds = set(with_kinds(curves[curves["method"] != BASELINE])["sources"])
    figures = []
    if "others" in kinds:
        drawn = Drawing(
            draw_curves(curves, title=title, sources="others", styles=styles), "curves-others"
        )
        caption = "From all other tasks at once. Lower and further left is better."
        figures.append(drawn_figure(drawn, folder, _LABEL, caption))
    if "single" in kinds or not figures:
        # Where a run has no transfer yet, not even the diagonal is left out.
        whole = not kinds & {"single", "none"} and bool(kinds)
        drawn = Drawing(
            draw_curves(curves, title=title, styles=styles, keep_diagonal=whole), "curves"
        )
        caption = "Only sources other than the target. Lower and further left is better."
        figures.append(drawn_figure(drawn, folder, _LABEL, caption))
    return heading("Progress of the search") + "\n".join(figures)


_LABEL = "Best rank against queries for each method"
