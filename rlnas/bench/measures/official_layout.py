"""Tables written as the files their authors publish, to time what a user loads without rlnas.

The layouts are those that `rlnas.benchmarks.import_table` reads. Two variants are written:

* ``same-content`` holds the numbers that the table holds and nothing else, lists over epochs being
  as long as what is held (one, where a table has the final epoch only). Loading it gives the same
  numbers as loading the table, so this is the fair comparison.
* ``official-size`` (TransNAS-Bench-101 only) has the metrics, model facts and epochs that are
  published. What the table does not hold is filled with random numbers, which mean nothing. It
  shows what a user waits for who needs one number from the published file: both search spaces
  together would take 108 MB, and the published file has about 105 MB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rlnas.bench.measures.official_nasbench201 import fits_nasbench201, nasbench201_content
from rlnas.benchmarks import BenchmarkTable, Column
from rlnas.errors import DataError, InvalidArgumentError
from rlnas.seeding import generator

Variant = Literal["same-content", "official-size"]

EPOCHS = {
    "class_scene": 25,
    "class_object": 25,
    "room_layout": 25,
    "jigsaw": 10,
    "segmentsemantic": 30,
    "normal": 30,
    "autoencoder": 30,
}
"""Epochs of training in TransNAS-Bench-101 (arXiv 2105.11871), by task in the file's order."""

_CLASSES = ("top1", "top5", "loss")
_KINDS = {
    "class_scene": _CLASSES,
    "class_object": _CLASSES,
    "jigsaw": _CLASSES,
    "room_layout": ("loss", "neg_loss"),
    "segmentsemantic": ("loss", "acc", "mIoU"),
    "normal": ("l1_loss", "ssim"),
    "autoencoder": ("l1_loss", "ssim"),
}
_SPLITS = ("train", "valid", "test")
METRICS = {
    task: (*(f"{split}_{kind}" for split in _SPLITS for kind in kinds), "time_elapsed")
    for task, kinds in _KINDS.items()
}
"""Metrics of each task in the official TransNAS-Bench-101 file, one number for each epoch."""

FACTS = ("inference_time", "encoder_params", "model_params", "model_FLOPs", "encoder_FLOPs")
"""Facts about each model in the official TransNAS-Bench-101 file."""


@dataclass(frozen=True)
class OfficialFile:
    """A file that was written in an official layout.

    Attributes:
        path: The file.
        variant: ``same-content`` or ``official-size``.
        bytes: Its size.
        held: What in it comes from the table.
        filled: What in it does not, and what stands there.
    """

    path: Path
    variant: Variant
    bytes: int
    held: str
    filled: str


def official_variants(table: BenchmarkTable) -> tuple[Variant, ...]:
    """Return the variants that `write_official_layout` can write of a table, fairest first.

    There are none where the space has no official file or the table does not fit its layout. Of
    NAS-Bench-201 there is only ``same-content``: its published files have 2.2 and 4.7 GB.
    """
    if table.space.name == "nasbench-201":
        return ("same-content",) if fits_nasbench201(table) else ()
    if table.space.name not in {"transnas-micro", "transnas-macro"}:
        return ()
    if any("seed" in column.axes for column in table.columns):
        return ()
    published = set(table.tasks) <= set(EPOCHS)
    return ("same-content", "official-size") if published else ("same-content",)


