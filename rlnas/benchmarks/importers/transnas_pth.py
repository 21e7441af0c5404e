"""Importer of the official TransNAS-Bench-101 file (Duan et al., CVPR 2021, arXiv 2105.11871).

The file is a PyTorch pickle of plain containers: ``metrics_dict``, ``info_names``, ``task_list``
and ``data[space][architecture][task] = {"total_epochs", "metrics": {name: [per epoch]},
"model_info": {name: number}}``. Every metric keeps all its epochs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.column import Column
from rlnas.benchmarks.importers.arrange import arrange
from rlnas.benchmarks.importers.numbers import numbers
from rlnas.benchmarks.importers.safe_pickle import load_plain
from rlnas.benchmarks.provenance import Provenance, converter, file_sha256
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.damage import check_size, guarded
from rlnas.errors import DataError, shown
from rlnas.spaces import get_space
from rlnas.tasks import Metric
from rlnas.tasks.metric import Direction, Split

PRIMARY = {
    "class_object": "valid_top1",
    "class_scene": "valid_top1",
    "jigsaw": "valid_top1",
    "room_layout": "valid_neg_loss",
    "segmentsemantic": "valid_acc",
    "normal": "valid_ssim",
    "autoencoder": "valid_ssim",
}
"""The metrics of the suites ``transnas-micro`` and ``transnas-macro``, so that the official table
means the same; the paper reports ``valid_mIoU`` for segmentsemantic, which is there too."""

ELAPSED = "time_elapsed"
_CLOCK = re.compile(r"(\d{1,6}):(\d\d):(\d\d)")


def read_transnas_pth(path: str | Path, *, name: str | None = None) -> list[BenchmarkTable]:
    """Return the tables of the official file, one for each search space in it.

    Directions follow the metric's name: a ``…neg_loss`` is maximised, any other ``…loss``
    minimised, all else maximised. (The official interface's ``mode="best"`` takes the largest
    value even of a loss.) Splits follow the prefixes ``train_``, ``valid_`` and ``test_``.
    ``time_elapsed``, the seconds since training began, is the cost.

    Args:
        path: The ``.pth`` file.
        name: Beginning of the tables' names, which end in ``-micro`` and ``-macro``; by default
            the file's name without its ending.

    Raises:
        DataError: If it is no such file, is damaged, or holds anything that could run code.
    """
    path = Path(path)
    content = load_plain(path)
    spaces = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(spaces, Mapping) or not {"micro", "macro"} & set(spaces):
        raise DataError(
            f"{path} is not in the layout of the official TransNAS-Bench-101 file: expected "
            "'data' with 'micro' and 'macro'."
        )
    unknown = [shown(kind) for kind in spaces if kind not in ("micro", "macro")]
    source = Provenance(
        title="TransNAS-Bench-101, the official file",
        url="https://github.com/yawen-d/TransNASBench",
        sha256=file_sha256(path),
        licence="MIT",
        citation="Duan et al., TransNAS-Bench-101, CVPR 2021, arXiv:2105.11871",
        converted_by=converter(),
        note=f"left out: the unknown search spaces {', '.join(unknown)[:200]}" if unknown else "",
    )
    tables = []
    for kind in ("micro", "macro"):
        if kind in spaces:
            with guarded(
                path, f"official TransNAS-Bench-101 file: the {kind} part has another layout"
            ):
                tables.append(_table(f"{name or path.stem}-{kind}", kind, spaces[kind], source))
    return tables


def _table(name: str, kind: str, data: Mapping[str, Any], source: Provenance) -> BenchmarkTable:
    space = get_space(f"transnas-{kind}")
    order, architectures = arrange(space, [space.parse(text) for text in data])
    results = list(data.values())
    found = list(dict.fromkeys(task for result in results for task in result))
    # Our order of tasks first, so that a suite lists them as the other tables do.
    tasks = [task for task in PRIMARY if task in found]
    tasks += [task for task in found if task not in PRIMARY]
    columns: list[Column] = []
    for task in tasks:
        cells = [result.get(task, {}) for result in results]
        for metric in _names(cell.get("metrics", {}) for cell in cells):
            curves = [cell.get("metrics", {}).get(metric, ()) for cell in cells]
            columns.append(_curves(task, metric, curves, order))
        for fact in _names(cell.get("model_info", {}) for cell in cells):
            values = [cell.get("model_info", {}).get(fact, np.nan) for cell in cells]
            columns.append(_facts(task, fact, values, order))
    held = {(column.task, column.metric.name) for column in columns}
    primary = {task: metric for task, metric in PRIMARY.items() if (task, metric) in held}
    twins = {task: metric.replace("valid", "test", 1) for task, metric in primary.items()}
    return BenchmarkTable(
        name,
        space,
        columns,
        primary=primary,
        source=source,
        costs={task: ELAPSED for task in tasks if (task, ELAPSED) in held},
        tests={task: metric for task, metric in twins.items() if (task, metric) in held},
        architectures=architectures,
    )


def _names(mappings: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _curves(task: str, name: str, curves: list[Any], order: NDArray[np.int64]) -> Column:
    where = f"{shown(task)}/{shown(name)}"
    held = [
        numbers([_seconds(v) for v in curve] if name == ELAPSED else curve, where)
        for curve in curves
    ]
    epochs = max(len(curve) for curve in held)
    if not epochs:
        raise DataError(f"{where} has no epoch.")
    check_size((len(held), epochs), sum(map(len, held)), where)
    values = np.full((len(held), epochs), np.nan)
    for row, curve in enumerate(held):
        values[row, : len(curve)] = curve
    if name == ELAPSED:
        values = _since_start(values)
    return Column(task, _metric(name), values[order], ("architecture", "epoch"))


def _seconds(value: object) -> object:
    """Return seconds from ``hh:mm:ss``, as the training code prints them; else what it is."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    hours, minutes, seconds = (int(part) for part in match.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def _since_start(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return seconds since the start of training.

    The published training code writes the time since the start. Should a file hold the time of
    each epoch, some curve falls somewhere, and the times are added up.
    """
    steps = np.diff(values, axis=1)
    return values if (steps[np.isfinite(steps)] >= 0).all() else values.cumsum(axis=1)


def _metric(name: str) -> Metric:
    if name == ELAPSED:
        return Metric(
            name=name,
            unit="s",
            direction="min",
            split="none",
            epoch_policy="all",
            note="wall clock since the start of training, evaluation included",
        )
    prefix = name.split("_", maxsplit=1)[0]
    splits: dict[str, Split] = {"train": "train", "valid": "valid", "test": "test"}
    direction: Direction = "min" if "loss" in name and "neg_loss" not in name else "max"
    percent = name.endswith(("top1", "top5", "acc", "mIoU"))
    known = percent or "loss" in name or name.endswith("ssim")
    return Metric(
        name=name,
        unit="%" if percent else "1",
        direction=direction,
        split=splits.get(prefix, "unknown"),
        epoch_policy="all",
        note="" if known else "direction not stated by the source; taken to be maximised",
    )


def _facts(task: str, name: str, values: list[Any], order: NDArray[np.int64]) -> Column:
    metric = Metric(
        name=name,
        unit="s" if name == "inference_time" else "1",
        direction="min",
        split="none",
        note="property of the model, as the source states it",
    )
    return Column(task, metric, numbers(values, f"{shown(task)}/{shown(name)}")[order])
