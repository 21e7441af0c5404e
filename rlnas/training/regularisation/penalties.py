"""The penalties: what each is of a part's weights or outputs, and how it is taken a step down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

NOISE = 0.1
"""Standard deviation of the noise on the inputs under which ``smoothness`` looks at outputs."""


@dataclass(frozen=True)
class PartState:
    """What penalties look at.

    Attributes:
        units: Weights in groups that make, or read, the same units.
        axis: The axis of a weight along which its units lie: 0, what it makes; of a head 1, what it
            reads, since its own units are the answers.
        weights: All of its weights, as they are.
        first: The same when the training began.
        outputs: What the part gives for a batch, where a penalty needs it.
        noisy: The same with noise on the inputs.
    """

    units: Sequence[Sequence[Tensor]]
    axis: int
    weights: Sequence[Tensor]
    first: Sequence[Tensor]
    outputs: Tensor | None = None
    noisy: Tensor | None = None


@dataclass(frozen=True)
class Penalty:
    """One penalty R.

    Attributes:
        value: R of a part, a scalar.
        shrink: A proximal step of the size s: replaces the weights W by those V that minimise
            s R(V) + ½‖V − W‖², in place (Parikh & Boyd, "Proximal Algorithms", 2014, section 6);
            None for a penalty that is followed by its gradient.
        of_outputs: Whether it looks at outputs.
    """

    value: Callable[[PartState], Tensor]
    shrink: Callable[[PartState, float], None] | None = None
    of_outputs: bool = False


def _l1(state: PartState) -> Tensor:
    return _total(weight.abs().sum() for weight in state.weights)


def _shrink_l1(state: PartState, size: float) -> None:
    for weight in state.weights:
        weight.copy_(torch.nn.functional.softshrink(weight, size))


def _l2(state: PartState) -> Tensor:
    return 0.5 * _total(weight.square().sum() for weight in state.weights)


def _shrink_l2(state: PartState, size: float) -> None:
    for weight in state.weights:
        weight.div_(1 + size)


def _norms(units: Sequence[Tensor], axis: int) -> tuple[Tensor, float]:
    """Return the norm of each unit's weights ``(units,)`` and the root of their number."""
    squares = torch.stack([_by_unit(part, axis).square().sum(dim=1) for part in units]).sum(dim=0)
    return squares.sqrt(), sum(part.numel() // part.shape[axis] for part in units) ** 0.5


def _by_unit(weight: Tensor, axis: int) -> Tensor:
    return weight.movedim(axis, 0).flatten(1)


def _group(state: PartState) -> Tensor:
    found = [_norms(units, state.axis) for units in state.units]
    return _total(root * norms.sum() for norms, root in found)


def _shrink_group(state: PartState, size: float) -> None:
    for units in state.units:
        norms, root = _norms(units, state.axis)
        keep = (1 - size * root / norms.clamp_min(1e-30)).clamp_min(0.0)
        for part in units:
            part.mul_(keep.reshape([-1 if d == state.axis else 1 for d in range(part.ndim)]))


def _orthogonality(state: PartState) -> Tensor:
    total = []
    for weight in state.weights:
        flat = weight.flatten(1)
        small = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
        identity = torch.eye(len(small), device=small.device)
        total.append((small - identity).square().sum())
    return _total(total)


def _distance(state: PartState) -> Tensor:
    pairs = zip(state.weights, state.first, strict=True)
    return 0.5 * _total((weight - first).square().sum() for weight, first in pairs)


def _shrink_distance(state: PartState, size: float) -> None:
    for weight, first in zip(state.weights, state.first, strict=True):
        weight.lerp_(first, size / (1 + size))


def _activity(state: PartState) -> Tensor:
    return _given(state.outputs).abs().mean()


def _smoothness(state: PartState) -> Tensor:
    change = _given(state.noisy) - _given(state.outputs)
    return change.square().mean() / NOISE**2


def _given(outputs: Tensor | None) -> Tensor:
    if outputs is None:
        raise TypeError("the penalty needs the outputs of its part")
    return outputs


def _total(values: Any) -> Tensor:
    found = list(values)
    return torch.stack(found).sum() if found else torch.zeros(())


PENALTY: Mapping[str, Penalty] = {
    # Σ|w|
    "l1": Penalty(_l1, _shrink_l1),
    # ½ Σ w², so that a proximal step is the decoupled weight decay of the same strength
    "l2": Penalty(_l2, _shrink_l2),
    # Σ √p ‖w_unit‖, p weights a unit: removes neurons or channels (Yuan & Lin, JRSS B 2006)
    "group": Penalty(_group, _shrink_group),
    # ‖W Wᵀ − I‖² on the smaller side (Bansal et al., NeurIPS 2018, arXiv 1810.09102, eq. 1)
    "orthogonality": Penalty(_orthogonality),
    # mean |output|
    "activity": Penalty(_activity, of_outputs=True),
    # ½ ‖W − W₀‖² to the weights at the beginning (Li et al., ICML 2018, arXiv 1802.01483)
    "distance": Penalty(_distance, _shrink_distance),
    # mean squared change of outputs under noise on the inputs, over its variance (Bishop, 1995)
    "smoothness": Penalty(_smoothness, of_outputs=True),
}
"""Each penalty by its name."""
