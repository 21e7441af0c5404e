"""The transfer matrix on a terminal: a block a method, and all methods on 80 columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rlnas.formats import format_range, format_rank, short_names
from rlnas.reporting.matrix.improvement import sign_of
from rlnas.reporting.matrix.levels import resampled_in_words
from rlnas.reporting.matrix.methods import RANDOM_LINE, Entrant
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.matrix.summary import headline_sentences
from rlnas.reporting.terminal.harm import NOTE, harm_table
from rlnas.reporting.terminal.table import titled_table
from rlnas.runs.cell import ALL_TASKS, BASELINE, OTHERS, SourceKind, with_controllers

if TYPE_CHECKING:
    import pandas as pd

_Gains = dict[tuple[str, str, str], dict[Any, Any]]
"""Rows of `improvement_over_scratch` by method, source and target."""

_STYLES = {"++": "bold green", "+": "green", "−": "red", "−−": "bold red"}
_POOLS = {OTHERS: "all others", ALL_TASKS: "all tasks*"}
_Line = tuple[Entrant, list[str]]
_FROM: dict[SourceKind, str] = {
    "single": "from one other task",
    "others": "from all other tasks",
    "none": "from nothing",
    "all": "from all tasks*",
}
"""The kinds of source shown; cells whose source is the target itself are in the report."""
_WORDS = "From one other task: mean over all of them. *The target is among the sources, so a bound."
_MOST_BLOCKS = 4  # more push what they come to off the screen


def matrix_tables(results: MatrixNumbers) -> RenderableType:
    """Return what `rich` prints of a transfer matrix: one block a method, and what it comes to.

    A cell is the mean rank over seeds of the best architecture found (1 is the best of the whole
    space). Its sign compares it with scratch on the same target, so that nothing depends on
    colour: ``+`` a lower (better) rank, ``−`` a higher one; doubled where it is sure by Holm's
    correction over the cells of the method (`improvement_over_scratch`).

    Methods that start from one source have a block each, up to four of them; beyond that, and
    where methods start from all other tasks or from none, tables of all methods follow.

    Args:
        results: The matrix.
    """
    rows, summary = results.rows, results.summary()
    short = short_names(summary["targets"])
    gains: _Gains | None = None
    if summary["scratch"] is not None:
        gains = {
            (gain["method"], gain["source"], gain["target"]): gain
            for gain in results.pairs().to_dict("records")
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
            _block(results, gains, method, short),
            _verdict(summary, method),
            "",
        ]
    if several:
        parts += _method_tables(results, short)
    if (found := results.harm()) is not None:
        parts += [harm_table(found), Text(NOTE, style="dim"), ""]
    compared = gains is not None and bool(gains)
    legend = _legend(rows, short, compared=compared, blocks=bool(shown))
    if results.random_ranks:
        legend.append(f"\n{EXACT}")
    return Group(*parts, legend)


def _block(
    results: MatrixNumbers,
    gains: _Gains | None,
    method: str,
    short: dict[str, str],
) -> Table:
    rows, targets = results.rows, list(short)
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
    if known := results.random_ranks:
        ranks = [format_rank(known[target]) + "  " for target in targets]
        table.add_row(RANDOM_LINE, *ranks, format_rank(_over(known, targets)))
    return table


def _over(ranks: Mapping[str, float], targets: Iterable[str]) -> float:
    return float(np.mean([ranks[target] for target in targets]))


def _cell(means: Any, gains: _Gains | None, key: tuple[str, str, str]) -> Text:
    mean = float(means.get(key, np.nan))
    sign = "" if gains is None or key not in gains else sign_of(gains[key])
    text = Text(f"{format_rank(mean)}{sign:<2}" if gains is not None else format_rank(mean) + "  ")
    text.stylize(_STYLES.get(sign, ""))
    if key[1] == key[2]:
        text.stylize("italic")
    return text


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
            f"Surely better in {against['surely_better']}, "
            f"surely worse in {against['surely_worse']} cells."
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
    """Return the mean and the interquartile mean, each with its own interval."""
    interval = format_range(entry["low"], entry["high"])
    spread = f" (IQM {format_rank(entry['iqm'])} {interval})" if interval else ""
    return _mean_rank(entry) + spread


def _mean_rank(entry: dict[str, Any]) -> str:
    interval = format_range(entry["mean_low"], entry["mean_high"])
    return f"{format_rank(entry['mean'])} {interval}".rstrip()


EXACT = (
    f"{RANDOM_LINE}: computed from the table, ties and failures counted; it has no error of its "
    "own."
)
"""What random search's line is."""

_SURE = (
    "where the difference of log ranks is sure at 5 % by Holm's correction over the cells of the "
    "method."
)


