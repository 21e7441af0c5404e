"""Copy a source controller's weights into a new network, and say what happened to each tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from rlnas.errors import UnknownNameError

PARTS: dict[str, tuple[str, ...]] = {
    "encoder": ("encoder",),
    "policy_head": ("policy_head",),
    "value_head": ("value_head", "value_encoder"),
}
"""What can be copied, and the module names each part covers."""

Action = Literal["copied", "partly copied", "skipped", "re-initialised"]


@dataclass(frozen=True)
class TensorReport:
    """What became of one tensor.

    Attributes:
        name: Name in the network's state.
        part: The part it belongs to.
        action: ``copied`` from the source; ``partly copied`` where only some of its rows, each an
            operation's, are known to the source; ``skipped`` because the source has no tensor of
            this name and shape; ``re-initialised`` because its part was not asked for.
        shape: Shape in the new network.
        reason: Why, in words.
        learns_from: Number of the update from which on it learns, 0 for the first; it is frozen
            before. None if it is frozen throughout.
        learning_rate: Adam's step size for it while it learns; None where no learner was set up.
    """

    name: str
    part: str
    action: Action
    shape: tuple[int, ...]
    reason: str
    learns_from: int | None = 0
    learning_rate: float | None = None


@dataclass(frozen=True)
class Vocabularies:
    """Operation names whose embeddings two networks hold, in the order of their rows.

    Row 0 of an embedding stands for unknown names and comes before these.

    Attributes:
        source: Names that the source's network knows.
        target: Names that the new network knows.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]

    def rows(self) -> tuple[Tensor, Tensor]:
        """Return the rows of what both know ``(R,)`` in the source and in the target."""
        own = {name: row for row, name in enumerate(self.source, start=1)}
        pairs = [(0, 0)]
        pairs += [(own[name], i) for i, name in enumerate(self.target, start=1) if name in own]
        given, wanted = torch.tensor(pairs).unbind(1)
        return given, wanted


@dataclass(frozen=True)
class CarriedTensor:
    """A tensor of the new network and what the source has for it.

    Attributes:
        report: What becomes of it.
        values: The source's values in the new network's shape; None if there are none.
        known: 1 where ``values`` are the source's and 0 elsewhere, broadcast over the shape.
    """

    report: TensorReport
    values: Tensor | None
    known: Tensor | None


def initialise_weights(
    source: nn.Module,
    target: nn.Module,
    parts: Sequence[str] = tuple(PARTS),
    *,
    vocabularies: Vocabularies | None = None,
    shrink: float = 1.0,
    perturb: float = 0.0,
) -> list[TensorReport]:
    """Copy the given parts of ``source`` into ``target``, in place.

    Args:
        source: The trained network.
        target: A new network; what is not copied keeps its initial values.
        parts: Names among `PARTS`.
        vocabularies: Operation names of both networks, if they read operations by name: embeddings
            are then copied name by name where their sizes or orders differ.
        shrink: Factor of the source's values, λ of shrink-and-perturb (Ash & Adams 2020, arXiv
            1910.08475).
        perturb: Factor of the initial values of ``target``, which are added to what is copied as
            its noise; 1 − ``shrink`` interpolates between both (Schwarzer et al. 2023, arXiv
            2305.19452).

    Returns:
        One report for every tensor of ``target``, in order.

    Raises:
        UnknownNameError: If a part is unknown.
    """
    carried = carry_weights(source, target, parts, vocabularies)
    set_down(carried, target, shrink, perturb)
    return [tensor.report for tensor in carried]


def carry_weights(
    source: nn.Module,
    target: nn.Module,
    parts: Sequence[str],
    vocabularies: Vocabularies | None = None,
) -> list[CarriedTensor]:
    """Return what the given parts of ``source`` have for each tensor of ``target``.

    The arguments are those of `initialise_weights`; nothing is changed.

    Raises:
        UnknownNameError: If a part is unknown.
    """
    for part in parts:
        if part not in PARTS:
            raise UnknownNameError("part of a controller", part, PARTS)
    given = source.state_dict()
    return [
        _carry(name, tensor, parts, given, vocabularies)
        for name, tensor in target.state_dict().items()
    ]


def set_down(
    carried: Sequence[CarriedTensor], target: nn.Module, shrink: float = 1.0, perturb: float = 0.0
) -> None:
    """Write what `carry_weights` found into ``target``, in place; see `initialise_weights`."""
    with torch.no_grad():
        for tensor, own in zip(carried, target.state_dict().values(), strict=True):
            if tensor.values is not None and tensor.known is not None:
                moved = shrink * tensor.values + perturb * own
                own.copy_(torch.where(tensor.known > 0, moved, own))


def _carry(
    name: str,
    tensor: Tensor,
    parts: Sequence[str],
    given: Mapping[str, Tensor],
    vocabularies: Vocabularies | None,
) -> CarriedTensor:
    part, shape = part_of(name), tuple(tensor.shape)

    def left(action: Action, reason: str) -> CarriedTensor:
        return CarriedTensor(TensorReport(name, part, action, shape, reason), None, None)

    if part not in parts:
        return left("re-initialised", f"{part} was not asked for")
    if name not in given:
        return left("skipped", "not in the source")
    values = given[name]
    if (
        vocabularies is not None
        and vocabularies.source != vocabularies.target
        and name.endswith("operation.weight")
    ):
        return _carry_by_name(TensorReport(name, part, "copied", shape, ""), values, vocabularies)
    if values.shape != tensor.shape:
        return left("skipped", f"the source's shape is {tuple(values.shape)}")
    report = TensorReport(name, part, "copied", shape, "same name and shape")
    return CarriedTensor(report, values.clone(), torch.ones(()))


def _carry_by_name(
    report: TensorReport, values: Tensor, vocabularies: Vocabularies
) -> CarriedTensor:
    """Return an embedding whose rows are taken by the name of the operation."""
    given, wanted = vocabularies.rows()
    carried = values.new_zeros(report.shape)
    carried[wanted] = values[given]
    known = values.new_zeros(report.shape[0], 1)
    known[wanted] = 1.0
    total, have = len(vocabularies.target), len(wanted) - 1
    action: Action = "copied" if have == total else "partly copied"
    reason = f"the source knows {have} of {total} operation names"
    return CarriedTensor(
        TensorReport(report.name, report.part, action, report.shape, reason), carried, known
    )


def part_of(tensor_name: str) -> str:
    """Return the part among `PARTS` that a tensor belongs to, or its module's name."""
    module = tensor_name.split(".", maxsplit=1)[0]
    return next((part for part, modules in PARTS.items() if module in modules), module)
