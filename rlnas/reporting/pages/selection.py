"""Task similarity against what was measured, and the choice of a source against the oracle."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.formats import estimate, format_count, format_share
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.gains import draw_gains
from rlnas.reporting.figures.selection import draw_selection
from rlnas.reporting.matrix.improvement import comparable
from rlnas.reporting.matrix.methods import entrants
from rlnas.reporting.pages.parts import TableCell, drawn_figure, heading, note, table
from rlnas.reporting.selection.measured_sources import gain_table
from rlnas.reporting.selection.summary import selection_summary

if TYPE_CHECKING:
    import pandas as pd

_PREFERRED = ("zero-shot", "weight-init")


def selection_section(estimates: pd.DataFrame, rows: pd.DataFrame, folder: Path, title: str) -> str:
    """Return the section, and write its figures.

    Args:
        estimates: estimator, target, source, seed, similarity, queries.
        rows: One row a cell of the matrix.
        folder: Where the figures are written.
        title: Name of the suite.
    """
    rows = comparable(rows)
    singles = [e.method for e in entrants(rows) if e.kind == "single"] if len(rows) else []
    start = heading("Choosing the source")
    if not singles:
        return start + note("No method of this run starts from one other task, so none can judge.")
    method = next((name for name in _PREFERRED if name in singles), singles[0])
    try:
        summary = selection_summary(estimates, rows, method)
        gains = gain_table(rows, method)
        scatter = draw_gains(estimates, gains, summary, method=method, title=title)
    except InvalidArgumentError as error:  # an unfinished run lacks the pairs to judge by
        return start + f"<p class='notice'>Not judged yet: {html.escape(str(error))}</p>"
    label = "Similarity of source and target against measured gain"
    caption = "A point is a (source, target) pair; an estimator's similarity has a unit of its own."
    parts = [start, drawn_figure(Drawing(scatter, "gains"), folder, label, caption)]
    chosen = Drawing(draw_selection(summary, method=method, title=title), "selection")
    label = "Mean rank from the chosen source, and how often it is the best"
    parts.append(drawn_figure(chosen, folder, label, _CHOICE))
    return "\n".join([*parts, _table(summary), note(_TABLE)])


_CHOICE = (
    "The target queries that an estimate takes are told, but not taken from the search. Random: "
    "any source; best-on-average: the source that helps most on the other targets; oracle: the "
    "best source, chosen and judged by the same seeds; cross-fitted: chosen by half of the seeds "
    "and judged by the other."
)
_TABLE = (
    "Spearman: correlation of similarity and gain over all pairs, and over the sources of a target "
    "(mean over targets). Regret: mean rank less that of the best source (optimistic oracle). Top "
    "1, top 2: share of the choices that are the best source, or among the best two."
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
