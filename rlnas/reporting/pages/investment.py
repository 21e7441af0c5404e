"""Return on investment of a matrix as a table: what transfer saves, and when it has paid."""

from __future__ import annotations

import math
from typing import Any

from rlnas.formats import estimate, format_count, format_share
from rlnas.reporting.matrix.investment import Investment, PerTask
from rlnas.reporting.matrix.methods import IN_WORDS
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.parts import TableCell, folded, heading, note, table
from rlnas.runs.cell import BASELINE


def investment_section(results: MatrixNumbers, investment: Investment) -> str:
    """Return the section; empty where no method transfers, or without scratch.

    Args:
        results: The matrix.
        investment: What a query and what pretraining cost.
    """
    found = results.return_on_investment(investment) if results.compares else []
    if not found:
        return ""
    timed = any(not math.isnan(entry["seconds_saved"]) for entry in found)
    by_quality = {
        quality: _table(
            [e for e in found if e["quality"] == quality],
            _unit(investment, results.cost_name) if timed else "",
        )
        for quality in ("baseline", "method")
    }
    return "\n".join(
        [
            heading("Return on investment"),
            by_quality["baseline"],
            note(_words(found, investment, results.cost_name, timed=timed)),
            folded("To reach what the method reaches", by_quality["method"] + note(_OWN)),
        ]
    )


_OWN = (
    "Here both sides have to reach the rank that the method ends with; a baseline that does not "
    "get there within the budget counts as the whole budget, so what is saved is a lower bound."
)


def _unit(investment: Investment, cost_name: str) -> str:
    """Return what hours are of: a table may tell the seconds of another device than a GPU."""
    if investment.cost_per_query_seconds is not None:
        return "GPU h"
    return "processor h" if cost_name.startswith("cpu_") else "h"


def _table(found: list[dict[str, Any]], unit: str) -> str:
    head = ["method", "from", "against", "queries saved", "reached"]
    head += ["pretraining queries"]
    if unit:
        head += [f"{unit} saved", f"pretraining {unit}"]
    lines: list[list[str | TableCell]] = []
    for entry in found:
        against = BASELINE if entry["against"] == BASELINE else "best searcher"
        reached = (format_share(entry[name]) for name in ("reached", "reached_baseline"))
        line: list[str | TableCell] = [
            entry["method"],
            *(TableCell(text, "text") for text in (IN_WORDS[entry["sources"]], against)),
            TableCell(estimate(entry, "queries_saved", format_count), _kind(entry)),
            " / ".join(reached),
            format_count(entry["invested_queries"]),
        ]
        if unit:
            line += [
                estimate(entry, "gpu_hours_saved", _hours),
                _hours(entry["invested_gpu_hours"]),
            ]
        # Where seconds are known they are what is paid; queries alone leave out the training.
        line.append(_pays(entry, "break_even_seconds" if unit else "break_even_queries"))
        lines.append(line)
    return table([*head, "pays after, targets"], lines)


def _kind(entry: dict[str, Any]) -> str:
    if entry["queries_saved_low"] > 0:
        return "better"
    return "worse" if entry["queries_saved_high"] < 0 else ""


def _pays(entry: dict[str, Any], name: str) -> str:
    value = entry[name]
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "never"
    if value == 0:
        return "at once"
    return estimate(entry, name, format_count)


def _hours(value: float) -> str:
    if math.isnan(value):
        return "–"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"
    return text.replace("-", "−")


def _words(
    found: list[dict[str, Any]], investment: Investment, cost_name: str, *, timed: bool
) -> str:
    text = (
        "Queries saved on each target until the rank is reached that the baseline ends with, "
        "mean over pairs, with a 95 % interval over targets; reached: share of the searches that "
        "get there, by the method and by the baseline. "
    )
    best = {
        target: name
        for entry in found
        if entry["against"] != BASELINE
        for target, name in entry["baselines"].items()
    }
    if best:
        chosen = ", ".join(f"{name} on {target}" for target, name in best.items())
        text += (
            f"The best searcher without a source is chosen for each target afterwards, which "
            f"favours it: {chosen}. "
        )
    evaluated = _given(investment.source_queries)
    text += (
        f"Pretraining counts {evaluated} evaluated architectures for each source task, as if its "
        "table had to be made for this; where the table is there anyway, pretraining costs no "
        "query and pays at once. "
        if evaluated != "0"
        else "The tables of the sources are taken to be there, so that pretraining costs no query. "
    )
    if not timed:
        return text + (
            "The searches carry no cost in seconds; to count GPU hours give --cost-per-query "
            "SECONDS, in Python cost_per_query_seconds=SECONDS."
        )
    cost = investment.cost_per_query_seconds
    text += (
        f"Seconds of a query are those of the benchmark's table ({cost_name or 'its costs'})"
        if cost is None
        else f"A query takes {_given(cost)} s"
    )
    return text + (
        f"; training a controller {_given(investment.pretraining_seconds)} s; each on "
        f"{investment.gpus:g} {'GPU' if cost is not None else 'device'}"
        f"{'s' if investment.gpus != 1 else ''}."
    )


def _given(value: PerTask) -> str:
    if isinstance(value, (int, float)):
        return format_count(value)
    return ", ".join(f"{task} {format_count(number)}" for task, number in value.items())
