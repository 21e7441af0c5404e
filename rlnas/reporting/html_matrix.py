"""The body of a transfer matrix's page."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.reporting.comparison import matrix_summary
from rlnas.reporting.curves import draw_curves
from rlnas.reporting.figures import Drawing
from rlnas.reporting.heatmap import draw_heatmap
from rlnas.reporting.html_parts import TableCell, figure, table
from rlnas.reporting.improvement import BASELINE, improvement_over_scratch
from rlnas.reporting.matrix_table import sign_of
from rlnas.reporting.names import format_range, format_rank, format_score
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
) -> str:
    """Return the page's body, and write its figures as files.

    Args:
        rows: One row a cell of the matrix.
        curves: One row a query of each.
        metrics: What the scores of each target mean.
        folder: Where the figures are written.
        title: Name of the suite.
    """
    summary = matrix_summary(rows)
    parts = ["<h2>What it comes to</h2>", _overview(summary)]
    compared = summary["scratch"] is not None and bool(summary["methods"])
    for method in summary["methods"]:
        drawn = Drawing(draw_heatmap(rows, method, title=title), f"heatmap-{method}")
        drawn.save(folder)
        parts.append(f"<h2>{html.escape(method)}</h2>")
        parts.append(
            figure(
                drawn.inline(f"Mean rank by source and target, {method}"),
                "Cell: mean rank of the best architecture found. Colour: that rank against a "
                "controller that starts from scratch on the same target, blue is better.",
                wide=True,
            )
        )
    drawn = Drawing(draw_curves(curves, title=title), "curves")
    drawn.save(folder)
    parts.append("<h2>Progress of the search</h2>")
    parts.append(
        figure(
            drawn.inline("Best rank against queries for each method"),
            "Only sources other than the target. Lower and further left is better.",
            wide=True,
        )
    )
    if compared:
        parts.append(_cells(rows))
    parts.append(_targets(rows, metrics))
    return "\n".join(parts)


def _overview(summary: dict[str, Any]) -> str:
    head = ["method", "mean rank", "IQM [95 %]", "best source*", "beats scratch", "surely", "hurts"]
    lines: list[list[str | TableCell]] = []
    for method, entry in summary["methods"].items():
        off = entry["off_diagonal"] or entry["all"]
        best = entry["best_source_off_diagonal"]
        counts = entry.get("against_scratch", {})
        line = [method, format_rank(off["mean"]), _iqm(off)]
        line.append(format_rank(best["mean"]) if best else "–")
        of = counts.get("cells_off_diagonal")
        keys = ("wins", "surely_better", "surely_worse")
        line += [f"{counts[k + '_off_diagonal']} of {of}" if counts else "–" for k in keys]
        lines.append([*line])
    if summary["scratch"]:
        scratch = summary["scratch"]
        lines.append([BASELINE, format_rank(scratch["mean"]), _iqm(scratch), "–", "", "", ""])
    note = (
        "<p class='soft'>Over all pairs with source ≠ target; rank 1 is the best of the whole "
        "space. IQM: interquartile mean over seeds of a seed's mean rank, with its bootstrap "
        "interval. Beats scratch: lower mean and lower IQM; surely, hurts: the interval of the "
        "difference of log ranks excludes 0, for better or worse. *The best source of each target "
        "is chosen afterwards on the same seeds, so that number is optimistic.</p>"
    )
    return table(head, lines) + note


def _iqm(entry: dict[str, Any]) -> str:
    return f"{format_rank(entry['iqm'])} {format_range(entry['low'], entry['high'])}"


def _cells(rows: pd.DataFrame) -> str:
    """Return every cell against scratch, folded away."""
    head = ["method", "source", "target", "seeds", "mean rank", "scratch", "rank ratio [95 %]"]
    head += ["P(better)", "sign"]
    lines: list[list[str | TableCell]] = []
    for gain in improvement_over_scratch(rows).to_dict("records"):
        sign = sign_of(gain)
        kind = {"++": "better", "−−": "worse"}.get(sign, "")
        ratio = _ratio(gain["log10_rank_difference"])
        if not math.isnan(gain["low"]):
            ratio += f" [{_ratio(gain['low'])}, {_ratio(gain['high'])}]"
        lines.append(
            [
                *(str(gain["method"]), TableCell(str(gain["source"]), "text")),
                *(TableCell(str(gain["target"]), "text"), str(gain["n"])),
                TableCell(format_rank(gain["mean_rank"]), kind),
                *(format_rank(gain["mean_rank_scratch"]), ratio),
                *(f"{gain['probability_of_improvement']:.2f}", TableCell(sign, kind)),
            ]
        )
    return (
        f"<h2>Cells</h2><details><summary>All {len(lines)} cells against scratch</summary>"
        + table(head, lines)
        + "<p class='soft'>Rank ratio: rank over scratch's, by interquartile means of log ranks; "
        "below 1 is better. P(better): probability that a seed's best score beats a seed of "
        "scratch. Sign: + lower mean rank, − higher; doubled where the interval excludes 1.</p>"
        "</details>"
    )


def _ratio(log10: float) -> str:
    return f"{10**log10:.2g}"


def _targets(rows: pd.DataFrame, metrics: Mapping[str, Metric]) -> str:
    head = ["target", "metric", "best found", "architecture", "rank", "by"]
    lines: list[list[str | TableCell]] = []
    for target, part in rows.groupby("target", sort=False):
        known = part.dropna(subset=["best_score"])
        if not len(known):
            continue
        best = known.loc[known["best_score"].idxmax()]
        metric = metrics[str(target)]
        unit = "" if metric.unit == "1" else f" {metric.unit}"
        by = f"{best['method']}" + ("" if best["source"] == "-" else f" from {best['source']}")
        raw = metric.sign * float(best["best_score"])
        lines.append(
            [
                *(str(target), TableCell(f"{metric.name} ({metric.split})", "text")),
                *(format_score(raw) + unit, TableCell(str(best["best_architecture"]), "text")),
                *(format_rank(float(best["rank"])), TableCell(by, "text")),
            ]
        )
    return "<h2>Best architectures</h2>" + table(head, lines)
