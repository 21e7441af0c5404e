"""NASLib's result records, the common content of its zips and JSON files, to tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column
from rlnas.benchmarks.importers.arrange import arrange
from rlnas.benchmarks.importers.naslib_encoding import (
    SENTINEL,
    TASKS,
    accuracy_metric,
    ordered,
    proxy_metrics,
    read_tuple,
)
from rlnas.benchmarks.importers.numbers import finite
from rlnas.benchmarks.importers.operation_order import choose_order
from rlnas.benchmarks.provenance import Provenance
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import check_size
from rlnas.errors import DataError, shown
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.metric import EpochPolicy


class RecordTable:
    """Collects records of one search space and makes a table of them.

    Args:
        space: The search space.
        epoch_policy: What ``val_accuracy`` is in this source.
    """

    def __init__(self, space: SearchSpace, epoch_policy: EpochPolicy) -> None:
        self.space = space
        self.epoch_policy = epoch_policy
        self._rows: dict[str, int] = {}
        self._digits: list[Architecture] = []
        self._cells: dict[str, dict[str, dict[int, float]]] = {}

    def add(self, task: str, records: Iterable[object], where: str) -> None:
        """Take the records of one task.

        Raises:
            DataError: If one has another layout, names no architecture or one that was there.
        """
        columns = self._cells.setdefault(task, {})
        accuracies = columns.setdefault("val_accuracy", {})
        for record in records:
            if not isinstance(record, Mapping) or not isinstance(record.get("arch"), str):
                raise DataError(f"{where}: a record has no 'arch': {shown(record)}.")
            row = self._row(record["arch"])
            if row in accuracies:
                raise DataError(
                    f"{where}: {shown(record['arch'])} occurs more than once for {task}."
                )
            if "val_accuracy" not in record:
                raise DataError(f"{where}: {shown(record['arch'])} has no 'val_accuracy'.")
            accuracies[row] = finite(record["val_accuracy"], where)
            for key, value in record.items():
                if isinstance(value, Mapping):
                    score = finite(value.get("score"), where)
                    missing = score == SENTINEL
                    columns.setdefault(key, {})[row] = math.nan if missing else score
                    seconds = finite(value.get("time"), where)
                    columns.setdefault(f"{key}_seconds", {})[row] = seconds

    def _row(self, text: str) -> int:
        row = self._rows.get(text)
        if row is None:
            row = self._rows[text] = len(self._digits)
            self._digits.append(read_tuple(text, self.space))
        return row

    def to_table(self, name: str, source: Provenance, *, complete: bool) -> BenchmarkTable:
        """Return the table.

        Args:
            name: Its name.
            source: Where the records come from.
            complete: Whether every task must have every architecture of the space.

        Raises:
            DataError: If it must and has not, or two tuples name one architecture.
        """
        if not self._digits:
            raise DataError(f"{name}: there is no record in it.")
        digits = np.array(self._digits)
        stated: dict[str, dict[str, NDArray[np.float64]]] = {
            task: {key: self._values(cells[key]) for key in ("params", "flops") if key in cells}
            for task, cells in self._cells.items()
        }
        tuples, note = choose_order(self.space, digits, stated)
        order, architectures = arrange(self.space, ordered(digits, tuples))
        said = "; ".join(filter(None, (source.note, note)))
        known = [task for task in TASKS[self.space.name] if task in self._cells]
        tasks = known + sorted(set(self._cells) - set(known))
        cells_held = sum(len(cells) for found in self._cells.values() for cells in found.values())
        count = sum(map(len, self._cells.values()))
        check_size((count, len(digits)), cells_held, name)
        columns, primary = [], {}
        for task in tasks:
            cells = self._cells[task]
            accuracy = accuracy_metric(self.space.name, task, self.epoch_policy)
            primary[task] = accuracy.name
            proxies = [k for k in cells if f"{k}_seconds" in cells]
            metrics = {"val_accuracy": accuracy}
            for proxy in proxies:
                metrics[proxy], metrics[f"{proxy}_seconds"] = proxy_metrics(proxy)
            measured = len(cells["val_accuracy"])
            if complete and measured != self.space.size:
                raise DataError(
                    f"{name}: task {task} has {measured} architectures, expected all "
                    f"{self.space.size}. Pass complete=False (`--option complete=false`) if a "
                    "part is what you have."
                )
            for key, metric in metrics.items():
                columns.append(Column(task, metric, self._values(cells[key])[order]))
        return BenchmarkTable(
            name,
            self.space,
            columns,
            primary=primary,
            source=replace(source, note=said),
            architectures=architectures,
        )

    def _values(self, cells: Mapping[int, float]) -> NDArray[np.float64]:
        """Return the numbers of a column, ``(rows,)``, NaN where there is none."""
        values = np.full(len(self._digits), np.nan)
        values[list(cells)] = list(cells.values())
        return values
