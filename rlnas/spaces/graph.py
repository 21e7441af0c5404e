"""The graph view of an architecture: nodes, labelled edges and which of them matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArchitectureGraph:
    """A directed acyclic graph whose edges carry named operations.

    Attributes:
        num_nodes: Number of nodes; they are numbered in topological order.
        edges: ``(E, 2)`` int64 array of (tail, head) pairs, tail < head.
        operations: Name of the operation on each edge, length ``E``.
        input_node: The node that receives the input.
        output_node: The node whose value is the output.
    """

    num_nodes: int
    edges: NDArray[np.int64]
    operations: tuple[str, ...]
    input_node: int
    output_node: int

    def live_edges(self, none_operation: str | None = None) -> NDArray[np.bool_]:
        """Return which edges lie on a path from input to output, shape ``(E,)``.

        Args:
            none_operation: Name of the operation that passes nothing, if the space has one.
        """
        present = np.array([name != none_operation for name in self.operations], dtype=np.bool_)
        return live_edges(self.edges, present, self.input_node, self.output_node)


def live_edges(
    edges: NDArray[np.int64], present: NDArray[np.bool_], input_node: int, output_node: int
) -> NDArray[np.bool_]:
    """Return which present edges lie on a path from ``input_node`` to ``output_node``.

    Args:
        edges: ``(E, 2)`` (tail, head) pairs, tail < head.
        present: ``(E,)`` which edges pass something on.
        input_node: Where paths start.
        output_node: Where paths end.
    """
    order = np.argsort(edges[:, 1], kind="stable")
    reached = {input_node}
    for e in order:
        if present[e] and int(edges[e, 0]) in reached:
            reached.add(int(edges[e, 1]))
    useful = {output_node}
    for e in np.argsort(-edges[:, 0], kind="stable"):
        if present[e] and int(edges[e, 1]) in useful:
            useful.add(int(edges[e, 0]))
    on_path = [int(t) in reached and int(h) in useful for t, h in edges]
    return present & np.array(on_path, dtype=np.bool_)
