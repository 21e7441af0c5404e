"""The columns of a task in the packed table: what is kept of its trainings and its networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from suite_cells import Cells, curve

from rlnas.benchmarks import BenchmarkTable, Column
from rlnas.datasets.spec import TaskSpec
from rlnas.proxies import proxy_names
from rlnas.tasks import Metric
from rlnas.tasks.metric import Direction, EpochPolicy, Split

COST = "cpu_seconds"
_COST = Metric(
    name=COST,
    unit="s",
    direction="min",
    split="none",
    epoch_policy="all",
    note="processor seconds since the start, evaluations included; an equal share of the tasks "
    "that were trained side by side",
)
_COUNTS = {
    "parameters": "trainable numbers of the canonical form, which has no dead edges",
    "flops": "of one example as NAS-Bench-Suite-Zero counts them, of the canonical form",
    "macs": "multiply-accumulates of one example, of the canonical form",
}


def training_columns(
    cells: Cells, architectures: list[str], seeds: tuple[int, ...], spec: TaskSpec
) -> Iterator[Column]:
    """Yield what was measured in training.

    Args:
        cells: The trainings.
        architectures: The rows.
        seeds: The seeds; one gives columns without a seed axis.
        spec: The task.
    """
    primary = spec.metric

    def column(key: str, metric: Metric, *, last: bool = False, total: bool = False) -> Column:
        values = curve(cells, architectures, seeds, spec.name, key)
        if total:
            values = values.cumsum(axis=-1, dtype=np.float64).astype(np.float32)
        axes: tuple[str, ...] = ("architecture", "seed", "epoch")
        if last:
            values, axes = values[..., -1], axes[:-1]
        if len(seeds) == 1:
            values, axes = values[:, 0], tuple(axis for axis in axes if axis != "seed")
            return Column(spec.name, metric, values, axes)
        return Column(spec.name, metric, values, axes, seeds)

    def metric(name: str, split: Split, policy: EpochPolicy, direction: Direction) -> Metric:
        return Metric(name=name, split=split, epoch_policy=policy, direction=direction)

    yield column("valid_metric", replace(primary, epoch_policy="all"))
    test = replace(primary, name=test_name(spec), split="test", epoch_policy="final")
    yield column("test_metric", test, last=True)
    if primary.name != "valid_loss":
        yield column("valid_loss", metric("valid_loss", "valid", "all", "min"))
        yield column("test_loss", metric("test_loss", "test", "final", "min"), last=True)
    if spec.kind == "pixels":
        miou = Metric(name="valid_mIoU", unit="%", epoch_policy="all")
        yield column("valid_miou", miou)
        yield column(
            "test_miou",
            replace(miou, name="test_mIoU", split="test", epoch_policy="final"),
            last=True,
        )
    yield column("train_loss", metric("train_loss", "train", "all", "min"))
    yield column("cpu_seconds", _COST, total=True)


def test_name(spec: TaskSpec) -> str:
    """Return the name of the metric that reports on the primary one's winner."""
    return spec.metric.name.replace("valid", "test", 1)


def count_columns(statistics: pd.DataFrame, spec: TaskSpec) -> Iterator[Column]:
    """Yield parameters and operations, as `rlnas.networks.statistics_of_many` counts them."""
    for name, note in _COUNTS.items():
        metric = Metric(name=name, direction="min", split="none", note=note)
        yield Column(spec.name, metric, statistics[name].to_numpy(np.float32))


def proxy_columns(cells: Cells, architectures: list[str], spec: TaskSpec) -> Iterator[Column]:
    """Yield the zero-cost proxies that `proxies.py` computed, NaN where there is no score.

    One that has no score for any architecture, as epe_nas where there are no classes, is left out.
    """
    found = [cells.proxies.get(text, {}).get(spec.name, {}) for text in architectures]
    for name in dict.fromkeys(name for scores in found for name in scores):
        values = np.array([_number(scores.get(name)) for scores in found], dtype=np.float32)
        note = "zero-cost proxy of the first weights; larger is meant to be better"
        values = finite32(values)
        if np.isfinite(values).any():
            yield Column(spec.name, Metric(name=name, split="none", note=note), values)


def kept_proxy_columns(
    packed: BenchmarkTable, architectures: list[str], spec: TaskSpec
) -> Iterator[Column]:
    """Yield the proxies of a table that is there: first weights know nothing of recipes.

    Args:
        packed: The table, of the same skeleton, with a row for each canonical form.
        architectures: The rows that are wanted.
        spec: The task.
    """
    place = {packed.space.format(v): row for row, v in enumerate(packed.architectures)}
    rows = [place[architecture] for architecture in architectures]
    names = set(proxy_names()) - set(_COUNTS)
    for name in packed.metrics(spec.name):
        if name in names:
            column = packed.column(spec.name, name)
            yield replace(column, values=column.values[rows])


def _number(score: dict[str, float | None] | None) -> float:
    value = None if score is None else score["value"]
    return np.nan if value is None else value


def finite32(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the values with what float32 cannot hold as NaN."""
    return np.where(np.isfinite(values), values, np.float32(np.nan))
