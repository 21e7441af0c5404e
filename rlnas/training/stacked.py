"""Train many small networks at once: stacked weights, one kernel for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rlnas.datasets.task_data import TaskData
from rlnas.devices import choose_device, describe_device
from rlnas.errors import InvalidArgumentError
from rlnas.networks.network import SearchedNetwork
from rlnas.networks.stacked.network import StackedNetwork
from rlnas.training.loop import Loop
from rlnas.training.recipe import Recipe
from rlnas.training.result import EpochRecord, TrainingResult


def train_stacked(
    networks: Sequence[SearchedNetwork],
    data: TaskData | Sequence[TaskData],
    recipe: Recipe,
    *,
    seed: int = 0,
    device: str = "auto",
    train_metrics: bool = True,
    test_every_epoch: bool = True,
) -> list[TrainingResult]:
    """Train networks side by side; each ends as `train_network` would leave it, up to rounding.

    Where one network leaves a device idle, K of them take less than K times as long: launching
    kernels, not arithmetic, is much of a small network's step. Afterwards the networks have the
    trained weights, in evaluation mode. Their seconds are an equal share of the stack's.

    A network whose loss is not finite fails alone: its result says so and has no score, the others
    go on as if it were not there. When all have failed, training ends.

    Args:
        networks: Networks of one skeleton, see `StackedNetwork`.
        data: The data of all networks, or of each; of tasks on the same images.
        recipe: How to train, without early stopping, clipping, a discriminator, a schedule of
            regularisation or float16, which would treat the members as one.
        seed: Decides the order of the examples.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        train_metrics: Whether to measure the metric on training batches too.
        test_every_epoch: Whether to measure the test metric after every epoch, not the last alone.

    Returns:
        The results in the order of the networks.

    Raises:
        InvalidArgumentError: If the networks or data do not fit together, or the recipe does not
            train members apart.
    """
    each = [data] * len(networks) if isinstance(data, TaskData) else list(data)
    _check(networks, each, recipe)
    where = choose_device(device)
    stack = StackedNetwork(networks)
    loop = Loop(stack, each, recipe, seed=seed, device=where, train_metrics=train_metrics)
    histories: list[list[EpochRecord]] = [[] for _ in networks]
    errors: list[str | None] = [None] * len(networks)
    for number in range(1, recipe.epochs + 1):
        test = test_every_epoch or number == recipe.epochs
        for member, record in enumerate(loop.epoch(number, test=test)):
            histories[member].append(record)
            if errors[member] is None and not _is_finite(record):
                errors[member] = f"the loss is not finite in epoch {number}"
        if None not in errors:
            break
    stack.write_back()
    for network in networks:
        network.eval()
    return [
        TrainingResult(
            spec=item.spec,
            history=tuple(history),
            best_epoch=len(history),
            device=describe_device(where),
            error=error,
        )
        for item, history, error in zip(each, histories, errors, strict=True)
    ]


def _is_finite(record: EpochRecord) -> bool:
    """Whether a member's losses are: weights can also blow up in the last step of an epoch."""
    losses = [part["loss"] for part in (record.train, record.valid) if "loss" in part]
    return all(math.isfinite(loss) for loss in losses)


def _check(networks: Sequence[SearchedNetwork], data: list[TaskData], recipe: Recipe) -> None:
    if len(data) != len(networks):
        raise InvalidArgumentError(
            f"There are data for {len(data)} networks, but {len(networks)} networks; give the data "
            "of each, or one for all."
        )
    for network, item in zip(networks, data, strict=True):
        if network.spec != item.spec:
            raise InvalidArgumentError(
                f"A network was built for {network.spec}, but its data are of {item.spec}; build "
                "it with the spec of its data."
            )
    for field in ("patience", "gradient_clip", "adversarial", "regularisation"):
        if getattr(recipe, field):
            raise InvalidArgumentError(
                f"Recipe.{field} is {getattr(recipe, field)}; a stack is trained without it. Use "
                "train_network for each network."
            )
    if recipe.precision == "float16":
        raise InvalidArgumentError(
            "Recipe.precision is 'float16'; a stack is trained without it, since one member's "
            "overflow would hold up all. Use 'auto', or train_network for each network."
        )
