"""Batches that several tasks share: the same inputs, each task its own targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from rlnas.datasets.task_data import Split, TaskData
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import torch_generator

SplitName = Literal["train", "valid", "test"]


class SharedBatches:
    """The data of one or more tasks on the same images.

    Args:
        data: The data of each network that is trained; their images must be the same.

    Raises:
        InvalidArgumentError: If the splits have different sizes, or differ in their images.
    """

    def __init__(self, data: Sequence[TaskData]) -> None:
        self._distinct: list[TaskData] = []
        self._which: list[int] = []
        for item in data:
            if not any(item is other for other in self._distinct):
                self._distinct.append(item)
            self._which.append(next(i for i, d in enumerate(self._distinct) if d is item))
        for name in get_args(SplitName):
            self._check(name)

    def _splits(self, name: SplitName) -> list[Split]:
        return [getattr(data, name) for data in self._distinct]

    def _check(self, name: SplitName) -> None:
        first, *others = self._splits(name)
        for split, data in zip(others, self._distinct[1:], strict=True):
            some = torch.arange(min(len(first), 4))
            if len(split) != len(first) or not torch.equal(
                split.batch(some)[0], first.batch(some)[0]
            ):
                raise InvalidArgumentError(
                    f"The tasks {data.spec.name} and {self._distinct[0].spec.name} have different "
                    f"{name} images; only tasks on the same images can be trained together."
                )

    def size(self, name: SplitName) -> int:
        """Return the number of examples of a split."""
        return len(self._splits(name)[0])

    def _batch(
        self, name: SplitName, indices: Tensor, generator: torch.Generator | None
    ) -> tuple[Tensor, list[Tensor]]:
        state = None if generator is None else generator.get_state()
        inputs: Tensor | None = None
        targets: list[Tensor] = []
        for split in self._splits(name):
            if generator is not None and state is not None:
                generator.set_state(state)  # so that all tasks see the same augmentation
            x, y = split.batch(indices, generator)
            inputs = x if inputs is None else inputs
            targets.append(y)
        if inputs is None:
            raise InvalidArgumentError("No data were given; give the data of one task or more.")
        return inputs, [targets[which] for which in self._which]

    def epoch(
        self, seed: int, epoch: int, batch_size: int, examples: int | None = None
    ) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield the training batches of an epoch, in an order that seed and epoch decide.

        The rest after the last whole batch is left out, unless it is all there is.

        Args:
            seed: The seed.
            epoch: Number of the epoch, from 1.
            batch_size: Examples a batch.
            examples: Examples an epoch; None for all. Epochs of fewer take turns: together they
                go through all examples, but for those after whole batches, before one comes again.
        """
        generator = torch_generator(seed, "training", "epoch", epoch)
        size = self.size("train")
        count = min(examples or size, size)
        turns = size // count
        order = torch.randperm(
            size, generator=torch_generator(seed, "training", "pass", (epoch - 1) // turns)
        )
        first = (epoch - 1) % turns * count
        for step in range(self.steps(batch_size, examples)):
            begin = first + step * batch_size
            end = min(begin + batch_size, first + count)
            yield self._batch("train", order[begin:end], generator)

    def steps(self, batch_size: int, examples: int | None = None) -> int:
        """Return the number of training batches in an epoch."""
        size = self.size("train")
        return max(min(examples or size, size) // batch_size, 1)

    def all(self, name: SplitName, batch_size: int) -> Iterator[tuple[Tensor, list[Tensor]]]:
        """Yield all examples of a split in order, the same every time."""
        for indices in torch.split(torch.arange(self.size(name)), batch_size):
            yield self._batch(name, indices, None)
