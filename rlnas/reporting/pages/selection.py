"""Task similarity against what was measured, and the choice of a source against the oracle."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.formats import estimate, format_count, format_share
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.matrix import matrix_figures
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.parts import TableCell, drawn_figure, heading, note, table

if TYPE_CHECKING:
    import pandas as pd


def selection_section(results: MatrixNumbers, folder: Path) -> str:
    """Return the section, and write its figures; empty where nothing was estimated.

    Args:
        results: The matrix.
        folder: Where the figures are written.
    """
    if results.similarities is None or not len(results.similarities):
        return ""
    start = heading("Choosing the source")
    if results.judge is None:
        return start + note("No method of this run starts from one other task, so none can judge.")
    figures = matrix_figures(results)
    try:
        scatter = figures["gains"]()
    except InvalidArgumentError as error:  # an unfinished run lacks the pairs to judge by
        return start + f"<p class='notice'>Not judged yet: {html.escape(str(error))}</p>"
    label = "Similarity of source and target against measured gain"
    caption = "A point is a (source, target) pair; an estimator's similarity has a unit of its own."
    parts = [start, drawn_figure(Drawing(scatter, "gains"), folder, label, caption)]
    chosen = Drawing(figures["selection"](), "selection")
    label = "Mean rank from the chosen source, and how often it is the best"
    parts.append(drawn_figure(chosen, folder, label, _CHOICE))
    return "\n".join([*parts, _table(results.selection()), note(_TABLE)])


_CHOICE = (
    "The target queries that an estimate takes are told, but not taken from the search. Random: "
    "any source; best-on-average: the source that helps most on the other targets; oracle: the "
    "best source, chosen and judged by the same seeds; cross-fitted: chosen by half of the seeds "
    "and judged by the other."
)
_TABLE = (
    "Spearman: correlation of similarity and gain over all pairs, and over the sources of a target "
    "(mean over targets). Regret: mean rank less that of the best source (optimistic oracle). Top "
    "1, top 2: share of the choices that are the best source, or among the best two. 95 % "
    "intervals resample the targets."
)


def _table(summary: pd.DataFrame) -> str:
    head = ["estimator", "queries", "Spearman", "within a target", "mean rank", "regret"]
    head += ["top 1", "top 2"]
    lines: list[list[str | TableCell]] = []
    for row in summary.to_dict("records"):
        known = row["kind"] == "estimate" and not np.isnan(row["queries"])
        lines.append(
            [
                str(row["estimator"]),
                f"{row['queries']:g}" if known else "",
                *(estimate(row, name, _two) for name in ("spearman", "spearman_within")),
                *(estimate(row, name, format_count) for name in ("mean_rank", "regret")),
                *(estimate(row, name, format_share) for name in ("top1", "top2")),
            ]
        )
    return table(head, lines)


def _two(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
