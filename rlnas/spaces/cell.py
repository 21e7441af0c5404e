"""Cell spaces: a fixed graph whose edges each carry one of the named operations."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces.base import Architecture, SearchSpace
from rlnas.spaces.canonical import Pooling, cell_key
from rlnas.spaces.graph import ArchitectureGraph, live_edges


class CellSpace(SearchSpace):
    """All assignments of named operations to the edges of a directed acyclic graph.

    The node values are sums of their incoming edges. The first operation of the first edge is the
    most significant digit of an architecture's index.

    Args:
        name: Name of the space.
        edges: (tail, head) node pairs with tail < head; their order is the encoding's order.
        operations: Distinct operation names without ``,`` or blanks at their ends.
        none: Name of the operation that passes nothing, if there is one.
        identity: Name of the operation that passes its input unchanged, if there is one.
        strided_inputs: Whether edges that leave the input node change the resolution or width, so
            that ``identity`` on them is a real operation.
        pools: Names of operations without weights that are linear, such as average pools.
        pooling: Which of them the canonical form merges, see `rlnas.spaces.canonical.Pooling`.

    Raises:
        InvalidArgumentError: If the graph is not acyclic in this numbering, or a name is wrong.

    Example:
        >>> space = CellSpace("mine", [(0, 1), (0, 2), (1, 2)], ["zero", "conv", "pool"])
        >>> space.size, space.format([1, 0, 2])
        (27, 'conv,zero,pool')
    """

    def __init__(
        self,
        name: str,
        edges: Sequence[tuple[int, int]],
        operations: Sequence[str],
        *,
        none: str | None = None,
        identity: str | None = None,
        strided_inputs: bool = False,
        pools: Sequence[str] = (),
        pooling: Pooling = "apart",
    ) -> None:
        pairs = np.asarray(edges, dtype=np.int64)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or len(pairs) == 0:
            raise InvalidArgumentError(f"{name}: edges must be (tail, head) pairs, got {edges!r}.")
        if (pairs[:, 0] >= pairs[:, 1]).any() or (pairs < 0).any():
            raise InvalidArgumentError(f"{name}: each edge must run from a lower to a higher node.")
        if len({tuple(pair) for pair in pairs.tolist()}) != len(pairs):
            raise InvalidArgumentError(f"{name}: an edge is listed twice in {edges!r}.")
        names = tuple(operations)
        if not 2 <= len(set(names)) == len(names) <= 127:
            raise InvalidArgumentError(f"{name}: expected 2 to 127 distinct operations: {names}.")
        if bad := [n for n in names if not n or "," in n or n != n.strip()]:
            raise InvalidArgumentError(
                f"{name}: operation names {bad} are empty or hold ',' or blanks."
            )
        for role in (none, identity):
            if role is not None and role not in names:
                raise InvalidArgumentError(
                    f"{name}: {role!r} is not one of the operations {names}."
                )
        if unknown := [pool for pool in pools if pool not in names]:
            raise InvalidArgumentError(f"{name}: {unknown} are not among the operations {names}.")
        if pooling not in get_args(Pooling):
            raise InvalidArgumentError(
                f"{name}: pooling is {pooling!r}; expected one of {get_args(Pooling)}."
            )
        self._pools = frozenset(names.index(pool) for pool in pools)
        self.pooling = pooling
        self.name = name
        self.operations = names
        self.positions = pairs
        self.size = len(names) ** len(pairs)
        self.none = None if none is None else names.index(none)
        self.identity = None if identity is None else names.index(identity)
        self.input_node = int(pairs.min())
        self.output_node = int(pairs.max())
        self.strided_inputs = strided_inputs
        # Powers overflow int64 in a space too large to index, where index() refuses to answer.
        places = np.arange(len(pairs) if self.indexable else 0, dtype=np.int64)[::-1]
        self._powers = len(names) ** places

    def format(self, architecture: ArrayLike) -> str:
        """Return the operation names joined by commas, in edge order."""
        return ",".join(self.operations[o] for o in self.check(architecture))

    def parse(self, text: str) -> Architecture:
        """Return the vector of comma-separated operation names in edge order."""
        names = [part.strip() for part in text.split(",")]
        if len(names) != self.num_positions:
            raise InvalidArchitectureError(
                f"{text!r} names {len(names)} operations; {self.name} has {self.num_positions} "
                f"edges, e.g. {self.format(self.from_example())!r}."
            )
        return self._from_names(names, text)

    def _from_names(self, names: Sequence[str], text: str) -> Architecture:
        """Return the vector of operation names, with an error that quotes ``text``."""
        unknown = [n for n in names if n not in self.operations]
        if unknown:
            raise InvalidArchitectureError(
                f"{text!r} holds the operation {unknown[0]!r}; {self.name} has "
                f"{', '.join(self.operations)}."
            )
        return np.array([self.operations.index(n) for n in names], dtype=np.int8)

    def is_valid(self, architectures: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows hold only existing operations."""
        batch = np.asarray(architectures)
        known = (batch >= 0) & (batch < self.num_operations)
        return np.asarray(known.all(axis=1), dtype=np.bool_)

    def index(self, architectures: ArrayLike) -> NDArray[np.int64]:
        """Return the indices ``(N,)``: the vectors read as numbers in base ``num_operations``."""
        self._require_indexable("index")
        batch = np.asarray(architectures, dtype=np.int64)
        return np.asarray(batch @ self._powers, dtype=np.int64)

    def from_index(self, indices: ArrayLike) -> Architecture:
        """Return the architectures ``(N, num_positions)`` with the given indices."""
        self._require_indexable("from_index")
        numbers = np.asarray(indices, dtype=np.int64)
        if ((numbers < 0) | (numbers >= self.size)).any():
            raise InvalidArchitectureError(f"{self.name} has indices 0…{self.size - 1}.")
        return (numbers[:, None] // self._powers % self.num_operations).astype(np.int8)

    def sample(self, n: int, rng: np.random.Generator) -> Architecture:
        """Return ``n`` uniform architectures: every operation is drawn by itself."""
        shape = (n, self.num_positions)
        return rng.integers(self.num_operations, size=shape, dtype=np.int8)

    def construction_mask(self, prefixes: ArrayLike, position: int) -> NDArray[np.bool_]:
        """Return all true: every prefix of a cell can be completed."""
        return np.ones((len(np.asarray(prefixes)), self.num_operations), dtype=np.bool_)

    def _compute_mask(self, current: Architecture) -> NDArray[np.bool_]:
        changed = np.arange(self.num_operations) != current[:, :, None]
        return np.asarray(changed.reshape(len(current), -1), dtype=np.bool_)

    def canonical_key(self, architecture: ArrayLike) -> Hashable:
        """Return a key shared by all cells that compute the same function family."""
        return cell_key(
            self.positions,
            np.asarray(architecture).tolist(),
            none=self.none,
            identity=self.identity,
            identity_edges=~self._strided,
            input_node=self.input_node,
            output_node=self.output_node,
            pools=self._pools,
            pooling=self.pooling,
        )

    @property
    def _strided(self) -> NDArray[np.bool_]:
        leaves_input = self.positions[:, 0] == self.input_node
        return np.asarray(self.strided_inputs & leaves_input, dtype=np.bool_)

    def clear_dead(self, architecture: ArrayLike) -> Architecture:
        """Return the cell with ``none`` on every edge off all paths from input to output."""
        vector = self.check(architecture)
        if self.none is None:
            return vector
        alive = live_edges(self.positions, vector != self.none, self.input_node, self.output_node)
        return np.where(alive, vector, np.int8(self.none))

    def graph(self, architecture: ArrayLike) -> ArchitectureGraph:
        """Return the cell's graph, with ``none`` edges left out."""
        vector = self.check(architecture)
        keep = np.ones(len(vector), dtype=np.bool_) if self.none is None else vector != self.none
        return ArchitectureGraph(
            num_nodes=self.output_node + 1,
            edges=self.positions[keep],
            operations=tuple(self.operations[o] for o in vector[keep]),
            input_node=self.input_node,
            output_node=self.output_node,
        )
