"""A cell with every operation on every edge, of which those that are asked for are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rlnas.networks.operations import EdgeShape, Zero, build_operation
from rlnas.networks.super_network.genotype import plan_of


@dataclass(frozen=True, eq=False)
class Mix:
    """What a forward pass computes of a super-network, and how it is summed.

    Attributes:
        active: ``(edges, operations)``, which operations are computed.
        weights: ``(edges, operations)``, the factor of each operation's output; None for a plain
            sum, as in a network by itself.
        echo: Whether the weights of operations that are not active are added to their node as
            plain numbers, if it is computed. They are 0 where weights are one-hot, but have a
            gradient: the estimator of GDAS (Dong & Yang, CVPR 2019, arXiv 1910.04465, and the
            authors' code).
    """

    active: NDArray[np.bool_]
    weights: Tensor | None = None
    echo: bool = False


class SuperCell(nn.Module):
    """One cell of a super-network.

    A node is the sum of its incoming edges, an edge the weighted sum of its operations, the output
    the last node; strides and channels are those of `rlnas.networks.cell.Cell`. An operation that
    passes nothing is never computed.

    Args:
        edges: (tail, head) node pairs with tail < head.
        operations: Names of the operations.
        shape: Channels, stride and normalisation of the cell.
        present: ``(edges, operations)``, which operations are built.

    Attributes:
        edges: For each edge its operations by name; a deleted one is not there.
    """

    def __init__(
        self,
        edges: Sequence[tuple[int, int]],
        operations: Sequence[str],
        shape: EdgeShape,
        present: NDArray[np.bool_],
    ) -> None:
        super().__init__()
        self._pairs = tuple((int(tail), int(head)) for tail, head in edges)
        self._names = tuple(operations)
        first = min(tail for tail, _ in self._pairs)
        self._last = max(head for _, head in self._pairs)
        inner = EdgeShape(
            channels_in=shape.channels_out,
            channels_out=shape.channels_out,
            affine=shape.affine,
            track_running_stats=shape.track_running_stats,
        )
        self.edges = nn.ModuleList(
            nn.ModuleDict(
                {
                    name: build_operation(name, shape if tail == first else inner)
                    for name, there in zip(operations, own, strict=True)
                    if there
                }
            )
            for (tail, _), own in zip(self._pairs, present, strict=True)
        )
        self._zero = Zero(shape)

    def delete(self, edge: int, name: str) -> None:
        """Take an operation out of the cell, its weights too."""
        del self._on(edge)[name]

    def forward(self, x: Tensor, mix: Mix) -> Tensor:
        """Return the output ``(B, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)`` of the cell."""
        plan = plan_of(self._pairs, self._passing(mix.active))
        if not plan:
            zeros: Tensor = self._zero(x)
            return zeros
        values: dict[int, Tensor] = {plan[0][1][0][1]: x}
        for node, incoming in plan:
            total: Tensor | None = None
            for edge, tail, operations in incoming:
                for operation in operations:
                    out = self._operation(edge, operation)(values[tail])
                    if mix.weights is not None:
                        out = mix.weights[edge, operation] * out
                    total = out if total is None else total + out
            assert total is not None  # noqa: S101 - a node of a plan has an edge
            if mix.echo and mix.weights is not None:
                into = [edge for edge, (_, head) in enumerate(self._pairs) if head == node]
                silent = torch.from_numpy(~mix.active[into]).to(mix.weights)
                total = total + (mix.weights[into] * silent).sum()
            values[node] = total
        return values[self._last]

    def _operation(self, edge: int, operation: int) -> nn.Module:
        return self._on(edge)[self._names[operation]]

    def _on(self, edge: int) -> nn.ModuleDict:
        return cast(nn.ModuleDict, self.edges[edge])

    def _passing(self, active: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
        """Return the numbers of the operations of each edge that are there and pass something."""
        return tuple(
            tuple(
                o
                for o in np.flatnonzero(own).tolist()
                if self._names[o] in there and not isinstance(there[self._names[o]], Zero)
            )
            for own, there in zip(active, map(self._on, range(len(self.edges))), strict=True)
        )
