"""The body of a transfer matrix's page: its sections, in order."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.heatmap import crossed_methods
from rlnas.reporting.figures.matrix import matrix_figures
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.cells import best_section, cells_section
from rlnas.reporting.pages.harm import harm_section
from rlnas.reporting.pages.headline import headline_section
from rlnas.reporting.pages.investment import investment_section
from rlnas.reporting.pages.metrics import metrics_section
from rlnas.reporting.pages.page import write_page
from rlnas.reporting.pages.parts import drawn_figure, heading, note
from rlnas.reporting.pages.selection import selection_section

if TYPE_CHECKING:
    from rlnas.transfer.matrix.folder import MatrixRun


def write_matrix_page(results: MatrixNumbers, run: MatrixRun, investment: Investment) -> Path:
    """Write the page and the figures of a matrix into its folder, and return the page's path.

    Args:
        results: The matrix.
        run: Its folder.
        investment: What a query and what pretraining cost.
    """
    config = run.config
    sources = f" from sources of {config.source_suite}" if config.source_suite else ""
    several = f" of each of {config.controllers} controllers" if config.controllers > 1 else ""
    subtitle = (
        f"{len(results.targets)} tasks of {config.suite}{sources}, "
        f"methods {', '.join(config.methods)}, "
        f"{config.seeds} seeds{several}, {config.queries} queries on each target, "
        f"{config.steps:,} training steps on each source."
    )
    return write_page(
        run.folder,
        "matrix",
        title=f"Transfer matrix: {config.suite}",
        subtitle=subtitle,
        body=matrix_body(results, run.folder, investment),
        missing=len(run.missing()),
        seeds=tuple(range(config.seed, config.seed + config.seeds)),
    )


def matrix_body(results: MatrixNumbers, folder: Path, investment: Investment) -> str:
    """Return the page's body, and write its figures as files.

    A section whose numbers the run does not have is left out.

    Args:
        results: The matrix.
        folder: Where the figures are written.
        investment: What a query and what pretraining cost.
    """
    parts = [
        headline_section(results, folder),
        harm_section(results),
        _heatmaps(results, folder),
        _curves(results, folder),
        metrics_section(results),
        investment_section(results, investment),
        selection_section(results, folder),
        cells_section(results),
        best_section(results),
    ]
    return "\n".join(part for part in parts if part)


def _heatmaps(results: MatrixNumbers, folder: Path) -> str:
    """Return the heatmap of all methods and, side by side where there is room, one a method."""
    figures = matrix_figures(results)
    parts, sections, least = [], [], 0.0
    if draw := figures.get("heatmap-others"):
        drawn = Drawing(draw(), "heatmap-others")
        caption = f"{_CELL} Methods that transfer start from all tasks but the target."
        parts.append(heading("Without the choice of a source"))
        parts.append(drawn_figure(drawn, folder, "Mean rank by method and target", caption))
    for method in crossed_methods(results):
        drawn = Drawing(figures[f"heatmap-{method}"](), f"heatmap-{method}")
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


def _curves(results: MatrixNumbers, folder: Path) -> str:
    """Return the curves of methods from one source each and, apart, from all other tasks."""
    figures = matrix_figures(results)
    parts = [
        drawn_figure(Drawing(figures[name](), name), folder, _LABEL, f"{caption} {_BETTER}")
        for name, caption in _CAPTIONS.items()
        if name in figures
    ]
    return heading("Progress of the search") + "\n".join(parts)


_LABEL = "Best rank against queries for each method"
_CAPTIONS = {
    "curves-others": "From all other tasks at once.",
    "curves": "Only sources other than the target.",
}
_BETTER = "Lower and further left is better."
