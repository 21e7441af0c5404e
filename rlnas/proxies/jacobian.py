"""Proxies of the input's gradient: how alike the network answers different examples."""

from __future__ import annotations

import torch
from torch import Tensor

from rlnas.errors import UndefinedScoreError
from rlnas.proxies.probe import Probe

_EPSILON = 1e-5
_MANY_CLASSES = 100


def _correlations(probe: Probe) -> Tensor:
    """Return ``(B, B)`` float64 correlations of the examples' gradients of the output's sum."""
    forward = probe.forward
    (jacobian,) = probe.differentiate(forward.outputs.sum(), [forward.inputs])
    correlations = torch.corrcoef(jacobian.flatten(1).double())
    if not bool(correlations.isfinite().all()):
        raise UndefinedScoreError(
            "The gradient of the output for the input is constant or not finite in at least one "
            "example, so the examples cannot be correlated."
        )
    return correlations


def _shared_correlations(probe: Probe) -> Tensor:
    if len(probe.inputs) < 2:
        raise UndefinedScoreError("Needs a batch of at least two examples.")
    return probe.passes.get("correlations", lambda: _correlations(probe))


def jacov(probe: Probe) -> float:
    """Return −Σ (log(v + ε) + 1 / (v + ε)) over the eigenvalues v of the correlations; ε = 1e-5.

    At most −B for a batch of B, which examples reach that do not correlate at all.

    Source: Mellor et al. (arXiv 2006.04647, version 1, §3).

    Raises:
        UndefinedScoreError: If the output does not depend on the input.
    """
    values = torch.linalg.eigvalsh(_shared_correlations(probe)) + _EPSILON
    return -float((values.log() + 1 / values).sum())


def epe_nas(probe: Probe) -> float:
    """Return how strongly examples of the same class correlate, summed or compared over classes.

    For each class with two or more examples, s = Σ log(|correlation| + ε) over its pairs, with
    ε = 1e-5. With at most 100 outputs the score is Σ |s|. With more, s is divided by the class's
    examples and the score is the sum of |s_i − s_j| over pairs of classes, divided by the classes.
    Soft labels count as their most probable class.

    Source: Lopes, Alirezazadeh, Alexandre (EPE-NAS, arXiv 2102.08099, §3).

    Raises:
        UndefinedScoreError: If the task has no classes, too few examples share a class, or the
            output does not depend on the input.
    """
    labels = _labels(probe)
    correlations = _shared_correlations(probe)
    many = probe.forward.outputs.shape[-1] > _MANY_CLASSES
    sums = []
    for label in torch.unique(labels):
        members = (labels == label).nonzero().flatten()
        if len(members) > 1:
            block = correlations[members][:, members]
            total = (block.abs() + _EPSILON).log().sum()
            sums.append(total / len(members) if many else total)
    if len(sums) < 1 + many:
        raise UndefinedScoreError(
            f"{len(sums)} classes have two examples in the batch; needs {1 + many}. Take a larger "
            "batch."
        )
    scores = torch.stack(sums)
    if many:
        return float((scores[:, None] - scores).abs().sum() / len(scores))
    return float(scores.abs().sum())


def _labels(probe: Probe) -> Tensor:
    """Return the class of each example, int64 ``(B,)``."""
    targets = probe.targets
    kind = None if probe.spec is None else probe.spec.kind
    if kind in (None, "class", "jigsaw"):
        if targets.ndim == 1 and not targets.is_floating_point():
            return targets
        if kind == "class" and targets.ndim == 2:
            return targets.argmax(1)
    raise UndefinedScoreError(
        "The examples have no classes; the score compares examples of the same class."
    )
