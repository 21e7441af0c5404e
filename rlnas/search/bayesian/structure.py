"""How alike two architectures are built: kernels over what information can flow through them.

Two cells that share no operation on any edge may be the same network, and one edge may cut all the
others off. So a cell is described by the paths that lead from its input to its output (path
encodings: White, Neiswanger & Savani, AAAI 2021, arXiv 1910.11858, section 3), and a chain of
modules by how its width and resolution change along it.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, CellSpace, SearchSpace, TransNASMacroSpace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_STRINGS = 4_000
"""Most operation strings that are told apart; beyond, paths count by length alone."""


class StructureKernel(Hashable, Protocol):
    """Correlations of architectures by how they are built, as two parts that can be weighed."""

    def parts(self, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
        """Return a smooth and a rough part ``(rows, columns)``, each 1 between equals.

        Args:
            rows: ``(n,)`` indices of architectures.
            columns: ``(m,)`` likewise.
        """
        ...

    def __call__(self, rows: Ints, columns: Ints) -> Floats:
        """Return the correlations ``(rows, columns)`` of what structure says of a new task."""
        ...


@lru_cache(maxsize=8)
def structure_kernel(space: SearchSpace) -> StructureKernel:
    """Return the kernel that fits a space.

    Args:
        space: An indexable search space.
    """
    if isinstance(space, CellSpace):
        return PathKernel(space)
    if isinstance(space, TransNASMacroSpace):
        return ProfileKernel(space)
    return EditKernel(space)


class PathKernel:
    """Cells by the paths through them: ``exp(−‖φ − φ'‖² / 8)`` and ``exp(−‖φ − φ'‖ / 2)``.

    φ are square roots of counts on what is alive of the cell, so that one more of few says more
    than one more of many; see `path_counts`.

    Args:
        space: A cell space that can be indexed.
    """

    def __init__(self, space: CellSpace) -> None:
        self._features = np.sqrt(path_counts(space))

    def parts(self, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
        """Return the smooth and the rough part."""
        squares = _square_distances(self._features[rows], self._features[columns])
        return np.exp(-squares / 8), np.exp(-np.sqrt(squares) / 2)

    def __call__(self, rows: Ints, columns: Ints) -> Floats:
        """Return the smooth part."""
        return np.exp(-_square_distances(self._features[rows], self._features[columns]) / 8)


class ProfileKernel:
    """Chains of modules by their profile of width and resolution.

    The smooth part compares lengths, widths, resolutions and costs, the rough one the levels module
    by module, aligned at the front and at the back.

    Args:
        space: The space of TransNAS-Bench-101's networks, or a part of it.
    """

    def __init__(self, space: TransNASMacroSpace) -> None:
        self._summary, self._levels = _profiles(space)

    def parts(self, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
        """Return the smooth and the rough part."""
        smooth = _square_distances(self._summary[rows], self._summary[columns])
        rough = _square_distances(self._levels[rows], self._levels[columns])
        return np.exp(-smooth / 8), np.exp(-rough / 2)

    def __call__(self, rows: Ints, columns: Ints) -> Floats:
        """Return half of each part."""
        smooth, rough = self.parts(rows, columns)
        return (smooth + rough) / 2


class EditKernel:
    """Any space by how many positions differ: ``exp(−d / 2)``, and whether none does.

    Args:
        space: A search space that can be indexed.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._arrays = space.arrays

    def parts(self, rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
        """Return the smooth and the rough part."""
        differing = (self._arrays[rows][:, None] != self._arrays[columns]).sum(axis=-1)
        return np.exp(-differing / 2), (differing == 0) * 1.0

    def __call__(self, rows: Ints, columns: Ints) -> Floats:
        """Return the smooth part."""
        return self.parts(rows, columns)[0]


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
    paths = _paths(edges.tolist(), space.input_node, space.output_node)
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


def _paths(edges: list[list[int]], first: int, last: int) -> list[list[int]]:
    """Return the paths from a node to another, each as the numbers of its edges."""
    if first == last:
        return [[]]
    return [
        [number, *rest]
        for number, (tail, head) in enumerate(edges)
        if tail == first
        for rest in _paths(edges, head, last)
    ]


def _profiles(space: TransNASMacroSpace) -> tuple[Floats, Floats]:
    """Return a standardised summary, and levels aligned front and back, a row a network."""
    arrays = space.arrays
    present = arrays > 0
    wider, lower = (arrays == 2) | (arrays == 4), (arrays == 3) | (arrays == 4)
    width, shrunk = np.cumsum(wider, axis=1), np.cumsum(lower, axis=1)
    length = present.sum(axis=1)
    # Each module has two blocks of two 3×3 convolutions: its weights, and the places it visits.
    out, into = 2.0**width, 2.0 ** (width - wider)
    weights = np.where(present, 9 * out * (into + 3 * out) + (wider | lower) * into * out, 0.0)
    work = weights * 4.0**-shrunk
    costs = np.log(np.stack([weights.sum(axis=1), work.sum(axis=1)], axis=1))
    columns = [length[:, None], width[:, -1:], shrunk[:, -1:], width, shrunk]
    for levels in (width, shrunk):
        columns += [
            (present & (levels == each)).sum(axis=1)[:, None] for each in range(levels.max() + 1)
        ]
    summary = np.concatenate([*columns, costs, costs], axis=1).astype(np.float64)
    spread = summary.std(axis=0)
    summary = (summary - summary.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    place = np.arange(space.max_modules) - (space.max_modules - length)[:, None]
    behind = [
        np.where(place >= 0, np.take_along_axis(levels, np.maximum(place, 0), axis=1), 0)
        for levels in (width, shrunk)
    ]
    return summary, np.concatenate([width, shrunk, *behind], axis=1).astype(np.float64)


def _square_distances(rows: Floats, columns: Floats) -> Floats:
    lengths = np.square(rows).sum(axis=1)[:, None] + np.square(columns).sum(axis=1)
    return np.asarray(np.maximum(lengths - 2 * rows @ columns.T, 0.0))
