"""The loss of a task by its kind."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from rlnas.datasets.spec import Kind

IGNORED = 255
"""Label of pixels that neither a loss nor a metric counts."""


def task_loss(
    kind: Kind, outputs: Tensor, targets: Tensor, *, label_smoothing: float = 0.0
) -> Tensor:
    """Return the mean loss of a batch, a scalar.

    TransNAS-Bench-101's losses (arXiv 2105.11871, §3.2): cross-entropy (soft labels where the
    targets are distributions ``(B, outputs)``), mean squared error, cross-entropy by pixel, mean
    absolute error. With soft labels the authors take log(softmax + 1e-5); here it is the exact
    cross-entropy.

    Args:
        kind: Kind of the task.
        outputs: Of the network, see `rlnas.datasets.TaskSpec`.
        targets: Likewise.
        label_smoothing: Of a cross-entropy.
    """
    if kind == "vector":
        return functional.mse_loss(outputs.float(), targets)
    if kind == "image":
        return functional.l1_loss(outputs.float(), targets)
    if kind == "pixels":
        # Rows of classes: on a CPU several times faster than the form with two more axes, and with
        # channels last they lie like that in memory.
        flat = outputs.float().permute(0, 2, 3, 1).reshape(-1, outputs.shape[1])
        return functional.cross_entropy(
            flat, targets.flatten(), ignore_index=IGNORED, label_smoothing=label_smoothing
        )
    return functional.cross_entropy(outputs.float(), targets, label_smoothing=label_smoothing)
