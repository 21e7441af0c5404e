"""The page of searches on the tasks of a suite."""

from __future__ import annotations

import html
from pathlib import Path

from rlnas.formats import format_range, format_rank
from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.pages.page import write_page
from rlnas.reporting.pages.parts import TableCell, drawn_figure, heading, table
from rlnas.reporting.search.numbers import SearchNumbers
from rlnas.runs.search_run import SearchRun


def write_search_page(results: SearchNumbers, run: SearchRun) -> Path:
    """Write the page and the figure of searches into their folder, and return the page's path.

    Args:
        results: The searches.
        run: Their folder.
    """
    plan = run.plan
    subtitle = (
        f"{', '.join(dict.fromkeys(m for m, _ in plan.searchers))} on {', '.join(plan.tasks)} "
        f"of {plan.suite}: {len(plan.seeds)} seeds, {plan.queries} queries each."
    )
    return write_page(
        run.folder,
        "search",
        title=f"Search: {plan.suite}",
        subtitle=subtitle,
        body=search_body(results, run.folder),
        missing=len(run.missing()),
        seeds=plan.seeds,
    )


def search_body(results: SearchNumbers, folder: Path) -> str:
    """Return a table for each searcher and the curves of all, and write their figure.

    Args:
        results: The searches.
        folder: Where the figure is written.
    """
    parts = []
    for entry in results.summary():
        name = entry["method"] + ("" if entry["source"] == "-" else f" from {entry['source']}")
        queries = list(entry["mean_over_tasks"]["rank_at"])
        head = ["task", "best: IQM [95 %]", *(f"mean rank @{q}" for q in queries)]
        head += ["[95 %]", "best architecture"]
        lines: list[list[str | TableCell]] = []
        for task, found in entry["tasks"].items():
            score, ranks = found["best_score"], found["rank_at"]
            metric = results.metric(task)
            interval = metric.interval_text(score["low"], score["high"])
            text = f"{metric.text(score['iqm'])} {interval}".rstrip()
            last = ranks[queries[-1]]
            lines.append(
                [
                    *(f"{task}{metric.arrow}", text),
                    *(format_rank(r["mean"]) for r in ranks.values()),
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
        "<p class='soft'>Rank 1 is the best of the whole space. Where less is better a task has "
        "an arrow, ↓. Intervals are 95 % bootstrap intervals over seeds.</p>"
    )
    drawn = Drawing(draw_curves(results, keep_diagonal=True), "curves")
    curves = drawn_figure(drawn, folder, "Best rank against queries for each method", _CURVES)
    return "\n".join(parts) + note + heading("Progress of the search") + curves


_CURVES = (
    "The rank of the best architecture found so far; 1 is the best of the whole space. "
    "Lower and further left is better."
)
