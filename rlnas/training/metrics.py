"""The metrics of a task: accuracy, loss, confusion of classes, similarity of images."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import Split
from rlnas.statistics.bootstrap import Bootstrap, Interval
from rlnas.training.losses import IGNORED, task_loss

EVALUATION_BATCH = 64
"""Examples at a time where no gradients are needed."""

WINDOW = 11
SIGMA = 1.5
"""Side and standard deviation of the window of structural similarity, in pixels."""


class Meter:
    """Collects a task's metrics over batches.

    The primary metric is the one of ``spec.metric``: top-1 accuracy in % (classes, puzzles), mean
    squared error (vectors), pixel accuracy in % (pixels), structural similarity (images); of a
    table's classes it may also be the balanced accuracy, the average precision or the loss.

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
        self._rows: list[tuple[Tensor, Tensor]] = []

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
            if self._spec.features:
                self._rows.append((outputs.softmax(dim=1), _labels(targets)))

    def _add(self, total: float, weight: float) -> None:
        self._sum += total
        self._weight += weight

    def _add_pixels(self, predicted: Tensor, targets: Tensor) -> None:
        counted = targets != IGNORED
        counts = _pair_counts(targets[counted], predicted[counted], self._spec.outputs)
        self._confusion = counts if self._confusion is None else self._confusion + counts
        self._add(100.0 * float(counts.diagonal().sum()), float(counts.sum()))

    def values(self) -> dict[str, float]:
        """Return the means: ``metric`` (the primary one, raw), ``loss``, and more by kind.

        Pixels have ``miou``, a table's classes ``accuracy``, ``balanced_accuracy`` and
        ``average_precision``. NaN where nothing was counted.
        """
        nan = float("nan")
        values = {
            "metric": self._sum / self._weight if self._weight else nan,
            "loss": self._loss / self._examples if self._examples else nan,
        }
        if self._rows:
            shares = torch.cat([shares for shares, _ in self._rows])
            labels = torch.cat([labels for _, labels in self._rows])
            values["accuracy"] = values["metric"]
            values["balanced_accuracy"] = balanced_accuracy(shares, labels)
            values["average_precision"] = average_precision(shares, labels)
            values["metric"] = values[_PRIMARY.get(self._spec.metric.name, "accuracy")]
        if self._confusion is not None:
            hits = self._confusion.diagonal().double()
            union = self._confusion.sum(0) + self._confusion.sum(1) - self._confusion.diagonal()
            there = self._confusion.sum(1) > 0
            values["miou"] = 100.0 * float((hits[there] / union[there]).mean())
        return values


_PRIMARY = {
    "valid_balanced_accuracy": "balanced_accuracy",
    "valid_average_precision": "average_precision",
    "valid_cross_entropy": "loss",
}


def balanced_accuracy(shares: Tensor, labels: Tensor) -> float:
    """Return the mean over classes of the share that is told right, in %.

    Args:
        shares: Probabilities ``(N, classes)``.
        labels: Classes ``(N,)``; those that none has do not count.
    """
    counts = _pair_counts(labels, shares.argmax(dim=1), shares.shape[1]).double()
    there = counts.sum(dim=1) > 0
    return 100.0 * float((counts.diagonal()[there] / counts.sum(dim=1)[there]).mean())


def average_precision(shares: Tensor, labels: Tensor) -> float:
    """Return the area under the curve of precision over recall, in %.

    Of two classes it is that of the rarer one (of the second where both are as many), of more the
    mean over the classes that there are. The curve is a staircase, as scikit-learn's
    ``average_precision_score`` has it; what is tied is told together.

    Args:
        shares: Probabilities ``(N, classes)``.
        labels: Classes ``(N,)``.
    """
    counts = torch.bincount(labels, minlength=shares.shape[1])
    if len(counts) == 2:
        wanted = [0 if counts[0] < counts[1] else 1]
    else:
        wanted = counts.nonzero().flatten().tolist()
    found = [_precision(shares[:, number], labels == number) for number in wanted]
    return 100.0 * sum(found) / len(found) if found else float("nan")


def _precision(scores: Tensor, positive: Tensor) -> float:
    values, order = scores.double().sort(descending=True)
    hits = positive[order].double().cumsum(0)
    if not float(hits[-1]):
        return float("nan")
    # A threshold lies behind the last of equal scores.
    ends = torch.cat([values[:-1] != values[1:], torch.ones_like(positive[:1])]).nonzero().flatten()
    told = hits[ends]
    recalled = torch.diff(told, prepend=told.new_zeros(1)) / hits[-1]
    return float((recalled * told / (ends + 1)).sum())


@torch.no_grad()
def metric_interval(
    network: nn.Module, split: Split, spec: TaskSpec, bootstrap: Bootstrap | None = None
) -> Interval:
    """Return a network's metric on a split, with an interval for other examples like these.

    Student's interval by the standard error of resampled examples, see `Bootstrap`. It says nothing
    of another training.

    Args:
        network: The network; it is put into evaluation mode.
        split: The examples, on the same device.
        spec: The task.
        bootstrap: How to resample; None for the usual way.
    """
    network.eval()
    own = Bootstrap() if bootstrap is None else bootstrap
    batches = [split.batch(i) for i in torch.split(torch.arange(len(split)), EVALUATION_BATCH)]
    outputs = torch.cat([network(inputs) for inputs, _ in batches]).cpu()
    targets = torch.cat([targets for _, targets in batches]).cpu()

    def metric(rows: Tensor | slice) -> float:
        meter = Meter(spec)
        meter.update(outputs[rows], targets[rows])
        return meter.values()["metric"]

    (draws,) = own.draws(len(targets), name=("examples",))
    found = np.array([[metric(torch.from_numpy(np.array(rows))) for rows in draws]])
    within = (0.0, 100.0) if spec.metric.unit == "%" else (0.0, np.inf)
    return own.interval(metric(slice(None)), own.spread(found, len(targets)), within=within)


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
