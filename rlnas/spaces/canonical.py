"""Canonical keys of cells: two cells get the same key when they compute the same function family.

A cell is read as the set of its *operation instances*: every live edge with a real operation is
one instance, whose input is a multiset of other instances (or the cell's input), because a node is
the sum of its incoming edges and an identity edge only passes that sum on. Edges off every path
from input to output are dead and dropped. Two cells are equivalent when their instance graphs are
isomorphic, decided exactly: colour refinement first, then singling out members of the classes it
cannot split (McKay & Piperno, "Practical graph isomorphism II", arXiv 1301.1493, §2). Unlike an
expression string (NAS-Bench-201, arXiv 2001.00326, §2), this keeps apart one operation whose
output is used twice from two operations with weights of their own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.spaces.graph import live_edges

Pooling = Literal["apart", "equal", "linear"]
"""What counts as one pool: each ``apart``, those of ``equal`` inputs, or ``linear``: equal ones,
where the pool of a sum is the sum of the pools."""

_INPUT = -1
_Colouring = dict[int, str]


def cell_key(
    edges: NDArray[np.int64],
    operations: Sequence[int],
    *,
    none: int | None,
    identity: int | None,
    identity_edges: NDArray[np.bool_],
    input_node: int,
    output_node: int,
    pools: frozenset[int] = frozenset(),
    pooling: Pooling = "apart",
) -> str:
    """Return the canonical key of one cell, 32 hexadecimal digits.

    Args:
        edges: ``(E, 2)`` (tail, head) pairs in topological order of nodes.
        operations: Operation index of each edge, length ``E``.
        none: Index of the operation that passes nothing, or None.
        identity: Index of the operation that passes its input on unchanged, or None.
        identity_edges: ``(E,)`` where ``identity`` really is one (a strided skip is not).
        input_node: Node that receives the cell's input.
        output_node: Node that is the cell's output.
        pools: Indices of operations that have no weights and are linear, such as average pools.
        pooling: What counts as one instance of them, see `Pooling`.
    """
    ops = np.asarray(operations)
    present = np.ones(len(ops), dtype=np.bool_) if none is None else ops != none
    alive = live_edges(edges, present, input_node, output_node)
    value: dict[int, Counter[int]] = {input_node: Counter({_INPUT: 1})}
    instances: dict[int, tuple[int, Counter[int]]] = {}
    pooled: dict[tuple[int, frozenset[tuple[int, int]]], int] = {}
    for e in sorted(range(len(ops)), key=lambda i: (int(edges[i, 1]), int(edges[i, 0]))):
        if not alive[e]:
            continue
        tail, head = int(edges[e, 0]), int(edges[e, 1])
        total = value.setdefault(head, Counter())
        if identity is not None and ops[e] == identity and identity_edges[e]:
            total.update(value[tail])
        else:
            for inputs, times in _inputs(value[tail], int(ops[e]) in pools, pooling):
                own = e
                if pooling != "apart" and int(ops[e]) in pools:
                    named = (int(ops[e]), frozenset(inputs.items()))
                    own = pooled.setdefault(named, len(ops) + len(pooled))
                instances[own] = (int(ops[e]), inputs)
                total[own] += times
    return _InstanceGraph(instances, value.get(output_node, Counter())).key()


def _inputs(value: Counter[int], pool: bool, pooling: Pooling) -> list[tuple[Counter[int], int]]:
    """Return the inputs of the instances that one edge makes, and how often each counts."""
    if pool and pooling == "linear":  # the pool of a sum is the sum of the pools
        return [(Counter({part: 1}), times) for part, times in value.items()]
    return [(value, 1)]


class _InstanceGraph:
    """Operation instances, what feeds them and what they feed.

    Args:
        instances: Operation index and inputs (with multiplicities) of each instance.
        output: What is summed into the cell's output.
    """

    def __init__(
        self, instances: dict[int, tuple[int, Counter[int]]], output: Counter[int]
    ) -> None:
        self._inputs = {_INPUT: Counter[int]()} | {e: i for e, (_, i) in instances.items()}
        self._output = output
        self._start = {_INPUT: _digest("input")} | {
            e: _digest(op) for e, (op, _) in instances.items()
        }
        self._consumers: dict[int, list[tuple[int, int]]] = {e: [] for e in self._inputs}
        for e, inputs in self._inputs.items():
            for source, times in inputs.items():
                self._consumers[source].append((e, times))

    def key(self) -> str:
        """Return a hash that two graphs share exactly when they are isomorphic."""
        return self._least_leaf(self._refine(self._start))

    def _refine(self, colour: _Colouring) -> _Colouring:
        """Tell instances apart by their neighbourhoods until that splits no class any more."""
        while True:
            finer = {
                e: _digest(
                    colour[e],
                    sorted((colour[s], t) for s, t in self._inputs[e].items()),
                    sorted((colour[c], t) for c, t in self._consumers[e]),
                    self._output.get(e, 0),
                )
                for e in colour
            }
            if len(set(finer.values())) == len(set(colour.values())):
                return finer
            colour = finer

    def _choices(self, colour: _Colouring) -> list[_Colouring]:
        """Return the refinements that single out one member each of the first mixed class."""
        sizes = Counter(colour.values())
        mixed = min((c for c, n in sizes.items() if n > 1), default=None)
        chosen = [e for e, c in colour.items() if c == mixed]
        return [self._refine(colour | {e: _digest(colour[e], "chosen")}) for e in chosen]

    def _any_leaf(self, colour: _Colouring) -> str:
        """Return the hash of one full ordering of the instances below a colouring."""
        while choices := self._choices(colour):
            colour = choices[0]
        return _digest(sorted(colour.values()))

    def _least_leaf(self, colour: _Colouring) -> str:
        """Return the lowest hash of all full orderings, which no numbering can change.

        Two choices that lead to one leaf are mirror images of each other: one of them is enough.
        """
        choices = {self._any_leaf(choice): choice for choice in self._choices(colour)}
        if not choices:
            return _digest(sorted(colour.values()))
        return min(self._least_leaf(choice) for choice in choices.values())


def _digest(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
