"""Training runs of NAS-Bench-201 (Dong & Yang, ICLR 2020, arXiv 2001.00326) to tables.

The benchmark's traps live here. Its data set ``cifar10-valid`` trains on half of CIFAR-10's
training images and is the only one with a CIFAR-10 validation accuracy; its ``cifar10`` trains on
all of them and has a test accuracy only. ``ori-test`` of CIFAR-100 and ImageNet16-120 is the union
of the validation and the test images, so it counts as test data here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column
from rlnas.benchmarks.importers.arrange import arrange
from rlnas.benchmarks.provenance import Provenance
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import check_size
from rlnas.errors import DataError
from rlnas.spaces import Architecture, get_space
from rlnas.tasks import Metric
from rlnas.tasks.metric import Direction, Split

Epochs = Literal["final", "all"]

_HALF = "trained on half of the training images (cifar10-valid)"
_WHOLE = "trained on all training images (cifar10)"
# (data set, evaluated on) → task, beginning of the metric's name, its end, split, note
_MEANING: dict[tuple[str, str], tuple[str, str, str, Split, str]] = {
    ("cifar10-valid", "train"): ("cifar10", "train", "", "train", _HALF),
    ("cifar10-valid", "x-valid"): ("cifar10", "valid", "", "valid", _HALF),
    ("cifar10-valid", "ori-test"): ("cifar10", "test", "_half", "test", _HALF),
    ("cifar10", "train"): ("cifar10", "train", "_whole", "train", _WHOLE),
    ("cifar10", "ori-test"): ("cifar10", "test", "", "test", _WHOLE),
}
for _name in ("cifar100", "ImageNet16-120"):
    _MEANING[_name, "train"] = (_name, "train", "", "train", "")
    _MEANING[_name, "x-valid"] = (_name, "valid", "", "valid", "")
    _MEANING[_name, "x-test"] = (_name, "test", "", "test", "")
    _MEANING[_name, "ori-test"] = (
        _name,
        "valid_and_test",
        "",
        "test",
        "ori-test: validation and test images together",
    )

TASKS = ("cifar10", "cifar100", "ImageNet16-120")


@dataclass(frozen=True)
class Run:
    """One training of one architecture.

    Attributes:
        row: Number of the architecture in the file's order.
        recipe: ``full`` (200 epochs) or ``less`` (12 epochs) in the official file.
        dataset: Official name of the training set, e.g. ``cifar10-valid``.
        seed: Official seed: 777, 888 or 999.
        curves: ``accuracy`` in % and ``loss`` by (evaluated on, kind), each ``(epochs,)`` with NaN
            where it was not recorded.
        facts: ``train_seconds`` in all, ``params`` and ``flops`` in millions, ``latency`` in s.
    """

    row: int
    recipe: str
    dataset: str
    seed: int
    curves: Mapping[tuple[str, str], NDArray[np.float64]]
    facts: Mapping[str, float]


def runs_to_tables(
    name: str,
    architectures: Sequence[Architecture],
    runs: Iterable[Run],
    source: Provenance,
    *,
    epochs: Epochs,
) -> list[BenchmarkTable]:
    """Return one table for each recipe, named ``<name>-<epochs of the recipe>``.

    Args:
        name: Beginning of the tables' names.
        architectures: Architectures in the file's order.
        runs: The runs.
        source: Where they come from.
        epochs: Whether to keep the ``final`` epoch, or ``all`` (as float32, to halve about 2 GB).

    Raises:
        DataError: If there is no run, or one occurs twice.
    """
    order, rows = arrange(get_space("nasbench-201"), architectures)
    recipes: dict[str, list[Run]] = {}
    for run in runs:
        recipes.setdefault(run.recipe, []).append(run)
    if not recipes:
        raise DataError(f"{name} has no training run.")
    tables = []
    for found in recipes.values():
        length = max(len(curve) for run in found for curve in run.curves.values())
        columns = _columns(found, len(architectures), order, epochs, length)
        held = {(column.task, column.metric.name) for column in columns}
        tables.append(
            BenchmarkTable(
                f"{name}-{length}",
                get_space("nasbench-201"),
                columns,
                primary={t: "valid_accuracy" for t in TASKS if (t, "valid_accuracy") in held},
                costs={t: "train_seconds" for t in TASKS if (t, "train_seconds") in held},
                tests={t: "test_accuracy" for t in TASKS if (t, "test_accuracy") in held},
                source=source,
                architectures=rows,
            )
        )
    return sorted(tables, key=lambda table: -int(table.name.rsplit("-", maxsplit=1)[-1]))


def _columns(
    runs: Sequence[Run], count: int, order: NDArray[np.int64], epochs: Epochs, length: int
) -> list[Column]:
    curves: dict[tuple[str, str, str], list[tuple[Run, NDArray[np.float64]]]] = {}
    facts: dict[tuple[str, str], list[tuple[Run, float]]] = {}
    for run in runs:
        for (evaluated, kind), curve in run.curves.items():
            curves.setdefault((run.dataset, evaluated, kind), []).append((run, curve))
        for fact, number in run.facts.items():
            facts.setdefault((run.dataset, fact), []).append((run, number))
    columns = []
    for (dataset, evaluated, kind), found in curves.items():
        task, metric = _meaning(dataset, evaluated, kind, epochs)
        seeds = tuple(sorted({run.seed for run, _ in found}))
        held = sum(len(curve) for _, curve in found)
        check_size((count, len(seeds), length), held, f"{dataset}: {kind}")
        values = np.full((count, len(seeds), length), np.nan, dtype=np.float64)
        for run, curve in found:
            cell = values[run.row, seeds.index(run.seed)]
            if np.isfinite(cell).any():
                raise DataError(f"{dataset}, seed {run.seed}: row {run.row} was trained twice.")
            cell[: len(curve)] = curve
        if epochs == "all":
            axes: tuple[str, ...] = ("architecture", "seed", "epoch")
            kept: NDArray[np.floating] = values[order].astype(np.float32)
        else:
            axes, kept = ("architecture", "seed"), values[order, :, -1]
        columns.append(Column(task, metric, kept, axes, seeds))
    for (dataset, fact), numbers in facts.items():
        seeds = tuple(sorted({run.seed for run, _ in numbers}))
        check_size((count, len(seeds)), len(numbers), f"{dataset}: {fact}")
        values = np.full((count, len(seeds)), np.nan)
        for run, number in numbers:
            values[run.row, seeds.index(run.seed)] = number
        task, metric = _fact_meaning(dataset, fact)
        columns.append(Column(task, metric, values[order], ("architecture", "seed"), seeds))
    return sorted(columns, key=lambda column: _place(column.task))


def _place(task: str) -> int:
    return TASKS.index(task) if task in TASKS else len(TASKS)


def _meaning(dataset: str, evaluated: str, kind: str, epochs: Epochs) -> tuple[str, Metric]:
    fallback: tuple[str, str, str, Split, str] = (dataset, evaluated, "", "unknown", "")
    task, begin, end, split, note = _MEANING.get((dataset, evaluated), fallback)
    direction: Direction = "max" if kind == "accuracy" else "min"
    return task, Metric(
        name=f"{begin}_{kind}{end}",
        unit="%" if kind == "accuracy" else "1",
        direction=direction,
        split=split,
        epoch_policy="all" if epochs == "all" else "final",
        note="; ".join(filter(None, [f"official {dataset}/{evaluated}", note])),
    )


def _fact_meaning(dataset: str, fact: str) -> tuple[str, Metric]:
    whole = dataset == "cifar10"
    unit = {"train_seconds": "s", "latency": "s", "params": "million", "flops": "million"}[fact]
    task = "cifar10" if dataset == "cifar10-valid" else dataset
    return task, Metric(
        name=f"{fact}_whole" if whole else fact,
        unit=unit,
        direction="min",
        split="none",
        note=f"official {dataset}"
        + (", all epochs of training without evaluation" if fact == "train_seconds" else ""),
    )
