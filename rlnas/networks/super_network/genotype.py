"""Which operations of a cell are there: several on an edge, one, or none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, CellSpace
from rlnas.spaces.graph import live_edges


@dataclass(frozen=True)
class Genotype:
    """The operations of every edge of a cell.

    An architecture of a space has one operation an edge; a super-network that shrinks may keep
    several, whose sum the edge then is.

    Attributes:
        space: The cell space.
        kept: For each edge the names of its operations, in the space's order; none is an edge that
            passes nothing.

    Raises:
        InvalidArgumentError: If the edges are not those of the space, or an operation is unknown.
    """

    space: CellSpace
    kept: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.kept) != self.space.num_positions:
            raise InvalidArgumentError(
                f"A genotype of {self.space.name} has {self.space.num_positions} edges, not "
                f"{len(self.kept)}."
            )
        for names in self.kept:
            if unknown := [name for name in names if name not in self.space.operations]:
                raise InvalidArgumentError(
                    f"{self.space.name} has no operation {unknown[0]!r}; it has "
                    f"{', '.join(self.space.operations)}."
                )

    @classmethod
    def of(cls, space: CellSpace, mask: ArrayLike) -> Genotype:
        """Return the genotype of a mask ``(edges, operations)``."""
        rows = np.asarray(mask, dtype=np.bool_)
        kept = tuple(tuple(space.operations[o] for o in np.flatnonzero(row)) for row in rows)
        return cls(space, kept)

    @classmethod
    def of_architecture(cls, space: CellSpace, architecture: ArrayLike) -> Genotype:
        """Return the genotype of an encoded architecture ``(edges,)``."""
        return cls(space, tuple((space.operations[o],) for o in space.check(architecture)))

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which operations are there, ``(edges, operations)``."""
        names = self.space.operations
        return np.array([[name in own for name in names] for own in self.kept], dtype=np.bool_)

    @property
    def several(self) -> int:
        """Number of edges that keep several operations, so that no architecture is the same."""
        return sum(len(own) > 1 for own in self.kept)

    def project(self, weights: ArrayLike) -> Architecture:
        """Return the architecture ``(edges,)`` nearest to it: of each edge the heaviest operation.

        Args:
            weights: ``(edges, operations)``, by which operations of one edge are compared.

        Raises:
            InvalidArgumentError: If an edge has no operation and the space none that passes
                nothing.
        """
        table = np.where(self.mask, np.asarray(weights, dtype=np.float64), -np.inf)
        chosen: Architecture = table.argmax(axis=1).astype(np.int8)
        empty = ~self.mask.any(axis=1)
        if empty.any():
            if self.space.none is None:
                raise InvalidArgumentError(
                    f"An edge of the genotype passes nothing, and {self.space.name} has no "
                    "operation for that."
                )
            chosen[empty] = self.space.none
        return chosen

    def to_list(self) -> list[list[str]]:
        """Return the operations of each edge, JSON-able."""
        return [list(own) for own in self.kept]

    def __str__(self) -> str:
        return "|".join("+".join(own) or "-" for own in self.kept)


Plan = tuple[tuple[int, tuple[tuple[int, int, tuple[int, ...]], ...]], ...]
"""Nodes in order, each with its incoming (edge, tail, operations)."""


@lru_cache(maxsize=4096)
def plan_of(edges: tuple[tuple[int, int], ...], passing: tuple[tuple[int, ...], ...]) -> Plan:
    """Return what has to be computed, so that nothing is that has no way to the output.

    Args:
        edges: (tail, head) node pairs.
        passing: For each edge the numbers of the operations on it that pass something.
    """
    present = np.array([bool(own) for own in passing], dtype=np.bool_)
    first, last = min(tail for tail, _ in edges), max(head for _, head in edges)
    live = np.flatnonzero(live_edges(np.asarray(edges), present, first, last)).tolist()
    return tuple(
        (node, tuple((e, edges[e][0], passing[e]) for e in live if edges[e][1] == node))
        for node in sorted({edges[e][1] for e in live})
    )


def reaching(space: CellSpace, mask: ArrayLike) -> NDArray[np.bool_]:
    """Return the part of a mask ``(edges, operations)`` that lies on a way from input to output.

    Operations that pass nothing are no way.
    """
    kept: NDArray[np.bool_] = np.array(mask, dtype=np.bool_)
    if space.none is not None:
        kept[:, space.none] = False
    passing: NDArray[np.bool_] = np.asarray(kept.any(axis=1))
    live = live_edges(space.positions, passing, space.input_node, space.output_node)
    return np.asarray(kept & live[:, None])


def as_mask(space: CellSpace, genotype: Genotype | ArrayLike | str) -> NDArray[np.bool_]:
    """Return the mask of a genotype, an architecture, or its official string."""
    if isinstance(genotype, Genotype):
        return genotype.mask
    vector = space.parse(genotype) if isinstance(genotype, str) else genotype
    return Genotype.of_architecture(space, vector).mask
