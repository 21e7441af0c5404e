"""What a network looks like, in numbers: its live operations, and its paths by what is on them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from rlnas.seeding import generator
from rlnas.spaces import SearchSpace
from rlnas.spaces.graph import ArchitectureGraph

Floats = NDArray[np.float64]

_WAVES = 2000
"""Random cosines in a draw; its covariance is the kernel's to 1/√2000."""

_FEWEST = 10
"""Networks that must have a feature; of a rarer one nothing could be learnt from others."""


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


def smooth_draw(features: Floats, seed: int, *name: str | int) -> Floats:
    """Return a draw ``(n,)`` of a Gaussian process with kernel exp(−‖φ − φ′‖²/8), variance 1.

    By random Fourier features (Rahimi & Recht, NeurIPS 2007, section 3): the space may have more
    architectures than a covariance matrix could hold.

    Args:
        features: ``(n, F)`` φ.
        seed: Seed of the draw.
        name: What names it.
    """
    rng = generator(seed, "smooth draw", *name)
    waves = rng.normal(scale=0.5, size=(features.shape[1], _WAVES))
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    weights = rng.normal(size=_WAVES) * np.sqrt(2 / _WAVES)
    blocks = np.array_split(features, max(1, len(features) // 1024))
    return np.concatenate([np.cos(block @ waves + phases) @ weights for block in blocks])


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
    reached: dict[int, list[tuple[str, ...]]] = {graph.input_node: [()]}
    edges = sorted(zip(graph.edges.tolist(), graph.operations, strict=True))
    for (tail, head), operation in edges:  # by tails, so each is complete before it is left
        onwards = [(*path, operation) for path in reached.get(tail, [])]
        reached.setdefault(head, []).extend(onwards)
    return reached.get(graph.output_node, [])


def _skips(operation: str) -> bool:
    return operation.startswith("skip")
