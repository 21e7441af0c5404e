"""All methods of a transfer matrix on a terminal: by target, and what each comes to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from rlnas.formats import format_range, format_rank
from rlnas.reporting.matrix.methods import Entrant, entrants
from rlnas.reporting.matrix.summary import headline_sentences
from rlnas.reporting.terminal.table import titled_table
from rlnas.runs.cell import BASELINE, SourceKind

if TYPE_CHECKING:
    import pandas as pd

_Line = tuple[Entrant, list[str]]

_FROM: dict[SourceKind, str] = {
    "single": "from one other task",
    "others": "from all other tasks",
    "none": "from nothing",
    "all": "from all tasks*",
}
"""The kinds of source shown; cells whose source is the target itself are in the report."""


def method_tables(
    rows: pd.DataFrame, summary: dict[str, Any], short: dict[str, str]
) -> list[RenderableType]:
    """Return the mean rank of every method on every target, and what each method comes to.

    Args:
        rows: One row a cell of the matrix.
        summary: What `matrix_summary` said of them.
        short: Short names of the targets.
    """
    queries = int(rows["queries"].max())
    sentences = headline_sentences(summary["headline"])
    return [
        Text(f"All methods: mean rank of the best of {queries} queries", style="bold"),
        _by_target(rows, short),
        Text(_WORDS, style="dim"),
        "",
        Text("What it comes to", style="bold"),
        _overview(summary),
        *(Text(sentence) for sentence in sentences),
        "",
    ]


_WORDS = "From one other task: mean over all of them. *The target is among the sources, so a bound."


def _by_target(rows: pd.DataFrame, short: dict[str, str]) -> Table:
    table = _table([*short.values(), "mean"])
    lines: list[_Line] = []
    for entrant, part in entrants(rows).items():
        pairs = part.groupby(["target", "source"])["rank"].mean()
        means = pairs.groupby("target").mean()
        cells = [float(means.get(target, np.nan)) for target in short]
        lines.append((entrant, [format_rank(v) for v in (*cells, float(np.mean(cells)))]))
    return _fill(table, lines)


def _overview(summary: dict[str, Any]) -> Table:
    table = _table(["IQM [95 %]", "beats scratch", "surely", "hurts"])
    lines: list[_Line] = []
    for entry in summary["entrants"]:
        rank, counts = entry["rank"], entry["against_scratch"]
        interval = format_range(rank["low"], rank["high"])
        cells = [f"{format_rank(rank['iqm'])} {interval}".rstrip()]
        if counts is not None:
            cells.append(f"{counts['wins']} of {counts['cells']}")
            cells += [str(counts[key]) for key in ("surely_better", "surely_worse")]
        lines.append((Entrant(entry["method"], entry["sources"]), cells))
    return _fill(table, lines)


def _table(columns: Sequence[str]) -> Table:
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
