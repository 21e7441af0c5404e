"""Every cell of a matrix against scratch, and the best architecture of each target, as tables."""

from __future__ import annotations

import math

from rlnas.formats import format_power, format_rank
from rlnas.reporting.matrix.improvement import sign_of
from rlnas.reporting.matrix.levels import resampled_in_words
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.parts import TableCell, folded, heading, note, table
from rlnas.runs.cell import BASELINE, NO_SOURCE


def cells_section(results: MatrixNumbers) -> str:
    """Return every cell against scratch, folded away; empty where there is nothing to compare.

    Args:
        results: The matrix.
    """
    rows = results.comparable_rows
    if not len(rows) or set(rows["method"]) == {BASELINE}:
        return ""
    head = ["method", "source", "target", "searches", "mean rank", "scratch", "rank ratio [95 %]"]
    head += ["p (Holm)", "P(better)", "sign"]
    lines: list[list[str | TableCell]] = []
    for gain in results.pairs().to_dict("records"):
        sign = sign_of(gain)
        kind = {"++": "better", "−−": "worse"}.get(sign, "")
        ratio = format_power(gain["log10_rank_difference"])
        if not math.isnan(gain["low"]):
            ratio += f" [{format_power(gain['low'])}, {format_power(gain['high'])}]"
        lines.append(
            [
                *(str(gain["method"]), TableCell(str(gain["source"]), "text")),
                *(TableCell(str(gain["target"]), "text"), str(gain["n"])),
                TableCell(format_rank(gain["mean_rank"]), kind),
                *(format_rank(gain["mean_rank_scratch"]), ratio, _chance(gain["p_holm"])),
                *(f"{gain['probability_of_improvement']:.2f}", TableCell(sign, kind)),
            ]
        )
    inner = table(head, lines) + note(f"{_CELLS} {resampled_in_words(rows, tasks=False)}")
    return heading("Cells") + folded(f"All {len(lines)} cells against scratch", inner)


def _chance(p: float) -> str:
    return "–" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


_CELLS = (
    "Rank ratio: rank over scratch's, by interquartile means of log ranks; below 1 is better. "
    "P(better): probability that a seed's best score beats a seed of scratch. Sign: + lower mean "
    "rank, − higher; doubled where it is sure at 5 % by Holm's correction over the cells of the "
    "method and kind of source; p after that correction."
)


def best_section(results: MatrixNumbers) -> str:
    """Return the best architecture that any search found on each target.

    Args:
        results: The matrix.
    """
    head = ["target", "metric", "best found", "architecture", "rank", "by"]
    lines: list[list[str | TableCell]] = []
    for target, part in results.rows.groupby("target", sort=False):
        known = part.dropna(subset=["best_score"])
        if not len(known):
            continue
        best = known.loc[known["best_score"].idxmax()]
        metric = results.metrics[str(target)]
        by = f"{best['method']}" + (
            "" if best["source"] == NO_SOURCE else f" from {best['source']}"
        )
        lines.append(
            [
                *(str(target), TableCell(f"{metric.name} ({metric.split})", "text")),
                metric.text(float(best["best_score"])),
                TableCell(str(best["best_architecture"]), "text"),
                *(format_rank(float(best["rank"])), TableCell(by, "text")),
            ]
        )
    return heading("Best architectures") + table(head, lines)