def _seeds(rows: pd.DataFrame) -> str:
    """Return how many searches a mean is over."""
    seeds = rows.groupby("method", sort=False)["seed"].nunique()
    most = seeds.mode().min()
    text = f"Mean over {most} seed{'' if most == 1 else 's'}"
    others = [f"{count} of {method}" for method, count in seeds[seeds != most].items()]
    if others:
        text += f" ({', '.join(others)})"
    controllers = int(with_controllers(rows)["controller"].nunique())
    return text + (f", by each of {controllers} controllers a source." if controllers > 1 else ".")


def _legend(rows: pd.DataFrame, short: dict[str, str], *, compared: bool, blocks: bool) -> Text:
    lines = [f"Rank 1 is the best of the whole space. {_seeds(rows)}"]
    if compared and blocks:
        lines.append(
            f"Sign against scratch on the same target: + lower (better), − higher; doubled {_SURE} "
            "To beat scratch is a lower mean and a lower IQM. Diagonal: trained on the target."
        )
    elif compared:
        lines.append(f"To beat scratch is a lower mean and a lower IQM; surely: {_SURE}")
    lines.append(f"Means are of these targets. {resampled_in_words(rows, tasks=False)}")
    if compared and rows["target"].nunique() > 1:
        lines.append(f"Against scratch over all targets: {resampled_in_words(rows, tasks=True)}")
    if blocks and (rows["source"] == ALL_TASKS).any():
        lines.append("*All tasks: the target among them, so a bound.")
    changed = [f"{label} {name}" for name, label in short.items() if label != name]
    if changed:
        lines.append("Columns: " + ", ".join(changed) + ".")
    return Text("\n".join(lines), style="dim")


def _method_tables(results: MatrixNumbers, short: dict[str, str]) -> list[RenderableType]:
    """Return the mean rank of every method on every target, and what each method comes to."""
    summary, queries = results.summary(), int(results.rows["queries"].max())
    sentences = headline_sentences(summary["headline"])
    return [
        Text(f"All methods: mean rank of the best of {queries} queries", style="bold"),
        _by_target(results, short),
        Text(_WORDS, style="dim"),
        "",
        Text("What it comes to", style="bold"),
        _overview(summary, results.random_ranks),
        *(Text(sentence) for sentence in sentences),
        "",
    ]


def _by_target(results: MatrixNumbers, short: dict[str, str]) -> Table:
    table = _method_table([*short.values(), "mean"])
    lines: list[_Line] = []
    for entrant, part in results.entrants.items():
        pairs = part.groupby(["target", "source"])["rank"].mean()
        means = pairs.groupby("target").mean()
        cells = [float(means.get(target, np.nan)) for target in short]
        lines.append((entrant, [format_rank(v) for v in (*cells, float(np.mean(cells)))]))
    if known := results.random_ranks:
        ranks = [*(known[target] for target in short), _over(known, short)]
        lines = _with_random(lines, [format_rank(rank) for rank in ranks])
    return _fill(table, lines)


def _with_random(lines: list[_Line], cells: list[str]) -> list[_Line]:
    """Return the lines with random search's exact one, last of those from nothing."""
    own = (Entrant(RANDOM_LINE, "none"), cells)
    after = next(
        (n for n, line in enumerate(lines) if line[0].place > Entrant(BASELINE, "none").place),
        len(lines),
    )
    return [*lines[:after], own, *lines[after:]]


def _overview(summary: dict[str, Any], random: Mapping[str, float]) -> Table:
    twins = any("twins_rank" in entry for entry in summary["entrants"])
    judge = ["twins"] if twins else []
    table = _method_table(["mean [95 %]", *judge, "beats scratch", "surely", "hurts"])
    lines: list[_Line] = []
    for entry in summary["entrants"]:
        rank, counts = entry["rank"], entry["against_scratch"]
        cells = [_mean_rank(rank)]
        if twins:
            cells.append(format_rank(entry.get("twins_rank", float("nan"))))
        if counts is not None:
            cells.append(f"{counts['wins']} of {counts['cells']}")
            cells += [str(counts[key]) for key in ("surely_better", "surely_worse")]
        lines.append((Entrant(entry["method"], entry["sources"]), cells))
    if random:
        lines = _with_random(lines, [format_rank(_over(random, summary["targets"]))])
    return _fill(table, lines)


def _method_table(columns: Sequence[str]) -> Table:
    table = titled_table()
    table.add_column("method", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _fill(table: Table, lines: Iterable[_Line]) -> Table:
    """Add the lines, those of a kind of source under a heading."""
    shown = [line for line in lines if line[0].kind in _FROM]
    for kind, part in itertools.groupby(shown, key=lambda line: line[0].kind):
        table.add_row(Text(_FROM[kind], style="italic dim"))
        for entrant, cells in part:
            table.add_row(
                entrant.method, *cells, style="bold" if entrant.method == BASELINE else ""
            )
        table.add_section()
    return table
