"""Importer of any CSV or Parquet file with a column of architectures and columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column
from rlnas.benchmarks.importers.arrange import arrange
from rlnas.benchmarks.importers.naslib_encoding import decode_tuple
from rlnas.benchmarks.importers.operation_order import (
    LEAST_AGREEMENT,
    agreement,
    relative_counts,
)
from rlnas.benchmarks.importers.tabular_file import (
    TabularFile,
    names,
    parse_digits,
    read_frame,
)
from rlnas.benchmarks.provenance import Provenance, converter, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import guarded
from rlnas.errors import DataError, InvalidArchitectureError, InvalidArgumentError, bounded, shown
from rlnas.spaces import Architecture, SearchSpace, get_space
from rlnas.tasks import Metric
from rlnas.tasks.metric import Direction, EpochPolicy, Split

Encoding = Literal["official", "digits", "naslib"]


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """What a column of a user's file means.

    Attributes:
        task: Short name of the task it belongs to.
        metric: Name of the metric; the column's name by default.
        unit: Unit of the raw numbers.
        direction: Whether larger (``max``) or smaller (``min``) is better.
        split: Data it was measured on. ``unknown`` may be searched, ``test`` may not.
        epoch_policy: ``final``, ``best`` or ``unknown``.
        note: Anything a reader must know.
        cost: Whether it is the seconds of training of its task; then its unit is ``s``.
    """

    task: str
    metric: str = ""
    unit: str = "1"
    direction: Direction = "max"
    split: Split = "unknown"
    epoch_policy: EpochPolicy = "unknown"
    note: str = ""
    cost: bool = False

    def to_metric(self, column: str) -> Metric:
        """Return the metric of the column with this name."""
        if self.epoch_policy == "all":
            raise InvalidArgumentError(f"Column {column!r} cannot hold all epochs.")
        return Metric(
            name=self.metric or column,
            unit="s" if self.cost else self.unit,
            direction="min" if self.cost else self.direction,
            split="none" if self.cost else self.split,
            epoch_policy=self.epoch_policy,
            note=self.note,
        )


def read_tabular(
    path: str | Path,
    *,
    space: str | SearchSpace,
    columns: Mapping[str, ColumnSpec | Mapping[str, Any]] | None = None,
    architecture: str = "architecture",
    encoding: Encoding = "official",
    duplicates: Literal["error", "mean"] = "error",
    name: str | None = None,
    licence: str = "unknown",
    citation: str = "",
    url: str = "",
) -> list[BenchmarkTable]:
    """Return the table in a CSV or Parquet file, in a list.

    The primary metric of a task is its first column that is neither a cost nor measured on train
    or test data, or failing that its first test column, which a search then refuses. Its test
    metric is its only test column with the same unit and direction, where there is just one.

    Args:
        path: The file.
        space: Search space, or the name of a registered one.
        columns: What the columns mean: `ColumnSpec`, or mappings with its fields, by column name.
            Columns that are not named are left out.
        architecture: Name of the column of architectures.
        encoding: How they are written: ``official`` strings, ``digits`` of our integer encoding
            (``313113``, ``3,1,3,1,1,3`` or ``(3, 1, …)``), or ``naslib`` tuples.
        duplicates: Whether an architecture that occurs twice is an ``error``, or its numbers are
            averaged (``mean``, over those that are measured).
        name: Name of the table; the file's name without its ending by default.
        licence: Licence of the numbers.
        citation: What to cite.
        url: Where the file is found.

    Returns:
        One table. Empty cells are NaN; architectures without a row are too. A column without any
        number is left out, as the note of the table's source says.

    Raises:
        InvalidArgumentError: If an option has a wrong value, or ``columns`` is missing.
        DataError: If the file cannot be read, lacks a column, or a line holds an unknown
            architecture, a repeated one (with ``error``), or something that is no number.
    """
    path = Path(path)
    for option, value, choices in (
        ("encoding", encoding, get_args(Encoding)),
        ("duplicates", duplicates, ("error", "mean")),
    ):
        if value not in choices:
            raise InvalidArgumentError(f"{option} is {value!r}; expected one of {choices}.")
    found = get_space(space) if isinstance(space, str) else space
    frame = read_frame(path, architecture)
    specs = _specs(columns, frame)
    for column in specs:
        frame.require(column)
    values = {column: frame.numbers(column) for column in specs}
    empty = [column for column in specs if np.isnan(values[column]).all()]
    if len(empty) == len(specs):
        raise DataError(f"{path} holds no number in {', '.join(map(shown, empty[:5]))}.")
    specs = {column: spec for column, spec in specs.items() if column not in empty}
    vectors = _vectors(path, frame.architectures, frame.lines, found, encoding)
    with guarded(path, "table of scores"):
        notes = [f"left out, for it holds no number: the column {shown(c)}" for c in empty]
        notes += _check_encoding(frame, vectors, found, encoding)
    groups, first = _groups(path, vectors, frame.lines, found, duplicates)
    order, rows = arrange(found, vectors[first])
    made = [
        Column(s.task, s.to_metric(c), _means(values[c], groups, len(first))[order])
        for c, s in specs.items()
    ]
    primary, costs, tests = _roles(specs)
    source = Provenance(
        title=f"imported from {bounded(path.name)}",
        url=url,
        sha256=file_sha256(path),
        licence=licence,
        citation=citation,
        converted_by=converter(),
        note="; ".join(notes),
    )
    return [
        BenchmarkTable(
            name or path.stem,
            found,
            made,
            primary=primary,
            source=source,
            costs=costs,
            tests=tests,
            architectures=rows,
        )
    ]


def _specs(
    columns: Mapping[str, ColumnSpec | Mapping[str, Any]] | None, frame: TabularFile
) -> dict[str, ColumnSpec]:
    if not columns:
        raise InvalidArgumentError(
            "columns is missing: say what each column means, e.g. columns={'acc': {'task': 'mine', "
            "'unit': '%', 'split': 'valid'}}. Columns with numbers: "
            f"{names(dict.fromkeys(frame.numeric)) or 'none'}."
        )
    specs = {}
    for column, spec in columns.items():
        try:
            specs[column] = spec if isinstance(spec, ColumnSpec) else ColumnSpec(**spec)
        except TypeError as error:
            known = ", ".join(ColumnSpec.__dataclass_fields__)
            raise InvalidArgumentError(
                f"columns[{column!r}] is {spec!r}; expected the fields {known} ({error})."
            ) from error
        specs[column].to_metric(column)
    return specs


def _vectors(
    path: Path, texts: list[str], lines: list[int], space: SearchSpace, encoding: Encoding
) -> Architecture:
    parse = _parsers(space)[encoding]
    vectors = np.empty((len(texts), space.num_positions), dtype=np.int8)
    for row, (text, line) in enumerate(zip(texts, lines, strict=True)):
        try:
            vectors[row] = parse(text)
        except (InvalidArchitectureError, DataError) as error:
            raise DataError(bounded(f"{path}, line {line}: {error}")) from error
    return vectors


def _check_encoding(
    frame: TabularFile, vectors: Architecture, space: SearchSpace, encoding: Encoding
) -> list[str]:
    """Compare parameters and FLOPs in a file with our counts, and return a note on it.

    Raises:
        DataError: If they agree with another encoding than the one that was named.
    """
    stated = {
        name: frame.numbers(column)
        for column in frame.numeric
        if (name := column.strip().lower()) in {"params", "flops"}
    }
    if encoding == "official" or not stated:
        return []
    fits = {}
    for other, parse in _parsers(space).items():
        if other == encoding:
            read = vectors
        elif other == "official":
            continue
        else:
            try:
                read = np.array([parse(text) for text in frame.architectures])
            except (InvalidArchitectureError, DataError):
                continue
        counts = relative_counts(space, read)
        found = [agreement(counts[name], stated[name]) for name in stated if name in counts]
        fits[other] = min((fit for fit in found if fit is not None), default=None)
    own = fits.pop(encoding)
    if own is None:
        return []
    if own >= LEAST_AGREEMENT:
        return [f"parameters or FLOPs in the file agree with our counts (R² {own:.3f})"]
    for other, fit in fits.items():
        if fit is not None and fit >= LEAST_AGREEMENT:
            raise DataError(
                f"The parameters or FLOPs in {frame.path} agree with those of its architectures "
                f"read by encoding={other!r} (R² {fit:.3f}), not by {encoding!r} (R² {own:.3f})."
            )
    return [f"parameters or FLOPs in the file do not follow our counts (R² {own:.3f})"]


def _parsers(space: SearchSpace) -> dict[Encoding, Callable[[str], Architecture]]:
    return {
        "official": space.parse,
        "digits": lambda text: parse_digits(text, space),
        "naslib": lambda text: decode_tuple(text, space),
    }


def _groups(
    path: Path, vectors: Architecture, lines: list[int], space: SearchSpace, duplicates: str
) -> tuple[NDArray[np.int64], list[int]]:
    """Return the group of each line, and the first line of each group."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    groups = np.empty(len(vectors), dtype=np.int64)
    for row, vector in enumerate(vectors):
        key = vector.tobytes()
        if key not in seen:
            seen[key] = len(first)
            first.append(row)
        elif duplicates == "error":
            raise DataError(
                f"{path}, line {lines[row]}: {space.format(vector)} was in line "
                f"{lines[first[seen[key]]]} already. Pass duplicates='mean' to average them."
            )
        groups[row] = seen[key]
    return groups, first


