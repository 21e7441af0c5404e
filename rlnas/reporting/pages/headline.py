"""What a transfer matrix comes to: in words, as a figure, and as a table of methods."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from rlnas.formats import format_number, format_range, format_rank
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.figures.matrix import matrix_figures
from rlnas.reporting.matrix.levels import resampled_in_words
from rlnas.reporting.matrix.methods import RANDOM_LINE, Entrant
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.matrix.summary import headline_sentences
from rlnas.reporting.pages.parts import TableCell, drawn_figure, heading, note, table
from rlnas.reporting.terminal.matrix import EXACT
from rlnas.runs.cell import BASELINE


def headline_section(results: MatrixNumbers, folder: Path) -> str:
    """Return the first section, and write its figure.

    Args:
        results: The matrix.
        folder: Where the figure is written.
    """
    summary = results.summary()
    first, *others = headline_sentences(summary["headline"])
    parts = [heading("What it comes to"), f"<p class='headline'>{html.escape(first)}</p>"]
    if others:
        items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in others)
        parts.append(f"<ul>{items}</ul>")
    if summary["headline"]:
        parts.append(note(_CHOSEN + " " + _resampled(results)))
    if draw := matrix_figures(results).get("methods"):
        label = "Rank against scratch and probability of improvement for each method"
        parts.append(drawn_figure(Drawing(draw(), "methods"), folder, label, _FIGURE))
    told = [_TABLE, resampled_in_words(results.rows, tasks=False)]
    told += [f"{EXACT[0].upper()}{EXACT[1:]}"] if results.random_ranks else []
    parts += [_overview(results), note(" ".join(told)), *_judged(results)]
    return "\n".join(parts)


def _resampled(results: MatrixNumbers) -> str:
    ranks, gains = (resampled_in_words(results.rows, tasks=tasks) for tasks in (False, True))
    return f"Mean ranks: {ranks} Comparisons: {gains}"


_CHOSEN = (
    "The best method, and the best searcher, are chosen afterwards on the same seeds, so their own "
    "numbers are optimistic."
)
_FIGURE = (
    "At the end of the budget. A lone name starts from one other task (mean over all of them), or "
    "from none. Rank against scratch: mean over pairs of the difference of interquartile means of "
    "log rank. Probability of improvement: that a search ends better than one from scratch."
)
_TABLE = (
    "Rank 1 is the best of the whole space. Searches: of each source, controller and target. Mean "
    "and interquartile mean (IQM) over them of their mean rank over these targets, each with its "
    "own interval. Beats scratch: (source, target) pairs with a lower mean and a lower IQM; "
    "surely, hurts: the difference of log ranks is sure, for better or worse, at 5 % by Holm's "
    "correction over the pairs of its row. *The best source of each target is chosen afterwards on "
    "the same seeds, so that number is optimistic. Bounds have seen the target."
)


def _overview(results: MatrixNumbers) -> str:
    summary = results.summary()
    head = ["method", "from", "searches", "mean rank [95 %]", "IQM [95 %]", "best source*"]
    head += ["beats scratch"]
    head += ["surely", "hurts"]
    lines: list[list[str | TableCell]] = []
    for entry in summary["entrants"]:
        rank, counts = entry["rank"], entry["against_scratch"]
        entrant = Entrant(entry["method"], entry["sources"])
        line: list[str | TableCell] = [
            entrant.method,
            TableCell(entrant.starts_from, "text"),
            str(entry["searches"]),
            *(
                f"{format_rank(rank[name])} {format_range(rank[low], rank[high])}".rstrip()
                for name, low, high in (("mean", "mean_low", "mean_high"), ("iqm", "low", "high"))
            ),
        ]
        best = None
        if entrant.method != BASELINE and entrant.kind == "single":
            best = summary["methods"][entrant.method]["best_source_off_diagonal"]
        line.append(format_rank(best["mean"]) if best else "")
        if counts is None:
            line += ["", "", ""]
        else:
            keys = ("wins", "surely_better", "surely_worse")
            line += [f"{counts[key]} of {counts['cells']}" for key in keys]
        lines.append(line)
    if random := results.random_ranks:
        mean = sum(random.values()) / len(random)
        own = Entrant(RANDOM_LINE, "none")
        lines.append([own.method, TableCell(own.starts_from, "text"), "", format_rank(mean)])
        lines[-1] += [""] * (len(head) - len(lines[-1]))
    return table(head, lines)


def _judged(results: MatrixNumbers) -> list[str]:
    """Return how good what was found is beyond the one training that the search saw."""
    columns = [name for name in ("denoised_regret", "twins_rank") if name in results.rows]
    if not columns or results.rows[columns].isna().all(axis=None):
        return []
    targets, twins = results.targets, "twins_rank" in columns
    head = ["method", "from", *targets] + (["twins' rank"] if twins else [])
    lines: list[list[str | TableCell]] = []
    for entrant, part in results.entrants.items():
        means = part.groupby("target")[columns].mean()
        line: list[str | TableCell] = [entrant.method, TableCell(entrant.starts_from, "text")]
        regret: Any = means.get("denoised_regret", {})
        line += [format_number(float(regret.get(target, float("nan")))) for target in targets]
        line += [format_rank(float(means["twins_rank"].mean()))] if twins else []
        lines.append(line)
    return [heading("Behind the noise of one training"), table(head, lines), note(_JUDGED)]


_JUDGED = (
    "Mean over searches of the denoised regret on each target: how far the expected noise-free "
    "score of what was found is below the best expected one, in the metric's unit. Twins' rank: "
    "mean rank, over targets, of the other trainings of the networks that were found."
)
