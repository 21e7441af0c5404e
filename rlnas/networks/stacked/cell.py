"""Cells of different architectures, stacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.networks.cell import Cell
from rlnas.networks.stacked.blocks import ReLUFirst
from rlnas.networks.stacked.stack import Links, stack, stack_all


class StackedCell(nn.Module):
    """`Cell` of several members, whose operations may differ.

    On each edge, members with the same operation share a stacked module. Where all members have
    the same one, it works on the maps as they are; else its members' channels are gathered before
    it and added into the sum after it. Gathered maps are laid out with the channels last, which is
    how convolutions want them: nothing is copied for the layout alone.

    Args:
        members: The cells, alike but for their operations.
        links: Takes note of the stacked tensors.
    """

    def __init__(self, members: Sequence[Cell], links: Links) -> None:
        super().__init__()
        self._count = len(members)
        self._last = members[0].last
        self._zero = members[0].zero
        self.operations = nn.ModuleList()
        # For each node in order: tail and number in `operations` of what flows into it.
        self._plan: list[tuple[int, list[tuple[int, int]]]] = []
        for node in sorted({node for member in members for node, _ in member.plan}):
            incoming: list[tuple[int, int]] = []
            for edge, tail in sorted(_incoming(members, node)):
                groups: dict[str, list[int]] = {}
                for number, member in enumerate(members):
                    if edge in member.live:
                        groups.setdefault(repr(member.edges[edge]), []).append(number)
                for group in groups.values():
                    incoming.append((tail, len(self.operations)))
                    # Empty where it is all of them, who need not be gathered.
                    rows = torch.tensor(group if len(group) < self._count else [], dtype=torch.long)
                    self.register_buffer(f"rows_{len(self.operations)}", rows, persistent=False)
                    self.operations.append(
                        stack_all([members[n].edges[edge] for n in group], links)
                    )
            self._plan.append((node, incoming))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs ``(B, K · C, H, W)`` of all members."""
        values: list[Tensor] = [x] * (self._last + 1)
        activated: dict[int, Tensor] = {}  # of each node, once for all its edges
        operations = tuple(self.operations)
        out: Tensor | None = None
        for node, incoming in self._plan:
            # The sum of what all members have, as maps, then with what some have, (B, H, W, K, C).
            shared: Tensor | None = None
            total: Tensor | None = None
            for tail, number in incoming:
                operation: Callable[[Tensor], Tensor] = operations[number]
                value = values[tail]
                if isinstance(operation, ReLUFirst):
                    if tail not in activated:
                        activated[tail] = functional.relu(value)
                    operation, value = operation.after_relu, activated[tail]
                rows = self.get_buffer(f"rows_{number}")
                if not len(rows):
                    part = operation(value)
                    shared = part if shared is None else shared + part
                    continue
                chosen = _apart(value, self._count).index_select(3, rows)
                part = _apart(operation(_beside(chosen)), len(rows))
                if total is None:
                    total = part.new_zeros(*part.shape[:3], self._count, part.shape[4])
                total = total.index_add_(3, rows, part)
            if total is not None:
                own = _beside(total)
                shared = own if shared is None else shared + own
            if shared is not None:
                values[node] = shared
                out = shared if node == self._last else out
        return self._nothing(x) if out is None else out

    def _nothing(self, x: Tensor) -> Tensor:
        zeros: Tensor = self._zero(x)
        return zeros.repeat(1, self._count, 1, 1)


def _incoming(members: Sequence[Cell], node: int) -> set[tuple[int, int]]:
    """Return the (edge, tail) pairs into a node that are live in a member."""
    plans = (pairs for member in members for head, pairs in member.plan if head == node)
    return {pair for pairs in plans for pair in pairs}


def _apart(x: Tensor, count: int) -> Tensor:
    """View maps ``(B, count · C, H, W)`` as ``(B, H, W, count, C)``."""
    return torch.unflatten(x.permute(0, 2, 3, 1), 3, (count, -1))


def _beside(x: Tensor) -> Tensor:
    """View ``(B, H, W, count, C)`` as maps ``(B, count · C, H, W)``, channels last in memory."""
    return x.flatten(3, 4).permute(0, 3, 1, 2)


@stack.register
def _cell(module: Cell, members: Sequence[Cell], links: Links) -> nn.Module:
    return StackedCell(members, links)
