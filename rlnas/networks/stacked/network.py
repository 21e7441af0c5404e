"""Several searched networks as one module, for training them side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks.cell import Cell
from rlnas.networks.network import SearchedNetwork
from rlnas.networks.stacked.blocks import StackedPooledHead
from rlnas.networks.stacked.cell import StackedCell  # noqa: F401  makes cells known to `stack`
from rlnas.networks.stacked.stack import Links, stack_all, stack_convolution


class StackedNetwork(nn.Module):
    """Networks that look at the same images, each with its own weights.

    Each member computes and learns what it would alone, up to rounding, but one kernel serves all
    of them: on a GPU, and for small networks on a CPU, most of a step is the launching of kernels.
    Members may differ in their cells, their weights and their heads. Where cells differ, the
    channels of the members with the same operation are gathered on each edge.

    Parameters that a member's output does not depend on (dead edges; everything before a cell that
    nothing passes through) stay as they are, as they do when it is trained alone. The statistics of
    batch normalisation there, which have no effect either, may differ.

    Args:
        members: One or more networks of one skeleton; of the macro space, of one architecture.

    Attributes:
        members: The networks; `write_back` gives them what the stack has learned.

    Raises:
        InvalidArgumentError: If there is no member, one is given twice, their skeletons or inputs
            differ, or they have a module that cannot be stacked.
    """

    def __init__(self, members: Sequence[SearchedNetwork]) -> None:
        super().__init__()
        _check_alike(members)
        self.members = tuple(members)  # a tuple, so that their parameters are not this module's
        self._links = Links([p for member in members for p in _unreached(member)])
        encoders = [member.encoder for member in members]
        first, *rest = (list(column) for column in zip(*(e.stem for e in encoders), strict=True))
        self.stem = nn.Sequential(
            stack_convolution(first[0], first, self._links, shared_input=True),
            *(stack_all(column, self._links) for column in rest),
        )
        columns = zip(*(e.blocks for e in encoders), strict=True)
        self.blocks = nn.Sequential(*(stack_all(column, self._links) for column in columns))
        self.close = stack_all([e.close for e in encoders], self._links)
        self._tiled = members[0].spec.tiles > 1
        self.heads = nn.ModuleList()
        self._groups: list[list[int]] = []
        groups: dict[str, list[int]] = {}
        for number, member in enumerate(members):
            groups.setdefault(repr(member.head), []).append(number)
        for place, group in enumerate(groups.values()):
            self.heads.append(stack_all([members[n].head for n in group], self._links))
            self._groups.append(group)
            self.register_buffer(f"rows_{place}", torch.tensor(group), persistent=False)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the outputs of each member for inputs that all of them see.

        Args:
            x: Inputs ``(B, channels, H, W)``, or puzzles ``(B, tiles, channels, h, w)``.
        """
        features = self.close(self.blocks(self.stem(x.flatten(0, 1) if self._tiled else x)))
        count = len(self.members)
        outputs: list[Tensor] = [x] * count
        for place, (head, group) in enumerate(zip(self.heads, self._groups, strict=True)):
            mine = features
            if len(group) < count:
                rows = self.get_buffer(f"rows_{place}")
                mine = torch.unflatten(features, 1, (count, -1)).index_select(1, rows).flatten(1, 2)
            out = head(mine)
            if not isinstance(head, StackedPooledHead):
                out = torch.unflatten(out, 1, (len(group), -1)).transpose(0, 1)
            for member, output in zip(group, out, strict=True):
                outputs[member] = output
        return outputs

    def write_back(self) -> None:
        """Copy the weights and statistics into the members."""
        self._links.write_back()


def _check_alike(members: Sequence[SearchedNetwork]) -> None:
    def shape(network: SearchedNetwork) -> tuple[object, ...]:
        spec = network.spec
        inputs = (spec.tiles, spec.channels, spec.image_size)
        return repr(network.encoder.stem), network.encoder.plan, network.config, inputs

    if not members:
        raise InvalidArgumentError("A stack of no networks; give one or more.")
    if len({id(member) for member in members}) < len(members):
        raise InvalidArgumentError(
            "A network is twice in the stack; each place needs one with weights of its own."
        )
    for member in members[1:]:
        if shape(member) != shape(members[0]):
            raise InvalidArgumentError(
                f"{member.architecture} for {member.spec.name} and {members[0].architecture} for "
                f"{members[0].spec.name} cannot be stacked: their skeletons or inputs differ. "
                "Stack networks of one SkeletonConfig and one size of images, puzzles apart from "
                "images; of the macro space, networks of one architecture."
            )


def _unreached(member: SearchedNetwork) -> list[Tensor]:
    """Return the parameters before the last cell that nothing passes through."""
    blocks = list(member.encoder.blocks)
    empty = [n for n, block in enumerate(blocks) if isinstance(block, Cell) and not block.plan]
    if not empty:
        return []
    before = [member.encoder.stem, *blocks[: empty[-1]]]
    return [parameter for module in before for parameter in module.parameters()]
