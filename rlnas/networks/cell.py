"""A cell: a small graph whose edges are operations and whose nodes are sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from rlnas.networks.operations import EdgeShape, Zero, build_operation
from rlnas.spaces.graph import live_edges


class Cell(nn.Module):
    """One cell of a network.

    A node is the sum of its incoming edges, the output is the last node. Edges that leave the input
    node carry the stride and the change of channels of the cell; all others keep the shape
    (TransNAS-Bench-101, arXiv 2105.11871, §3.1; with stride 1 it is NAS-Bench-201's cell).

    Every edge has its module, and so its parameters, as in the published networks. Only edges on a
    path from the input to the output are computed. The published code computes the others too: an
    edge that cannot reach the output has no effect there either, and one that the input cannot
    reach adds no more than the learned shift of its batch normalisation. Leaving both out makes
    cells that are equal by `SearchSpace.canonical_key` the same function.

    Args:
        edges: (tail, head) node pairs with tail < head.
        operations: Name of each edge's operation.
        shape: Channels, stride and normalisation of the cell.
    """

    def __init__(
        self, edges: Sequence[tuple[int, int]], operations: Sequence[str], shape: EdgeShape
    ) -> None:
        super().__init__()
        first = min(tail for tail, _ in edges)
        last = max(head for _, head in edges)
        inner = EdgeShape(
            channels_in=shape.channels_out,
            channels_out=shape.channels_out,
            affine=shape.affine,
            track_running_stats=shape.track_running_stats,
        )
        self.edges = nn.ModuleList(
            build_operation(name, shape if tail == first else inner)
            for name, (tail, _) in zip(operations, edges, strict=True)
        )
        keep = np.array([not isinstance(edge, Zero) for edge in self.edges])
        live = live_edges(np.asarray(edges), keep, first, last)
        self.live = tuple(np.flatnonzero(live).tolist())
        # For each node that is computed, in order: its number and its (edge, tail) pairs.
        self.plan = tuple(
            (node, tuple((e, edges[e][0]) for e in self.live if edges[e][1] == node))
            for node in sorted({edges[e][1] for e in self.live})
        )
        self.last = last
        self.zero = Zero(shape)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output ``(B, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)`` of the cell."""
        if not self.plan:
            zeros: Tensor = self.zero(x)
            return zeros
        edges = tuple(self.edges)
        values: list[Tensor] = [x] * (self.last + 1)
        for node, incoming in self.plan:
            edge, tail = incoming[0]
            total = edges[edge](values[tail])
            for edge, tail in incoming[1:]:
                total = total + edges[edge](values[tail])
            values[node] = total
        return values[self.last]
