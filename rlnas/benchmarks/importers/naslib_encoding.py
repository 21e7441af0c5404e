"""The tuples by which NASLib names architectures, and what its numbers mean.

The usual order of operations and edges was checked against the published strings, accuracies and
parameters; NASLib's own ``OP_NAMES`` and ``EDGE_LIST`` of TransNAS-Bench-101 say otherwise, and
hold for what NASLib trained itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from rlnas.errors import DataError, shown
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Metric
from rlnas.tasks.metric import EpochPolicy

SPACES = {
    "transbench101_micro": "transnas-micro",
    "transbench101_macro": "transnas-macro",
    "nasbench201": "nasbench-201",
}
"""NASLib's names of search spaces and ours."""

TASKS = {
    "transnas-micro": (
        "class_object",
        "class_scene",
        "jigsaw",
        "room_layout",
        "segmentsemantic",
        "normal",
        "autoencoder",
    ),
    "nasbench-201": ("cifar10", "cifar100", "ImageNet16-120"),
}
TASKS["transnas-macro"] = TASKS["transnas-micro"]

SENTINEL = -1e8
"""What NASLib writes for a proxy that could not be computed."""

_TUPLE = re.compile(r"[(\[]?\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*,?\s*[)\]]?")


@dataclass(frozen=True)
class TupleOrder:
    """What the digits of a tuple stand for.

    Attributes:
        name: What to call it.
        operations: Our number of each digit's operation.
        edges: Place in the tuple of each of our positions.
    """

    name: str
    operations: tuple[int, ...]
    edges: tuple[int, ...]


# NASLib lists the edges (1,2),(1,3),(1,4),(2,3),(2,4),(3,4), and the benchmarks (2,3) before (1,4).
_NASLIB_EDGES = (0, 1, 3, 2, 4, 5)
_OFFICIAL = "the official digits"
_NASLIB = "NASLib's own order"
ORDERS = {
    "transnas-micro": (
        TupleOrder(_OFFICIAL, (0, 1, 2, 3), (0, 1, 2, 3, 4, 5)),
        # [Identity, Zero, ReLUConvBN3x3, ReLUConvBN1x1]
        TupleOrder(_NASLIB, (1, 0, 3, 2), _NASLIB_EDGES),
    ),
    "transnas-macro": (TupleOrder(_OFFICIAL, (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5)),),
    "nasbench-201": (
        # [skip_connect, none, nor_conv_3x3, nor_conv_1x1, avg_pool_3x3]
        TupleOrder(_NASLIB, (1, 0, 3, 2, 4), _NASLIB_EDGES),
        TupleOrder(_OFFICIAL, (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5)),
    ),
}
"""The orders that files of NASLib's format follow, the usual one first."""


def read_tuple(text: str, space: SearchSpace) -> Architecture:
    """Return the digits of a NASLib tuple such as ``(2, 3, 2, 3, 2, 3)``, ``(num_positions,)``.

    Raises:
        DataError: If it names no architecture of this space in any order.
    """
    match = _TUPLE.fullmatch(text.strip())
    digits = [int(digit) for digit in match.group(1).split(",")] if match else []
    if space.name == "transnas-macro":
        digits += [0] * (space.num_positions - len(digits))
    if len(digits) == space.num_positions and max(digits) < space.num_operations:
        vector = np.array(digits, dtype=np.int8)
        # Orders permute digits and places of cells, which are valid in any order.
        if space.is_valid(vector[None])[0]:
            return vector
    raise DataError(f"{shown(text)} names no architecture of {space.name}.")


def ordered(digits: Architecture, order: TupleOrder) -> Architecture:
    """Return the architectures of tuples, ``(N, num_positions)``."""
    return np.array(order.operations, dtype=np.int8)[digits][:, list(order.edges)]


def decode_tuple(text: str, space: SearchSpace) -> Architecture:
    """Return the architecture that a NASLib tuple names in the usual order of its space.

    Raises:
        DataError: If it names none of this space.
    """
    digits = read_tuple(text, space)
    orders = ORDERS.get(space.name)
    return ordered(digits[None], orders[0])[0] if orders else digits


def accuracy_metric(space: str, task: str, epoch_policy: EpochPolicy) -> Metric:
    """Return what NASLib's ``val_accuracy`` is on a task of one of our spaces."""
    if task not in TASKS[space]:
        note = "named val_accuracy in the source, which does not state its unit"
        return Metric(name="val_accuracy", epoch_policy=epoch_policy, note=note)
    run = "one training run"
    if space == "nasbench-201":
        note = f"{run}, not the mean of the seeds"
        return Metric(name="valid_accuracy", unit="%", epoch_policy=epoch_policy, note=note)
    if task == "room_layout":
        return Metric(
            name="valid_neg_loss",
            epoch_policy=epoch_policy,
            note=f"{run}; the source stores the mean squared error negated, so larger is better",
        )
    if task == "segmentsemantic":
        note = f"{run}; pixel accuracy, not mIoU"
        return Metric(name="valid_acc", unit="%", epoch_policy=epoch_policy, note=note)
    if task in {"normal", "autoencoder"}:
        note = f"{run}; structural similarity"
        return Metric(name="valid_ssim", epoch_policy=epoch_policy, note=note)
    return Metric(name="valid_top1", unit="%", epoch_policy=epoch_policy, note=run)


def proxy_metrics(proxy: str) -> tuple[Metric, Metric]:
    """Return what a proxy's score and its time are."""
    note = "zero-cost proxy at initialisation, no training; larger is meant to be better"
    unit = {"params": "million", "flops": "million"}.get(proxy, "1")
    score = Metric(name=proxy, unit=unit, split="none", note=note)
    seconds = Metric(
        name=f"{proxy}_seconds",
        unit="s",
        direction="min",
        split="none",
        note=f"time to compute the proxy {proxy}, no training",
    )
    return score, seconds
