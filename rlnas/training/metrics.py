"""The metrics of a task: the raw numbers that its score and its report are made of."""

from __future__ import annotations

import torch
from torch import Tensor

from rlnas.datasets.spec import TaskSpec
from rlnas.training.losses import IGNORED, task_loss
from rlnas.training.ssim import structural_similarity


class Meter:
    """Collects a task's metrics over batches.

    The primary metric is the one of ``spec.metric``: top-1 accuracy in % (classes, puzzles), mean
    squared error (vectors), pixel accuracy in % (pixels), structural similarity (images).

    Args:
        spec: The task.
    """

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self._examples = 0
        self._loss = 0.0
        self._sum = 0.0
        self._weight = 0.0
        self._confusion: Tensor | None = None

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch of network outputs and targets."""
        kind, count = self._spec.kind, len(outputs)
        outputs = outputs.float()
        loss = float(task_loss(kind, outputs, targets))
        self._examples += count
        self._loss += loss * count
        if kind == "vector":
            self._add(loss * count, count)
        elif kind == "image":
            self._add(float(structural_similarity(outputs, targets).sum()), count)
        elif kind == "pixels":
            self._add_pixels(outputs.argmax(dim=1), targets)
        else:
            labels = targets.argmax(dim=1) if targets.is_floating_point() else targets
            self._add(100.0 * float((outputs.argmax(dim=1) == labels).sum()), count)

    def _add(self, total: float, weight: float) -> None:
        self._sum += total
        self._weight += weight

    def _add_pixels(self, predicted: Tensor, targets: Tensor) -> None:
        counted = targets != IGNORED
        classes = self._spec.outputs
        pairs = targets[counted] * classes + predicted[counted]
        counts = torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        self._confusion = counts if self._confusion is None else self._confusion + counts
        self._add(100.0 * float(counts.diagonal().sum()), float(counts.sum()))

    def values(self) -> dict[str, float]:
        """Return the means: ``metric`` (the primary one, raw), ``loss``, and ``miou`` for pixels.

        NaN where nothing was counted.
        """
        nan = float("nan")
        values = {
            "metric": self._sum / self._weight if self._weight else nan,
            "loss": self._loss / self._examples if self._examples else nan,
        }
        if self._confusion is not None:
            hits = self._confusion.diagonal().double()
            union = self._confusion.sum(0) + self._confusion.sum(1) - self._confusion.diagonal()
            there = self._confusion.sum(1) > 0
            values["miou"] = 100.0 * float((hits[there] / union[there]).mean())
        return values
