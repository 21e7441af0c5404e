"""The interface of every search space: encoding, edits, sampling and identity of architectures.

An architecture is a vector of ``num_positions`` small integers; entry ``p`` is the index of the
operation at position ``p`` in ``operations``. An *action* sets one position to one operation and
is numbered ``position * num_operations + operation``; that numbering is the same for every space,
which is what lets one policy run on several of them.
"""

from __future__ import annotations

import abc
from collections.abc import Hashable
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces.graph import ArchitectureGraph

AnyArray = TypeVar("AnyArray", bound=NDArray[np.generic])

Architecture = NDArray[np.int8]
"""One architecture ``(num_positions,)`` or a batch ``(N, num_positions)``."""

INDEX_LIMIT = 1 << 20
"""Spaces with at most this many architectures precompute their edit tables."""


class SearchSpace(abc.ABC):
    """What architectures exist and how they are written, numbered, edited and drawn.

    Attributes:
        name: Registered name, e.g. ``transnas-micro``.
        operations: Names of the operations; their order is the integer encoding.
        positions: ``(num_positions, 2)`` (tail, head) node pair of each position.
        size: Number of architectures, an exact Python integer.
    """

    name: str
    operations: tuple[str, ...]
    positions: NDArray[np.int64]
    size: int

    # -- shape -----------------------------------------------------------------------------

    @property
    def num_positions(self) -> int:
        """Length of an architecture's vector."""
        return len(self.positions)

    @property
    def num_operations(self) -> int:
        """Number of named operations."""
        return len(self.operations)

    @property
    def num_actions(self) -> int:
        """Number of one-step edits, legal or not: positions × operations."""
        return self.num_positions * self.num_operations

    @property
    def indexable(self) -> bool:
        """Whether architectures are numbered 0 … size−1 and edit tables are precomputed."""
        return self.size <= INDEX_LIMIT

    # -- official strings ------------------------------------------------------------------

    @abc.abstractmethod
    def format(self, architecture: ArrayLike) -> str:
        """Return the official string of one architecture."""

    @abc.abstractmethod
    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string.

        Raises:
            InvalidArchitectureError: If the string names no architecture of this space.
        """

    # -- validity and identity -------------------------------------------------------------

    @abc.abstractmethod
    def is_valid(self, architectures: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows of ``(N, num_positions)`` are architectures of this space."""

    @abc.abstractmethod
    def index(self, architectures: ArrayLike) -> NDArray[np.int64]:
        """Return the indices ``(N,)`` of ``(N, num_positions)`` valid architectures."""

    @abc.abstractmethod
    def from_index(self, indices: ArrayLike) -> Architecture:
        """Return the architectures ``(N, num_positions)`` with the given indices ``(N,)``."""

    def key(self, architecture: ArrayLike) -> Hashable:
        """Return what identifies one architecture: its index, or its bytes in a large space."""
        vector = np.asarray(architecture, dtype=np.int8)
        return int(self.index(vector[None])[0]) if self.indexable else vector.tobytes()

    def check(self, architecture: ArrayLike) -> Architecture:
        """Return one architecture as an int8 vector.

        Raises:
            InvalidArchitectureError: If it is not an architecture of this space.
        """
        vector = np.asarray(architecture)
        if (
            vector.shape != (self.num_positions,)
            or vector.dtype.kind not in "iu"
            or not self.is_valid(vector[None])[0]
        ):
            raise InvalidArchitectureError(
                f"{architecture!r} is not an architecture of {self.name}: expected "
                f"{self.num_positions} integers in 0…{self.num_operations - 1} that form a valid "
                f"architecture, such as {self.from_example().tolist()}."
            )
        return np.array(vector, dtype=np.int8)

    def from_example(self) -> Architecture:
        """Return some valid architecture, for messages and shapes."""
        example: Architecture = self.sample(1, np.random.default_rng(0))[0]
        return example

    # -- canonical form and graph ----------------------------------------------------------

    def canonical_key(self, architecture: ArrayLike) -> Hashable:
        """Return a key that equivalent architectures share; by default every one is its own."""
        return self.key(architecture)

    def canonical(self, architecture: ArrayLike) -> Architecture:
        """Return the representative of an architecture's equivalence class.

        In an indexable space it is the member with the lowest index. In a larger one it is the
        architecture itself with its dead edges cleared; compare ``canonical_key`` there.
        """
        vector = self.check(architecture)
        if self.indexable:
            return np.array(self.arrays[self.canonical_index[self.index(vector[None])[0]]])
        return self.clear_dead(vector)

    def clear_dead(self, architecture: ArrayLike) -> Architecture:
        """Return the architecture with parts that cannot matter reset; by default a copy."""
        return self.check(architecture)

    @abc.abstractmethod
    def graph(self, architecture: ArrayLike) -> ArchitectureGraph:
        """Return the graph view of one architecture."""

    # -- edits -----------------------------------------------------------------------------

    def edit(self, architectures: ArrayLike, actions: ArrayLike) -> Architecture:
        """Return the architectures after one edit each; an illegal edit changes nothing.

        Args:
            architectures: ``(N, num_positions)`` valid architectures.
            actions: ``(N,)`` integers in 0…num_actions−1.

        Raises:
            InvalidArgumentError: If an action is outside that range.
        """
        current = np.asarray(architectures, dtype=np.int8)
        moves = np.asarray(actions, dtype=np.int64)
        if ((moves < 0) | (moves >= self.num_actions)).any():
            raise InvalidArgumentError(f"{self.name} has actions 0…{self.num_actions - 1}.")
        edited = current.copy()
        rows = np.arange(len(current))
        edited[rows, moves // self.num_operations] = moves % self.num_operations
        return np.where(self.is_valid(edited)[:, None], edited, current)

    def action_mask(self, architectures: ArrayLike) -> NDArray[np.bool_]:
        """Return which edits are legal and change something, ``(N, num_actions)``."""
        current = np.asarray(architectures, dtype=np.int8)
        if "legal" in self.__dict__:
            return self.legal[self.index(current)]
        return self._compute_mask(current)

    def _compute_mask(self, current: Architecture) -> NDArray[np.bool_]:
        n, positions, operations = len(current), self.num_positions, self.num_operations
        grid = np.repeat(current[:, None], self.num_actions, axis=1)
        actions = np.arange(self.num_actions)
        grid[:, actions, actions // operations] = (actions % operations).astype(np.int8)
        changed = (grid != current[:, None]).any(axis=2)
        valid = self.is_valid(grid.reshape(-1, positions)).reshape(n, self.num_actions)
        return np.asarray(changed & valid, dtype=np.bool_)

    def construction_mask(self, prefixes: ArrayLike, position: int) -> NDArray[np.bool_]:
        """Return which operations at ``position`` can still be completed, ``(N, num_operations)``.

        Args:
            prefixes: ``(N, num_positions)``; entries before ``position`` are chosen, the others
                are ignored.
            position: The position that is chosen next.
        """
        chosen = np.asarray(prefixes, dtype=np.int64)[:, :position]
        radix = self.num_operations
        powers = radix ** np.arange(position + 1, dtype=np.int64)[::-1]
        stem = chosen @ powers[:-1] if position else np.zeros(len(chosen), dtype=np.int64)
        codes = stem[:, None] + np.arange(radix)
        return np.isin(codes, self.arrays[:, : position + 1].astype(np.int64) @ powers)

    def neighbours(self, architecture: ArrayLike) -> Architecture:
        """Return every architecture one legal edit away, ``(K, num_positions)``."""
        vector = self.check(architecture)
        actions = np.flatnonzero(self.action_mask(vector[None])[0])
        return self.edit(np.repeat(vector[None], len(actions), axis=0), actions)

    def mutate(self, architectures: ArrayLike, rng: np.random.Generator) -> Architecture:
        """Return each architecture ``(N, num_positions)`` after one random legal edit."""
        current = np.asarray(architectures, dtype=np.int8)
        mask = self.action_mask(current)
        actions = np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)
        return self.edit(current, actions)

    def sample(self, n: int, rng: np.random.Generator) -> Architecture:
        """Return ``n`` architectures drawn uniformly with replacement, ``(n, num_positions)``."""
        if n < 0:
            raise InvalidArgumentError(f"sample() got n={n}; expected n ≥ 0.")
        return self.from_index(rng.integers(self.size, size=n))

    # -- tables of an indexable space ------------------------------------------------------

    @cached_property
    def arrays(self) -> Architecture:
        """Every architecture, ``(size, num_positions)``; row ``i`` has index ``i``."""
        self._require_indexable("arrays")
        return _frozen(self.from_index(np.arange(self.size)))

    @cached_property
    def legal(self) -> NDArray[np.bool_]:
        """``(size, num_actions)``: whether an edit is legal and changes something."""
        self._require_indexable("legal")
        blocks = np.array_split(self.arrays, max(1, self.size // 4096))
        return _frozen(np.concatenate([self._compute_mask(block) for block in blocks]))

    @cached_property
    def next_index(self) -> NDArray[np.int32]:
        """``(size, num_actions)``: index after an edit; illegal edits stay where they are."""
        self._require_indexable("next_index")
        table = np.repeat(np.arange(self.size, dtype=np.int32)[:, None], self.num_actions, axis=1)
        for action in range(self.num_actions):
            rows = np.flatnonzero(self.legal[:, action])
            edited = self.arrays[rows].copy()
            edited[:, action // self.num_operations] = action % self.num_operations
            table[rows, action] = self.index(edited)
        return _frozen(table)

    @cached_property
    def canonical_index(self) -> NDArray[np.int32]:
        """``(size,)``: lowest index among the architectures equivalent to each one."""
        self._require_indexable("canonical_index")
        first: dict[Hashable, int] = {}
        table = np.empty(self.size, dtype=np.int32)
        for i, vector in enumerate(self.arrays):
            table[i] = first.setdefault(self.canonical_key(vector), i)
        return _frozen(table)

    def _require_indexable(self, what: str) -> None:
        if not self.indexable:
            raise InvalidArgumentError(
                f"{self.name} has {self.size} architectures, more than the {INDEX_LIMIT} for which "
                f"`{what}` is tabulated; use edit(), action_mask() and key() instead."
            )

    # -- identity of the space -------------------------------------------------------------

    def __getstate__(self) -> dict[str, object]:
        """Leave the tables out of a pickle: they are computed again where they are needed."""
        tables = {"arrays", "legal", "next_index", "canonical_index"}
        return {k: v for k, v in self.__dict__.items() if k not in tables}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, size={self.size})"


def _frozen(array: AnyArray) -> AnyArray:
    array.setflags(write=False)
    return array
