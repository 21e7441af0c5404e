"""From a table's column to a task, with the wall between validation and test data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column, EpochChoice, SeedChoice
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    from rlnas.benchmarks.table import BenchmarkTable


def table_task(
    table: BenchmarkTable,
    column: Column,
    *,
    seed: SeedChoice,
    epoch: EpochChoice,
    cost: str | None,
    test: str | None,
    allow_test: bool,
    suite: str,
) -> TabularTask:
    """Return the task that maximises a column; `BenchmarkTable.task` says what the options mean.

    Raises:
        InvalidArgumentError: If the column was measured on test data and ``allow_test`` is false.
    """
    if column.metric.split == "test" and not allow_test:
        raise InvalidArgumentError(
            f"{table.name}/{column.task}: the metric {column.metric.name!r} was measured on test "
            "data. A search that maximises it selects on the test set, and its result is no "
            "estimate of anything. Choose a validation metric, or pass allow_test=True if "
            "selecting on the test set is what you mean to study."
        )
    return TabularTask(
        f"{suite}/{column.task}",
        table.space,
        column.metric.sign * table.spread(column.select(seed, epoch)),
        column.selected_metric(seed, epoch),
        costs=_costs(table, column.task, cost, seed, epoch),
        test_scores=_test_scores(table, column, test, seed, epoch),
        canonical_free=table.canonical_free,
    )


def _costs(
    table: BenchmarkTable, task: str, name: str | None, seed: SeedChoice, epoch: EpochChoice
) -> NDArray[np.float64] | None:
    name = name or table.costs.get(task)
    if name is None:
        return None
    column = table.column(task, name)
    if column.metric.unit != "s":
        raise InvalidArgumentError(
            f"{table.name}/{task}: the cost {name!r} has unit {column.metric.unit!r}; budgets are "
            "in seconds of training, unit 's'."
        )
    single = isinstance(epoch, int)
    if single and column.num_epochs is None:
        return None  # what the whole training cost says nothing of one epoch
    return table.spread(column.select(_seed_of(column, seed), epoch if single else None))


def _test_scores(
    table: BenchmarkTable, searched: Column, name: str | None, seed: SeedChoice, epoch: EpochChoice
) -> NDArray[np.float64] | None:
    name = name or _test_metric(table, searched)
    if name is None:
        return None
    column = table.column(searched.task, name)
    if column.metric.split != "test":
        raise InvalidArgumentError(
            f"{table.name}/{searched.task}: {name!r} has split {column.metric.split!r}, not 'test'."
        )
    same = isinstance(epoch, int) and column.num_epochs == searched.num_epochs
    rows = column.select(_seed_of(column, seed), epoch if same else None)
    return column.metric.sign * table.spread(rows)


def _test_metric(table: BenchmarkTable, searched: Column) -> str | None:
    """Return the test metric that belongs to the searched one: the declared one, or its twin."""
    if searched.metric.name == table.primary.get(searched.task):
        declared = table.tests.get(searched.task)
        if declared is not None:
            return declared
    if searched.metric.split != "valid":
        return None
    twin = searched.metric.name.replace("valid", "test", 1)
    if twin not in table.metrics(searched.task):
        return None
    return twin if table.column(searched.task, twin).metric.split == "test" else None


def _seed_of(column: Column, seed: SeedChoice) -> SeedChoice:
    """Return the seed for a column that belongs to the searched one, which may have none."""
    return seed if "seed" in column.axes else "mean"
