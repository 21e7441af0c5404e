"""What searches found: statistics per task and over tasks, and their table on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rlnas.formats import format_range, format_rank, format_score
from rlnas.reporting.terminal.table import titled_table
from rlnas.statistics.samples import describe
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd


def search_summary(rows: pd.DataFrame, *, level: float = 0.95) -> list[dict[str, Any]]:
    """Return the statistics of every searcher, JSON-able.

    Args:
        rows: One row a search: source, target, method, seed, best_score, rank, and any
            ``rank_at_<queries>``.
        level: Coverage of the intervals.

    Returns:
        One entry a (method, source), in order, with ``tasks``: for each task ``best_score``,
        ``regret`` and ``rank_at`` (by queries), each what `describe` returns; and
        ``mean_over_tasks`` with ``rank_at``, where a seed's value is its mean over the tasks.
    """
    summary = []
    columns = _rank_columns(rows)
    for (method, source), part in rows.groupby(["method", "source"], sort=False):
        tasks = {}
        for target, cells in part.groupby("target", sort=False):
            scored = cells.dropna(subset=["best_score"]).sort_values("best_score", kind="stable")
            architectures = scored["best_architecture"].tolist()
            tasks[str(target)] = {
                "best_architecture": architectures[-1] if architectures else None,
                "best_score": describe(cells["best_score"], level=level),
                "regret": describe(cells["regret"], level=level),
                "rank_at": {q: describe(cells[c], level=level) for q, c in columns.items()},
                "failures": int(cells["failures"].sum()),
            }
        over = {
            q: describe(part.groupby("seed")[c].mean(), level=level) for q, c in columns.items()
        }
        summary.append(
            {
                "method": str(method),
                "source": str(source),
                "seeds": int(part["seed"].nunique()),
                "tasks": tasks,
                "mean_over_tasks": {"rank_at": over},
            }
        )
    return summary


def _rank_columns(rows: pd.DataFrame) -> dict[int, str]:
    """Return the columns of ranks by the number of queries they were reached with."""
    prefix = "rank_at_"
    early = {
        int(name.removeprefix(prefix)): name
        for name in map(str, rows.columns)
        if name.startswith(prefix)
    }
    return {**dict(sorted(early.items())), int(rows["queries"].max()): "rank"}


def search_tables(
    summary: list[dict[str, Any]], metrics: Mapping[str, Metric] | None = None
) -> list[Table]:
    """Return tables of at most 80 columns: one for each searcher, or one in all of a single task.

    Args:
        summary: What `search_summary` returned.
        metrics: What the scores of each task mean, for the unit.
    """
    metrics = metrics or {}
    tasks = list(dict.fromkeys(task for entry in summary for task in entry["tasks"]))
    if len(tasks) == 1:
        seeds = sorted({entry["seeds"] for entry in summary})
        unit = metrics[tasks[0]].unit if tasks[0] in metrics else "1"
        title = tasks[0] if unit == "1" else f"{tasks[0]}, score in {unit}"
        table = _new_table(title, seeds, "searcher", summary[0]["mean_over_tasks"]["rank_at"])
        for entry in summary:
            table.add_row(_name(entry), *_cells(entry["tasks"][tasks[0]]))
        return [table]
    tables = []
    for entry in summary:
        over = entry["mean_over_tasks"]["rank_at"]
        table = _new_table(_name(entry), [entry["seeds"]], "task", over)
        for task, found in entry["tasks"].items():
            table.add_row(task, *_cells(found))
        table.add_section()
        table.add_row("mean over tasks", "", *_ranks(over))
        tables.append(table)
    return tables


def _name(entry: dict[str, Any]) -> str:
    source = entry["source"]
    return str(entry["method"]) if source == "-" else f"{entry['method']} ← {source}"


def _new_table(title: str, seeds: list[int], first: str, queries: Iterable[int]) -> Table:
    span = "–".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))
    table = titled_table(f"{title} ({span} seed{'' if span == '1' else 's'})")
    *early, last = queries
    table.add_column(first, overflow="fold")
    table.add_column("best score: IQM [95 %]", no_wrap=True, justify="right")
    for count in early:
        table.add_column(f"@{count}", justify="right", no_wrap=True)
    table.add_column(f"@{last} [95 %]", justify="right", no_wrap=True)
    return table


def _cells(found: dict[str, Any]) -> list[str]:
    score = found["best_score"]
    text = format_score(score["iqm"])
    if score["low"] == score["low"]:
        text += f" [{format_score(score['low'])}, {format_score(score['high'])}]"
    return [text, *_ranks(found["rank_at"])]


def _ranks(rank_at: dict[int, dict[str, Any]]) -> list[str]:
    *early, last = rank_at.values()
    interval = format_range(last["mean_low"], last["mean_high"])
    return [
        *(format_rank(r["mean"]) for r in early),
        f"{format_rank(last['mean'])} {interval}".rstrip(),
    ]
