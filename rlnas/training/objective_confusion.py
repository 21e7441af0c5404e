"""Which classes a trained network takes for which."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rlnas.datasets.data import Split
from rlnas.training.loop import EVALUATION_BATCH


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
    counts = torch.zeros(classes * classes, dtype=torch.int64)
    for begin in range(0, len(split), EVALUATION_BATCH):
        indices = torch.arange(begin, min(begin + EVALUATION_BATCH, len(split)))
        inputs, targets = split.batch(indices)
        labels = targets.argmax(dim=1) if targets.is_floating_point() else targets
        pairs = labels * classes + network(inputs).argmax(dim=1)
        counts += torch.bincount(pairs, minlength=classes * classes).cpu()
    return counts.reshape(classes, classes)
