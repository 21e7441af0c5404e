"""The transfer matrix on a terminal: a block a method, and all methods on 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rlnas.formats import format_range, format_rank, short_names
from rlnas.reporting.matrix.improvement import comparable, improvement_over_scratch
from rlnas.reporting.matrix.summary import matrix_summary
from rlnas.reporting.terminal.methods import method_tables
from rlnas.reporting.terminal.table import titled_table
from rlnas.runs.cell import ALL_TASKS, BASELINE, OTHERS

if TYPE_CHECKING:
    import pandas as pd

_Gains = dict[tuple[str, str, str], dict[Any, Any]]
"""Rows of `improvement_over_scratch` by method, source and target."""

_STYLES = {"++": "bold green", "+": "green", "−": "red", "−−": "bold red"}
_POOLS = {OTHERS: "all others", ALL_TASKS: "all tasks*"}
_MOST_BLOCKS = 4  # more push what they come to off the screen


def matrix_tables(rows: pd.DataFrame) -> RenderableType:
    """Return what `rich` prints of a transfer matrix: one block a method, and what it comes to.

    A cell is the mean rank over seeds of the best architecture found (1 is the best of the whole
    space). Its sign compares it with scratch on the same target, so that nothing depends on
    colour: ``+`` a lower (better) rank, ``−`` a higher one; doubled where the 95 % interval of
    the difference on the log scale excludes 0.

    Methods that start from one source have a block each, up to four of them; beyond that, and
    where methods start from all other tasks or from none, tables of all methods follow.

    Args:
        rows: One row a cell of the matrix: source, target, method, seed, queries, best_score,
            rank.
    """
    summary = matrix_summary(rows)
    targets = summary["targets"]
    short = short_names(targets)
    gains: _Gains | None = None
    if summary["scratch"] is not None:
        gains = {
            (gain["method"], gain["source"], gain["target"]): gain
            for gain in improvement_over_scratch(comparable(rows)).to_dict("records")
        }
    crossed = [m for m, entry in summary["methods"].items() if entry["all"] is not None]
    pooled = any(e["sources"] in ("others", "all") for e in summary["entrants"])
    searchers = any(e["sources"] == "none" and e["method"] != BASELINE for e in summary["entrants"])
    several = pooled or searchers or len(crossed) > _MOST_BLOCKS
    queries = int(rows["queries"].max())
    parts: list[RenderableType] = []
    shown = crossed if len(crossed) <= _MOST_BLOCKS else []
    for method in shown or ([] if several else [BASELINE]):
        title = f"{method}: mean rank of the best of {queries} queries"
        parts += [
            Text(title, style="bold"),
            _block(rows, gains, method, targets, short),
            _verdict(summary, method),
            "",
        ]
    if several:
        parts += method_tables(rows, summary, short)
    compared = gains is not None and bool(gains)
    return Group(*parts, _legend(rows, short, compared=compared, blocks=bool(shown)))


def _block(
    rows: pd.DataFrame,
    gains: _Gains | None,
    method: str,
    targets: Sequence[str],
    short: dict[str, str],
) -> Table:
    table = titled_table()
    table.add_column("source \\ target", no_wrap=True, max_width=16)
    for target in targets:
        table.add_column(short[target], justify="right", no_wrap=True)
    table.add_column("mean", justify="right", no_wrap=True)
    means = rows.groupby(["method", "source", "target"], sort=False)["rank"].mean().to_dict()
    if method != BASELINE:
        found = dict.fromkeys(rows.loc[rows["method"] == method, "source"])
        singles = [source for source in found if source not in _POOLS]
        for together in (singles, [pool for pool in _POOLS if pool in found]):
            for source in together:
                cells = [_cell(means, gains, (method, source, target)) for target in targets]
                name = _POOLS.get(source, str(source))
                table.add_row(name, *cells, _mean(means, method, source, targets))
            table.add_section()
    for source in dict.fromkeys(rows.loc[rows["method"] == BASELINE, "source"]):
        cells = [_cell(means, None, (BASELINE, source, target)) for target in targets]
        table.add_row(BASELINE, *cells, _mean(means, BASELINE, source, targets))
    return table


def _cell(means: Any, gains: _Gains | None, key: tuple[str, str, str]) -> Text:
    mean = float(means.get(key, np.nan))
    sign = "" if gains is None or key not in gains else sign_of(gains[key])
    text = Text(f"{format_rank(mean)}{sign:<2}" if gains is not None else format_rank(mean) + "  ")
    text.stylize(_STYLES.get(sign, ""))
    if key[1] == key[2]:
        text.stylize("italic")
    return text


def sign_of(gain: Any) -> str:
    """Return ``+``, ``++``, ``−``, ``−−``, or ``=`` for one row of `improvement_over_scratch`."""
    if gain["mean_rank"] == gain["mean_rank_scratch"]:
        return "="
    sign = "+" if gain["mean_rank"] < gain["mean_rank_scratch"] else "−"
    agrees = (gain["log10_rank_difference"] < 0) == (sign == "+")
    return sign * 2 if gain["excludes_zero"] and agrees else sign


def _mean(means: Any, method: str, source: str, targets: Sequence[str]) -> str:
    values = [float(means.get((method, source, target), np.nan)) for target in targets]
    return format_rank(float(np.mean(values)))


def _verdict(summary: dict[str, Any], method: str) -> Text:
    """Return what the block comes to, in words."""
    if method == BASELINE:
        return Text("")
    entry = summary["methods"][method]
    lines = []
    if against := entry.get("against_scratch"):
        lines.append(
            f"Beats {BASELINE} in {against['wins']} of {against['cells']} cells "
            f"({against['wins_off_diagonal']} of {against['cells_off_diagonal']} off the diagonal)."
        )
        lines.append(
            f"Interval excludes 0: better in {against['surely_better']}, "
            f"worse in {against['surely_worse']} cells."
        )
    if off := entry["off_diagonal"]:
        lines.append(f"Mean rank off the diagonal: {_number(off)}.")
    if best := entry["best_source_off_diagonal"]:
        lines.append(
            f"  best source of each target: {format_rank(best['mean'])} "
            "(chosen afterwards, so optimistic)."
        )
    if others := entry["others"]:
        lines.append(f"  from all others: {_number(others)}.")
    if scratch := summary["scratch"]:
        lines.append(f"  {BASELINE}: {_number(scratch)}.")
    return Text("\n".join(lines))


def _number(entry: dict[str, Any]) -> str:
    interval = format_range(entry["low"], entry["high"])
    spread = f" (IQM {format_rank(entry['iqm'])}, 95 % {interval})" if interval else ""
    return format_rank(entry["mean"]) + spread


def _legend(rows: pd.DataFrame, short: dict[str, str], *, compared: bool, blocks: bool) -> Text:
    seeds = rows.groupby(["method", "source", "target"])["seed"].nunique()
    span = str(seeds.min()) if seeds.min() == seeds.max() else f"{seeds.min()}–{seeds.max()}"
    plural = "" if span == "1" else "s"
    lines = [f"Rank 1 is the best of the whole space. Mean over {span} seed{plural}."]
    if compared and blocks:
        lines.append(
            "Sign against scratch on the same target: + lower (better), − higher; doubled "
            "where the 95 % bootstrap interval of the difference of log ranks excludes 0. "
            "To beat scratch is a lower mean and a lower IQM. Diagonal: trained on the target."
        )
    elif compared:
        lines.append(
            "To beat scratch is a lower mean and a lower IQM; surely: the 95 % bootstrap interval "
            "of the difference of log ranks excludes 0."
        )
    if blocks and (rows["source"] == ALL_TASKS).any():
        lines.append("*All tasks: the target among them, so a bound.")
    changed = [f"{label} {name}" for name, label in short.items() if label != name]
    if changed:
        lines.append("Columns: " + ", ".join(changed) + ".")
    return Text("\n".join(lines), style="dim")
