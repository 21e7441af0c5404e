"""Benchmark tables: measured results of one search space, and the tasks that search them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column, EpochChoice, SeedChoice
from rlnas.benchmarks.measured import MeasuredSuite
from rlnas.benchmarks.provenance import Provenance
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.names import check_name
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import TabularTask


class BenchmarkTable:
    """Columns of measured numbers over the architectures of a search space.

    It is a store of columns, one for each task and metric, and not one cube ``values[task, metric,
    architecture]``: tasks of one benchmark do not share metrics, epochs or seeds, and a cube would
    be mostly padding that looks like missing data.

    Args:
        name: Name of the table, which is also the name of its suite.
        space: The search space.
        columns: Columns with as many rows each; no two with the same task and metric name.
        primary: For each task the metric that a search maximises unless told otherwise.
        source: Where the numbers come from.
        costs: For each task, where there is one, the metric with the seconds of training.
        tests: For each task, where there is one, the metric that reports on the primary one's
            winner; it has split ``test``.
        architectures: ``(rows, num_positions)`` architectures of the rows. Without it, row ``i``
            is the architecture with index ``i``, and every one of the space has a row.
        canonical_free: Whether equivalent architectures have one measurement between them, see
            `Task`.

    Raises:
        InvalidArgumentError: If these do not fit together.
    """

    def __init__(
        self,
        name: str,
        space: SearchSpace,
        columns: Sequence[Column],
        *,
        primary: Mapping[str, str],
        source: Provenance,
        costs: Mapping[str, str] | None = None,
        tests: Mapping[str, str] | None = None,
        architectures: Architecture | None = None,
        canonical_free: bool = False,
    ) -> None:
        self.name = check_name(name, "table")
        self.space = space
        self.columns = tuple(columns)
        self.primary = dict(primary)
        self.costs = dict(costs or {})
        self.tests = dict(tests or {})
        self.source = source
        self.canonical_free = canonical_free
        self.architectures = self._check_architectures(architectures)
        self._by_name: dict[str, dict[str, Column]] = {}
        for column in self.columns:
            metrics = self._by_name.setdefault(column.task, {})
            if column.metric.name in metrics:
                raise InvalidArgumentError(
                    f"Table {name!r} has two columns {column.task}/{column.metric.name}."
                )
            if len(column.values) != self.num_rows:
                raise InvalidArgumentError(
                    f"Table {name!r}: column {column.task}/{column.metric.name} has "
                    f"{len(column.values)} rows, expected {self.num_rows}."
                )
            metrics[column.metric.name] = column
        if not self._by_name:
            raise InvalidArgumentError(f"Table {name!r} has no column.")
        self._check_roles()

    def _check_architectures(self, given: Architecture | None) -> Architecture | None:
        if given is None:
            if not self.space.indexable:
                raise InvalidArgumentError(
                    f"Table {self.name!r}: {self.space.name} is too large to have a row for every "
                    "architecture; give the architectures of the rows."
                )
            return None
        rows = np.asarray(given, dtype=np.int8)
        if rows.ndim != 2 or rows.shape[1] != self.space.num_positions or not len(rows):
            raise InvalidArgumentError(
                f"Table {self.name!r}: architectures have shape {rows.shape}; expected (rows, "
                f"{self.space.num_positions})."
            )
        valid = self.space.is_valid(rows)
        if not valid.all():
            raise InvalidArgumentError(
                f"Table {self.name!r}: row {int(np.argmin(valid))} is no architecture of "
                f"{self.space.name}."
            )
        if len(np.unique(rows, axis=0)) != len(rows):
            raise InvalidArgumentError(f"Table {self.name!r} has an architecture twice.")
        return rows

    def _check_roles(self) -> None:
        for role, names in (
            ("primary", self.primary),
            ("cost", self.costs),
            ("test", self.tests),
        ):
            for task, metric in names.items():
                split, unit = (m := self.column(task, metric).metric).split, m.unit
                if role == "test" and split != "test":
                    raise InvalidArgumentError(
                        f"Table {self.name!r}: {task}/{metric} has split {split!r}, not 'test'."
                    )
                if role == "cost" and unit != "s":
                    raise InvalidArgumentError(
                        f"Table {self.name!r}: the cost {task}/{metric} has unit {unit!r}, not 's'."
                    )

    # -- names -----------------------------------------------------------------------------

    @property
    def tasks(self) -> tuple[str, ...]:
        """Short names of the tasks, in order."""
        return tuple(self._by_name)

    def metrics(self, task: str) -> tuple[str, ...]:
        """Return the names of a task's metrics, in order.

        Raises:
            UnknownNameError: If there is no such task.
        """
        if task not in self._by_name:
            raise UnknownNameError(f"task of {self.name}", task, self._by_name)
        return tuple(self._by_name[task])

    def column(self, task: str, metric: str | None = None) -> Column:
        """Return the column of a task's metric, its primary one by default.

        Raises:
            UnknownNameError: If there is no such task or metric.
            InvalidArgumentError: If no metric is named and the task has no primary one.
        """
        known = self.metrics(task)
        if metric is None:
            if task not in self.primary:
                raise InvalidArgumentError(
                    f"Task {task!r} of {self.name} has no primary metric; name one of "
                    f"{', '.join(known)}."
                )
            metric = self.primary[task]
        if metric not in known:
            raise UnknownNameError(f"metric of {self.name}/{task}", metric, known)
        return self._by_name[task][metric]

    # -- numbers ---------------------------------------------------------------------------

    @property
    def num_rows(self) -> int:
        """Number of architectures that have a row."""
        return self.space.size if self.architectures is None else len(self.architectures)

    @cached_property
    def _index(self) -> NDArray[np.int64] | None:
        """Index in the space of each row, or None where rows are the indices."""
        return None if self.architectures is None else self.space.index(self.architectures)

    def scores(
        self,
        task: str,
        metric: str | None = None,
        *,
        seed: SeedChoice = "mean",
        epoch: EpochChoice = None,
    ) -> NDArray[np.float64]:
        """Return the scores of every architecture, ``(space.size,)``, larger is better.

        Values of a ``min`` metric are negated; NaN stands where nothing was measured.

        Args:
            task: Short name of the task.
            metric: Name of the metric; the primary one by default.
            seed: See `Column.select`.
            epoch: See `Column.select`; by default what the column holds, the final epoch where it
                holds all of them.

        Raises:
            UnknownNameError: If there is no such task or metric.
            InvalidArgumentError: If the column does not hold that seed or epoch, or the space is
                too large to have an array over all of it.
        """
        column = self.column(task, metric)
        return column.metric.sign * self.spread(column.select(seed, epoch))

    def spread(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return numbers of the rows ``(num_rows,)`` by the space's index, ``(space.size,)``.

        Raises:
            InvalidArgumentError: If the space is too large to have an array over all of it.
        """
        if not self.space.indexable:
            raise InvalidArgumentError(
                f"{self.space.name} is too large for an array over all its architectures; use "
                f"column(…).select() with the {self.num_rows} rows of {self.name!r}."
            )
        if self._index is None:
            return rows
        full = np.full(self.space.size, np.nan)
        full[self._index] = rows
        return full

    # -- tasks -----------------------------------------------------------------------------

    def task(
        self,
        task: str,
        *,
        metric: str | None = None,
        seed: SeedChoice = "mean",
        epoch: EpochChoice = None,
        cost: str | None = None,
        test: str | None = None,
        allow_test: bool = False,
        suite: str | None = None,
    ) -> TabularTask:
        """Return a task that searches this table.

        Args:
            task: Short name of the task.
            metric: The metric a search maximises; the primary one by default.
            seed: See `Column.select`; costs and test scores follow it where they have seeds.
            epoch: See `Column.select`. Test scores are those of the same epoch, or the final one
                for ``best``, since the best test epoch cannot be known.
            cost: Metric with the seconds of training; by default the one the table names. With a
                single epoch it is used only if it has an epoch axis (of seconds so far).
            test: Metric with the test scores for reports; by default the one the table names.
            allow_test: Whether a search may maximise a metric measured on test data.
            suite: Name of the suite in the task's name; the table's name by default.

        Raises:
            InvalidArgumentError: If the metric was measured on test data and ``allow_test`` is
                false, or what is asked for is not held.
            UnknownNameError: If there is no such task or metric.
        """
        column = self.column(task, metric)
        if column.metric.split == "test" and not allow_test:
            raise InvalidArgumentError(
                f"{self.name}/{task}: the metric {column.metric.name!r} was measured on test "
                "data. A search that maximises it selects on the test set, and its result is no "
                "estimate of anything. Choose a validation metric, or pass allow_test=True if "
                "selecting on the test set is what you mean to study."
            )
        return TabularTask(
            f"{suite or self.name}/{task}",
            self.space,
            column.metric.sign * self.spread(column.select(seed, epoch)),
            column.selected_metric(seed, epoch),
            costs=_costs(self, task, cost, seed, epoch),
            test_scores=_test_scores(self, column, test, seed, epoch),
            canonical_free=self.canonical_free,
        )

    def suite(
        self,
        name: str | None = None,
        *,
        tasks: Sequence[str] | None = None,
        metric: str | Mapping[str, str] | None = None,
        seed: SeedChoice = "first",
        epoch: EpochChoice = None,
        allow_test: bool = False,
    ) -> MeasuredSuite:
        """Return the table's tasks as a suite.

        Args:
            name: Name of the suite; the table's name by default.
            tasks: Short names of the tasks to take; by default those with a primary metric, or
                with the metric that is named, that a search can use. The suite's description says
                which were left out: measured on test data without ``allow_test``, or not at all.
            metric: One metric for every task, or metrics by task; primary ones by default.
            seed: What searches see, see `task`; by default the first seed of each training. The
                others judge what was found, see `MeasuredSuite.noise`.
            epoch: See `task`.
            allow_test: See `task`.

        Raises:
            InvalidArgumentError: If no task can be used, or one that is named cannot.
            UnknownNameError: If a task is unknown, or no task has the metric.
        """
        name = name or self.name
        chosen = metric if isinstance(metric, Mapping) else dict.fromkeys(self.tasks, metric)
        if tasks is None:
            tasks = [t for t in self.tasks if self._offers(t, chosen.get(t))]
            if not tasks and isinstance(metric, str):
                known = {m for t in self.tasks for m in self.metrics(t)}
                raise UnknownNameError(f"metric of {self.name}", metric, known)
            left_out = {t: self._useless(t, chosen.get(t), allow_test) for t in tasks}
            # Where none is of use, the first says why.
            tasks = [t for t in tasks if not left_out[t]] or tasks[:1]
        else:
            left_out = {}
        options = {"seed": seed, "epoch": epoch, "allow_test": allow_test, "suite": name}
        made = {t: self.task(t, metric=chosen.get(t), **options) for t in tasks}  # type: ignore[arg-type]
        notes = "; ".join(f"{t} was left out: {why}" for t, why in left_out.items() if why)
        title = self.source.title

        def other_seeds(task: str) -> list[NDArray[np.float64]]:
            column = self.column(task, chosen.get(task))
            rows = column.other_seeds(seed, epoch)
            return [column.metric.sign * self.spread(values) for values in rows]

        return MeasuredSuite(
            name,
            made,
            description=f"{title} ({notes})" if notes else title,
            other_seeds=other_seeds,
        )

    def _useless(self, task: str, metric: str | None, allow_test: bool) -> str:
        """Return why a search cannot use a task, or an empty text."""
        column = self.column(task, metric)
        if column.metric.split == "test" and not allow_test:
            return f"{column.metric.name} was measured on test data"
        if np.isnan(column.values).all():
            return f"{column.metric.name} was never measured"
        return ""

    def _offers(self, task: str, metric: str | None) -> bool:
        return task in self.primary if metric is None else metric in self._by_name[task]

    def renamed(self, name: str, source: Provenance | None = None) -> BenchmarkTable:
        """Return the same table under another name, and from another source if one is given."""
        return BenchmarkTable(
            name,
            self.space,
            self.columns,
            primary=self.primary,
            source=source or self.source,
            costs=self.costs,
            tests=self.tests,
            architectures=self.architectures,
            canonical_free=self.canonical_free,
        )

    def __repr__(self) -> str:
        return (
            f"BenchmarkTable({self.name!r}, space={self.space.name!r}, rows={self.num_rows}, "
            f"tasks={list(self.tasks)}, columns={len(self.columns)})"
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
