"""Trained architectures as tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from rlnas.formats import format_amount, format_score, format_seconds
from rlnas.reporting.terminal.table import titled_table
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd


def training_table(rows: pd.DataFrame, metric: Metric, *, title: str) -> Table:
    """Return architectures with what they cost and came to.

    Args:
        rows: architecture, parameters, macs and, where they were trained, valid, epochs, seconds,
            error and perhaps test.
        metric: What valid and test mean.
        title: Name of the data and the task.
    """
    table = titled_table(f"{title}: {metric.title}")
    table.add_column("architecture", overflow="fold")
    trained, tested = "valid" in rows, "test" in rows
    for name in ("valid", *(("test",) if tested else ()), "epochs") if trained else ():
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("parameters", "MACs", *(("time",) if trained else ())):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows.to_dict("records"):
        cells = [str(row["architecture"])]
        if trained:
            failed = row["error"] is not None and row["error"] == row["error"]
            cells += ["failed"] if failed else [format_score(float(row["valid"]))]
            cells += [format_score(float(row["test"]))] if tested else []
            cells.append("–" if failed else str(row["epochs"]))
        cells += [format_amount(float(row["parameters"])), format_amount(float(row["macs"]))]
        if trained:
            cells.append(format_seconds(float(row["seconds"])))
        table.add_row(*cells)
    return table


def proxy_table(rows: pd.DataFrame) -> Table:
    """Return the zero-cost proxies: a line for each, a column for each of up to four architectures.

    With more architectures, the columns are the lowest, the median and the highest value.

    Args:
        rows: architecture, and a column ``proxy/<name>`` for each proxy.
    """
    names = [name for name in map(str, rows.columns) if name.startswith("proxy/")]
    few = len(rows) <= 4
    table = titled_table("Zero-cost proxies" + ("" if few else f" of {len(rows)} architectures"))
    table.add_column("proxy", no_wrap=True)
    columns = list(rows["architecture"]) if few else ["lowest", "median", "highest"]
    for column in columns:
        table.add_column(str(column), justify="right", overflow="fold")
    for name in names:
        values = rows[name]
        shown = values if few else [values.min(), values.median(), values.max()]
        table.add_row(name.removeprefix("proxy/"), *(format_score(float(v)) for v in shown))
    return table
