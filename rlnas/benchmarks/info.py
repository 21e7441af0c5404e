"""What a table holds, as plain data for people and programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from rlnas.benchmarks.column import Column
from rlnas.benchmarks.table import BenchmarkTable


def table_info(table: BenchmarkTable) -> dict[str, Any]:
    """Return what a table says of itself and of the best architecture of each task.

    The optimum is that of the primary metric: the final epoch where there is an epoch axis, the
    mean over seeds where there are several. Its ``score`` is maximised, its ``value`` is in the
    metric's own direction and unit.

    Args:
        table: The table.

    Returns:
        A JSON-able mapping: name, space, size, rows, tasks, source. Each task has its primary
        metric, the optimum and every column with counts of measured and missing values.
    """
    return {
        "name": table.name,
        "space": table.space.name,
        "size": table.space.size,
        "rows": table.num_rows,
        "tasks": {task: _task_info(table, task) for task in table.tasks},
        "source": asdict(table.source),
    }


def _task_info(table: BenchmarkTable, task: str) -> dict[str, Any]:
    primary = table.primary.get(task)
    info: dict[str, Any] = {
        "primary": primary,
        "cost": table.costs.get(task),
        "test": table.tests.get(task),
        "optimum": None,
        "metrics": {name: _column_info(table.column(task, name)) for name in table.metrics(task)},
    }
    if primary is not None:
        column = table.column(task, primary)
        info["metric"] = asdict(column.selected_metric())
        info["optimum"] = _optimum(table, column)
    return info


def _column_info(column: Column) -> dict[str, Any]:
    measured = int(np.isfinite(column.values).sum())
    return {
        **asdict(column.metric),
        "axes": list(column.axes),
        "shape": list(column.values.shape),
        "seeds": list(column.seeds),
        "measured": measured,
        "missing": column.values.size - measured,
    }


def _optimum(table: BenchmarkTable, column: Column) -> dict[str, Any] | None:
    values = column.select()
    if not np.isfinite(values).any():
        return None
    row = int(np.nanargmax(column.metric.sign * values))
    if table.architectures is None:
        vector = table.space.from_index([row])[0]
    else:
        vector = table.architectures[row]
    return {
        "architecture": table.space.format(vector),
        "score": float(column.metric.sign * values[row]),
        "value": float(values[row]),
    }
