"""The body of a search run's page."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rlnas.formats import format_range, format_rank, format_score
from rlnas.reporting.pages.parts import TableCell, table
from rlnas.reporting.terminal.search import search_summary
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd


def search_body(rows: pd.DataFrame, metrics: Mapping[str, Metric]) -> str:
    """Return a table for each searcher.

    Args:
        rows: One row a search.
        metrics: What the scores of each task mean.
    """
    parts = []
    for entry in search_summary(rows):
        name = entry["method"] + ("" if entry["source"] == "-" else f" from {entry['source']}")
        queries = list(entry["mean_over_tasks"]["rank_at"])
        head = ["task", "best score: IQM [95 %]", *(f"mean rank @{q}" for q in queries)]
        head += ["[95 %]", "best architecture"]
        lines: list[list[str | TableCell]] = []
        for task, found in entry["tasks"].items():
            score, ranks = found["best_score"], found["rank_at"]
            unit = metrics[task].unit if task in metrics else "1"
            text = format_score(score["iqm"]) + ("" if unit == "1" else f" {unit}")
            if score["low"] == score["low"]:
                text += f" [{format_score(score['low'])}, {format_score(score['high'])}]"
            last = ranks[queries[-1]]
            lines.append(
                [
                    *(task, text, *(format_rank(r["mean"]) for r in ranks.values())),
                    format_range(last["mean_low"], last["mean_high"]),
                    TableCell(found["best_architecture"] or "every query failed", "text"),
                ]
            )
        if len(lines) > 1:
            over = entry["mean_over_tasks"]["rank_at"]
            last = over[queries[-1]]
            lines.append(
                [
                    *("mean over tasks", "", *(format_rank(r["mean"]) for r in over.values())),
                    *(format_range(last["mean_low"], last["mean_high"]), ""),
                ]
            )
        parts.append(f"<h2>{html.escape(name)}</h2>" + table(head, lines))
    note = (
        "<p class='soft'>Rank 1 is the best of the whole space. Scores are maximised: a metric "
        "where less is better appears negated. Intervals are 95 % bootstrap intervals over "
        "seeds.</p>"
    )
    return "\n".join(parts) + note
