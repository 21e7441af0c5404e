"""The networks of a front as a table on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.formats import format_amount, format_score
from rlnas.reporting.terminal.table import titled_table

if TYPE_CHECKING:
    from rich.table import Table

    from rlnas.runs.pareto_run import ParetoRun


def pareto_table(run: ParetoRun) -> Table:
    """Return the networks of a run with what they came to and cost, cheapest first."""
    settings, metric = run.settings, run.metric
    table = titled_table(f"{settings['dataset']}/{settings['task']}: {metric.title}")
    table.add_column("architecture", overflow="fold")
    for name in ("valid", "test", "parameters", "MACs", "latency", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for row in run.rows.to_dict("records"):
        failed = row["error"] is not None and row["error"] == row["error"]
        scores = ["failed", "–"]
        if not failed:
            scores = [format_score(float(row["valid"])), format_score(float(row["test"]))]
        table.add_row(
            str(row["architecture"]),
            *scores,
            format_amount(float(row["parameters"])),
            format_amount(float(row["macs"])),
            f"{row['latency_ms']:.2f} ms",
            "front" if row["on_front"] else "",
        )
    return table
