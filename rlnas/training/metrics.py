"""The metrics of a task: accuracy, loss, confusion of classes, similarity of images."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import Split
from rlnas.training.losses import IGNORED, task_loss

EVALUATION_BATCH = 64
"""Examples at a time where no gradients are needed."""

WINDOW = 11
SIGMA = 1.5
"""Side and standard deviation of the window of structural similarity, in pixels."""


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
            hits = outputs.argmax(dim=1) == _labels(targets)
            self._add(100.0 * float(hits.sum()), count)

    def _add(self, total: float, weight: float) -> None:
        self._sum += total
        self._weight += weight

    def _add_pixels(self, predicted: Tensor, targets: Tensor) -> None:
        counted = targets != IGNORED
        counts = _pair_counts(targets[counted], predicted[counted], self._spec.outputs)
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


@torch.no_grad()
def confusion_matrix(network: nn.Module, split: Split, classes: int) -> Tensor:
    """Return how often examples of each class were taken for each class.

    Args:
        network: A classifier; it is put into evaluation mode.
        split: Examples with labels, or with distributions over classes, on the same device.
        classes: Number of classes.

    Returns:
        int64 ``(classes, classes)`` on the CPU: a row for each true class.
    """
    network.eval()
    counts = torch.zeros(classes, classes, dtype=torch.int64)
    for begin in range(0, len(split), EVALUATION_BATCH):
        indices = torch.arange(begin, min(begin + EVALUATION_BATCH, len(split)))
        inputs, targets = split.batch(indices)
        counts += _pair_counts(_labels(targets), network(inputs).argmax(dim=1), classes).cpu()
    return counts


def _labels(targets: Tensor) -> Tensor:
    """Return the classes ``(B,)`` of labels, or of distributions over classes."""
    return targets.argmax(dim=1) if targets.is_floating_point() else targets


def _pair_counts(labels: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """Return how often each class, a row, was taken for each class, a column."""
    pairs = labels * classes + predicted
    return torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)


@lru_cache(maxsize=16)
def _window_matrix(size: int, device: torch.device) -> Tensor:
    """Return the banded matrix ``(size - w + 1, size)`` that filters rows with a Gaussian.

    Two products with it filter an image: for small images on a CPU far faster than a depthwise
    convolution.
    """
    width = min(WINDOW, size)
    offsets = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    kernel = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    kernel = (kernel / kernel.sum()).float()
    rows = size - width + 1
    matrix = torch.zeros(rows, size)
    for row in range(rows):
        matrix[row, row : row + width] = kernel
    return matrix.to(device)


def structural_similarity(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean structural similarity of each pair of images, ``(B,)``, within [−1, 1].

    Gaussian window of 11 pixels (fewer on smaller images) and standard deviation 1.5, only whole
    windows, constants (0.01 L)² and (0.03 L)² with the range L = 2.

    Args:
        first: Images ``(B, C, H, W)`` within [−1, 1].
        second: Images of the same shape.
    """
    rows = _window_matrix(first.shape[-2], first.device)
    columns = _window_matrix(first.shape[-1], first.device).T

    def blur(x: Tensor) -> Tensor:
        return rows @ x @ columns

    first, second = first.float(), second.float()
    mean_1, mean_2 = blur(first), blur(second)
    square_1, square_2, product = mean_1 * mean_1, mean_2 * mean_2, mean_1 * mean_2
    variances = blur(first * first + second * second) - square_1 - square_2
    covariance = blur(first * second) - product
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    similarity = ((2 * product + c1) * (2 * covariance + c2)) / (
        (square_1 + square_2 + c1) * (variances + c2)
    )
    return similarity.mean(dim=(1, 2, 3))