def _means(
    values: NDArray[np.float64], groups: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Return the mean of the measured values of each group, NaN where there is none."""
    measured = np.isfinite(values)
    number = np.bincount(groups[measured], minlength=count)
    total = np.bincount(groups[measured], weights=values[measured], minlength=count)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _roles(
    specs: Mapping[str, ColumnSpec],
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the primary, cost and test metric of each task that has one."""
    by_task: dict[str, list[tuple[ColumnSpec, Metric]]] = {}
    for column, spec in specs.items():
        by_task.setdefault(spec.task, []).append((spec, spec.to_metric(column)))
    primary, costs, tests = {}, {}, {}
    for task, held in by_task.items():
        test = [metric for _, metric in held if metric.split == "test"]
        searchable = [
            metric
            for spec, metric in held
            if metric.split in {"valid", "unknown"} and not spec.cost
        ]
        cost = [metric for spec, metric in held if spec.cost]
        if len(cost) > 1:
            raise InvalidArgumentError(f"Task {task!r} has more than one cost column.")
        if cost:
            costs[task] = cost[0].name
        if searchable or test:
            chosen = (searchable or test)[0]
            primary[task] = chosen.name
            alike = [
                metric
                for metric in test
                if (metric.unit, metric.direction) == (chosen.unit, chosen.direction)
            ]
            if len(alike) == 1:
                tests[task] = alike[0].name
    return primary, costs, tests
