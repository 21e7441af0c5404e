"""The paths from an architecture's input to its output, and what can be counted on them.

`path_counts` counts for a whole cell space at once, by the numbers of operations; `path_features`
for any space, by their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces.base import Architecture, SearchSpace
from rlnas.spaces.cell import CellSpace
from rlnas.spaces.graph import ArchitectureGraph

Floats = NDArray[np.float64]

_MOST_STRINGS = 4_000
"""Most operation strings that are told apart; beyond, paths count by length alone."""

_FEWEST = 10
"""Networks that must have a feature; of a rarer one nothing could be learnt from others."""


def paths_through(edges: Sequence[Sequence[int]], first: int, last: int) -> list[list[int]]:
    """Return the paths from a node to another, each as the numbers of its edges.

    Args:
        edges: ``(tail, head)`` of each edge of a graph without cycles.
        first: Where paths begin.
        last: Where they end.
    """
    if first == last:
        return [[]]
    return [
        [number, *rest]
        for number, (tail, head) in enumerate(edges)
        if tail == first
        for rest in paths_through(edges, head, last)
    ]


def path_counts(space: CellSpace, cells: Architecture | None = None) -> Floats:
    """Return what can be counted of each cell ``(cells, features)``, 0 or more.

    Args:
        space: A cell space.
        cells: ``(cells, num_positions)`` which cells; None for all of the space. Strings of
            operations that occur in none of them have no feature.

    An edge is alive if it lies on a path from input to output without the operation ``none``. Of
    these paths are counted: each string of operations, the same without identities, and each
    length; the greatest and least number of operations on one, the most of each operation, all of
    them, and how many differ. Of the live edges: those with each operation, those out of the input,
    those into the output.

    Raises:
        InvalidArgumentError: If all are asked for and the space is too large to be indexed.
    """
    arrays, edges = (space.arrays if cells is None else cells).astype(np.int64), space.positions
    total, base = len(arrays), space.num_operations + 1
    passes: NDArray[np.bool_] = np.not_equal(arrays, -1 if space.none is None else space.none)
    proper = [o for o in range(space.num_operations) if o not in (space.none, space.identity)]
    paths = paths_through(edges.tolist(), space.input_node, space.output_node)
    if not paths:
        raise InvalidArgumentError(f"{space.name} has no path from its input to its output.")
    longest = max(map(len, paths))
    strings = longest * np.log(base) < np.log(_MOST_STRINGS)
    columns: dict[tuple[str, int], Floats] = {}

    def add(kind: str, number: int, value: NDArray[np.bool_]) -> None:
        columns[kind, number] = columns.get((kind, number), np.zeros(total)) + value

    live = np.zeros(arrays.shape, dtype=np.bool_)
    deepest, shallowest = np.zeros(total), np.full(total, np.inf)
    most = {operation: np.zeros(total) for operation in proper}
    count, written = np.zeros(total), []
    for path in paths:
        operations = arrays[:, path]
        alive: NDArray[np.bool_] = np.logical_and.reduce(passes[:, path], axis=1)
        live[:, path] |= alive[:, None]
        whole, short = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
        for operation in operations.T:
            whole = whole * base + operation + 1
            short = np.where(operation == space.identity, short, short * base + operation + 1)
        if strings:
            for kind, code in (("string", whole), ("short", short)):
                for each in np.unique(code[alive]):
                    add(kind, int(each), alive & (code == each))
        add("length", len(path), alive)
        depth = (operations != space.identity).sum(axis=1)
        deepest = np.maximum(deepest, np.where(alive, depth, 0))
        shallowest = np.minimum(shallowest, np.where(alive, depth, np.inf))
        for operation, so_far in most.items():
            here = (operations == operation).sum(axis=1)
            most[operation] = np.maximum(so_far, np.where(alive, here, 0))
        count += alive
        written.append(np.where(alive, whole, 0))
    ordered = np.sort(np.stack(written, axis=1), axis=1)
    fresh = (np.diff(ordered, axis=1) != 0) & (ordered[:, 1:] > 0)
    found = [*columns.values(), deepest, np.where(np.isinf(shallowest), 0, shallowest)]
    found += [*most.values(), count, fresh.sum(axis=1) + (ordered[:, 0] > 0)]
    found += [
        (live & (arrays == o)).sum(axis=1) for o in range(space.num_operations) if o != space.none
    ]
    found.append(live[:, edges[:, 0] == space.input_node].sum(axis=1))
    found.append(live[:, edges[:, 1] == space.output_node].sum(axis=1))
    return np.stack(found, axis=1).astype(np.float64)


def path_features(space: SearchSpace) -> Floats:
    """Return the square roots of counts on each live graph, ``(space.size, F)``.

    Counted are live edges by operation, and by operation and the most edges that come before it;
    and paths from input to output by the operations on them (in order), by these without skips, by
    length, and all of them. What fewer than ten networks have is left out. Architectures that
    differ in the numbers of their nodes alone have the same features.

    Args:
        space: An indexable space.
    """
    counts = [_counts(space.graph(vector)) for vector in space.arrays]
    having = Counter(name for row in counts for name in row)
    names = sorted(name for name, networks in having.items() if networks >= _FEWEST)
    column = {name: number for number, name in enumerate(names)}
    table = np.zeros((space.size, len(names)))
    for number, row in enumerate(counts):
        for name in row.keys() & column.keys():
            table[number, column[name]] = row[name]
    return np.sqrt(table)


def longest_paths(space: SearchSpace) -> NDArray[np.int64]:
    """Return the most operations other than skips on a path of each network, ``(space.size,)``."""
    found = np.zeros(space.size, dtype=np.int64)
    for number, vector in enumerate(space.arrays):
        paths = _paths(space.graph(vector))
        found[number] = max((sum(not _skips(o) for o in path) for path in paths), default=0)
    return found


def _counts(graph: ArchitectureGraph) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    before = {graph.input_node: 0}
    edges = sorted(zip(graph.edges.tolist(), graph.operations, graph.live_edges(), strict=True))
    for (tail, head), operation, live in edges:
        if live:
            before[head] = max(before.get(head, 0), before[tail] + 1)
            counts.update([("edge", operation), ("edge", operation, f"after {before[tail]}")])
    for path in _paths(graph):
        told = tuple(operation for operation in path if not _skips(operation))
        counts.update([("path", *path), ("without skips", *told)])
        counts.update([("length", str(len(path))), ("paths",)])
    return counts


def _paths(graph: ArchitectureGraph) -> list[tuple[str, ...]]:
    """Return the operations on each path from input to output."""
    paths = paths_through(graph.edges.tolist(), graph.input_node, graph.output_node)
    return [tuple(graph.operations[edge] for edge in path) for path in paths]


def _skips(operation: str) -> bool:
    return operation.startswith("skip")
