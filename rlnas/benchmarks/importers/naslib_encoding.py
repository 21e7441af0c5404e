"""The tuples by which NASLib names architectures, and what its numbers mean.

The order of operations and edges was checked against the published strings and test accuracies;
NASLib's own ``OP_NAMES`` and ``EDGE_LIST`` of TransNAS-Bench-101 say otherwise and are wrong.
"""

from __future__ import annotations

import re

import numpy as np

from rlnas.errors import DataError
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

_TUPLE = re.compile(r"[(\[]?\s*(\d+(?:\s*,\s*\d+)*)\s*,?\s*[)\]]?")
# [skip_connect, none, nor_conv_3x3, nor_conv_1x1, avg_pool_3x3] in the order of our operations.
_NASBENCH201_OPERATIONS = (1, 0, 3, 2, 4)
# Edges (1,2),(1,3),(1,4),(2,3),(2,4),(3,4) at the places of (1,2),(1,3),(2,3),(1,4),(2,4),(3,4).
_NASBENCH201_EDGES = (0, 1, 3, 2, 4, 5)


def decode_tuple(text: str, space: SearchSpace) -> Architecture:
    """Return the architecture that a NASLib tuple such as ``(2, 3, 2, 3, 2, 3)`` names.

    Raises:
        DataError: If it names none of this space.
    """
    match = _TUPLE.fullmatch(text.strip())
    digits = [int(digit) for digit in match.group(1).split(",")] if match else []
    if space.name == "transnas-macro":
        digits += [0] * (space.num_positions - len(digits))
    if space.name == "nasbench-201" and len(digits) == 6 and max(digits) < 5:
        digits = [_NASBENCH201_OPERATIONS[digits[edge]] for edge in _NASBENCH201_EDGES]
    if len(digits) != space.num_positions or not 0 <= max(digits) < space.num_operations:
        raise DataError(f"{text!r} names no architecture of {space.name}.")
    vector = np.array(digits, dtype=np.int8)
    if not space.is_valid(vector[None])[0]:
        raise DataError(f"{text!r} names no architecture of {space.name}.")
    return vector


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