def write_official_layout(
    table: BenchmarkTable, path: str | Path, variant: Variant = "same-content"
) -> OfficialFile:
    """Write a table by ``torch.save`` in the layout of its benchmark's official file.

    A TransNAS file has one search space, the table's; the published one has both.

    Args:
        table: The table.
        path: The ``.pth`` file to write, which is replaced if there is one.
        variant: See the module's description.

    Raises:
        InvalidArgumentError: If `official_variants` does not list the variant for this table.
        DataError: If the file cannot be written.
    """
    import torch

    known = official_variants(table)
    if variant not in known:
        raise InvalidArgumentError(
            f"The table {table.name!r} of {table.space.name} cannot be written in an official "
            f"layout as {variant!r}; expected one of {list(known)}."
        )
    if table.space.name == "nasbench-201":
        content, held, filled = nasbench201_content(table, _names(table))
    elif variant == "same-content":
        content, held, filled = _transnas(table)
    else:
        content, held, filled = _transnas_published(table)
    path = Path(path)
    try:
        torch.save(content, path)
    except (OSError, RuntimeError) as error:  # PyTorch reports a missing folder as the latter
        raise DataError(f"{path} cannot be written: {error}.") from error
    return OfficialFile(path, variant, path.stat().st_size, held, filled)


def _names(table: BenchmarkTable) -> list[str]:
    """Return the official strings of the rows."""
    rows = table.space.arrays if table.architectures is None else table.architectures
    return [table.space.format(row) for row in rows]


def _transnas(table: BenchmarkTable) -> tuple[dict[str, Any], str, str]:
    curves: dict[str, dict[str, list[Any]]] = {}
    facts: dict[str, dict[str, list[Any]]] = {}
    for task in table.tasks:
        columns = [table.column(task, metric) for metric in table.metrics(task)]
        # What has neither epochs nor a split is a property of the model, e.g. a proxy's value.
        measured = [c for c in columns if c.num_epochs is not None or c.metric.split != "none"]
        curves[task] = {c.metric.name: _lists(c) for c in measured}
        facts[task] = {c.metric.name: c.values.tolist() for c in columns if c not in measured}
    epochs = {t: max((len(c[0]) for c in lists.values()), default=1) for t, lists in curves.items()}
    held = "every number of the table: measured ones as metrics, all others as model_info"
    return _transnas_file(table, epochs, curves, facts), held, "nothing"


def _transnas_published(table: BenchmarkTable) -> tuple[dict[str, Any], str, str]:
    rng = generator(0, "official-size")
    curves: dict[str, dict[str, list[Any]]] = {}
    facts: dict[str, dict[str, list[Any]]] = {}
    for task in (t for t in EPOCHS if t in table.tasks):
        curves[task], facts[task] = {}, {}
        for metric in METRICS[task]:
            lists = rng.random((table.num_rows, EPOCHS[task])).tolist()
            if metric in table.metrics(task):
                for filler, known in zip(lists, _lists(table.column(task, metric)), strict=True):
                    filler[-len(known) :] = known
            curves[task][metric] = lists
        for fact in FACTS:
            known = fact in table.metrics(task)
            values = table.column(task, fact).values if known else rng.random(table.num_rows)
            facts[task][fact] = values.tolist()
    held = "the published metrics that the table has; where it has one epoch, that stands last"
    filled = "all other published metrics, epochs and model_info, with random numbers"
    return _transnas_file(table, EPOCHS, curves, facts), held, filled


def _lists(column: Column) -> list[Any]:
    """Return for each row the list over the epochs that are held."""
    return np.asarray(column.values).reshape(len(column.values), -1).tolist()


def _transnas_file(
    table: BenchmarkTable,
    epochs: Mapping[str, int],
    curves: Mapping[str, Mapping[str, list[Any]]],
    facts: Mapping[str, Mapping[str, list[Any]]],
) -> dict[str, Any]:
    results = {
        name: {
            task: {
                "total_epochs": epochs[task],
                "metrics": {metric: lists[row] for metric, lists in curves[task].items()},
                "model_info": {fact: values[row] for fact, values in facts[task].items()},
            }
            for task in curves
        }
        for row, name in enumerate(_names(table))
    }
    return {
        "metrics_dict": {task: list(metrics) for task, metrics in curves.items()},
        "info_names": list(dict.fromkeys(fact for named in facts.values() for fact in named)),
        "task_list": list(curves),
        "data": {table.space.name.removeprefix("transnas-"): results},
    }
