"""What searches found, as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table

from rlnas.formats import format_range, format_rank
from rlnas.reporting.search.numbers import SearchNumbers
from rlnas.reporting.terminal.table import titled_table
from rlnas.tasks import Metric


def search_tables(results: SearchNumbers) -> list[Table]:
    """Return tables of at most 80 columns: one for each searcher, or one in all of a single task.

    Args:
        results: The searches.
    """
    summary = results.summary()
    tasks = list(dict.fromkeys(task for entry in summary for task in entry["tasks"]))
    if len(tasks) == 1:
        seeds = sorted({entry["seeds"] for entry in summary})
        metric = results.metric(tasks[0])
        title = f"{tasks[0]}: {metric.title}"
        over = summary[0]["mean_over_tasks"]["rank_at"]
        twins = any("twins_rank" in entry["mean_over_tasks"] for entry in summary)
        table = _new_table(title, seeds, "searcher", over, twins=twins)
        for entry in summary:
            table.add_row(_name(entry), *_cells(entry["tasks"][tasks[0]], metric, twins=twins))
        return [table]
    tables = []
    for entry in summary:
        over = entry["mean_over_tasks"]
        twins = "twins_rank" in over
        table = _new_table(_name(entry), [entry["seeds"]], "task", over["rank_at"], twins=twins)
        for task, found in entry["tasks"].items():
            metric = results.metric(task)
            table.add_row(f"{task}{metric.arrow}", *_cells(found, metric, twins=twins))
        table.add_section()
        table.add_row("mean over tasks", "", *_ranks(over, twins=twins))
        tables.append(table)
    return tables


def _name(entry: dict[str, Any]) -> str:
    source = entry["source"]
    return str(entry["method"]) if source == "-" else f"{entry['method']} ← {source}"


def _new_table(
    title: str, seeds: list[int], first: str, queries: Iterable[int], *, twins: bool
) -> Table:
    span = "–".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))
    table = titled_table(f"{title} ({span} seed{'' if span == '1' else 's'})")
    *early, last = queries
    table.add_column(first, overflow="fold")
    table.add_column("best: IQM [95 %]", no_wrap=True, justify="right")
    for count in early:
        table.add_column(f"@{count}", justify="right", no_wrap=True)
    table.add_column(f"@{last} [95 %]", justify="right", no_wrap=True)
    if twins:
        table.add_column("twins", justify="right", no_wrap=True)
    return table


def _cells(found: dict[str, Any], metric: Metric, *, twins: bool) -> list[str]:
    score = found["best_score"]
    text = metric.text(score["iqm"], unit=False)
    interval = metric.interval_text(score["low"], score["high"])
    return [f"{text} {interval}".rstrip(), *_ranks(found, twins=twins)]


def _ranks(found: dict[str, Any], *, twins: bool) -> list[str]:
    *early, last = found["rank_at"].values()
    others = [format_rank(found.get("twins_rank", {}).get("mean", float("nan")))] if twins else []
    interval = format_range(last["mean_low"], last["mean_high"])
    return [
        *(format_rank(r["mean"]) for r in early),
        f"{format_rank(last['mean'])} {interval}".rstrip(),
        *others,
    ]
