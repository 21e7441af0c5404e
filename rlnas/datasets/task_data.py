"""The data of a task as a trainer sees them: three splits that hand out batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.tables.preparation import TablePreparation


class Split(Protocol):
    """Examples of a task that can be asked for by number."""

    def __len__(self) -> int:
        """Return the number of examples."""
        ...

    def batch(
        self, indices: torch.Tensor, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets of the examples at ``indices``.

        Args:
            indices: ``(B,)`` int64 on the CPU, each within ``0…len(self) - 1``.
            generator: A CPU generator for a training batch: it draws jigsaw permutations and
                augmentation. None for a batch that is the same every time.

        Returns:
            Inputs and targets as `rlnas.datasets.TaskSpec` states them, on the split's device.
        """
        ...

    def to(self, device: torch.device | str) -> Split:
        """Return this split with its batches on ``device``."""
        ...


@dataclass(frozen=True)
class TaskData:
    """A task's specification and its data.

    Attributes:
        dataset: Name of the data set, or the folder as it was given.
        spec: What a network takes and gives.
        train: Examples to learn from.
        valid: Examples that score an architecture.
        test: Examples that only a report reads.
        mean: Mean of each input channel over the training images, with pixels in [0, 1].
        std: Standard deviation of each input channel, likewise.
        fingerprint: Hex digest of what the data are: equal fingerprints mean equal data.
        notes: What a reader of results must know, e.g. files that were left out.
        preparation: Of a table: how a row becomes an input; None for images.
    """

    dataset: str
    spec: TaskSpec
    train: Split
    valid: Split
    test: Split
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fingerprint: str
    notes: tuple[str, ...] = ()
    preparation: TablePreparation | None = None

    def __repr__(self) -> str:
        sizes = "+".join(str(len(split)) for split in (self.train, self.valid, self.test))
        size = f"image_size={self.spec.image_size}"
        if self.spec.features:
            size = f"features={self.spec.features}"
        return f"TaskData({self.dataset!r}, {self.spec.name!r}, {sizes} examples, {size})"

    def to(self, device: torch.device | str) -> TaskData:
        """Return these data with every batch on ``device``; the batches' values are the same."""
        return replace(
            self,
            train=self.train.to(device),
            valid=self.valid.to(device),
            test=self.test.to(device),
        )
