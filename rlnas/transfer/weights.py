"""Copy a source controller's weights into a new network, and say what happened to each tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from rlnas.errors import UnknownNameError

PARTS: dict[str, tuple[str, ...]] = {
    "encoder": ("encoder",),
    "policy_head": ("policy_head",),
    "value_head": ("value_head", "value_encoder"),
}
"""What can be copied, and the module names each part covers."""


@dataclass(frozen=True)
class TensorReport:
    """What became of one tensor.

    Attributes:
        name: Name in the network's state.
        part: The part it belongs to.
        action: ``copied`` from the source; ``skipped`` because the source has no tensor of this
            name and shape; ``re-initialised`` because its part was not asked for.
        shape: Shape in the new network.
        reason: Why, in words.
    """

    name: str
    part: str
    action: Literal["copied", "skipped", "re-initialised"]
    shape: tuple[int, ...]
    reason: str


def initialise_weights(
    source: nn.Module, target: nn.Module, parts: Sequence[str] = tuple(PARTS)
) -> list[TensorReport]:
    """Copy the given parts of ``source`` into ``target``, in place.

    Args:
        source: The trained network.
        target: A new network; what is not copied keeps its initial values.
        parts: Names among `PARTS`.

    Returns:
        One report for every tensor of ``target``, in order.

    Raises:
        UnknownNameError: If a part is unknown.
    """
    for part in parts:
        if part not in PARTS:
            raise UnknownNameError("part of a controller", part, PARTS)
    given = source.state_dict()
    reports = []
    with torch.no_grad():
        for name, tensor in target.state_dict().items():
            part = _part_of(name)
            shape = tuple(tensor.shape)
            if part not in parts:
                reports.append(
                    TensorReport(name, part, "re-initialised", shape, f"{part} was not asked for")
                )
            elif name not in given:
                reports.append(TensorReport(name, part, "skipped", shape, "not in the source"))
            elif given[name].shape != tensor.shape:
                other = tuple(given[name].shape)
                reports.append(
                    TensorReport(name, part, "skipped", shape, f"the source's shape is {other}")
                )
            else:
                tensor.copy_(given[name])
                reports.append(TensorReport(name, part, "copied", shape, "same name and shape"))
    return reports


def _part_of(tensor_name: str) -> str:
    module = tensor_name.split(".", maxsplit=1)[0]
    return next((part for part, modules in PARTS.items() if module in modules), module)
