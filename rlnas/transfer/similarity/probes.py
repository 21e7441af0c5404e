"""Probe designs: which architectures of a target to query so that they tell the sources apart.

Probes are queries of the search like any other, so good ones are informative *and* good: random
probes rank sources well and cost quality, the tops of the sources' lists are good architectures and
rank sources badly, because one sees only where each source is right.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.base import Floats

Indices = NDArray[np.int64]

HEAD = 0.01
"""Share of a source's list that is its head, for `mixed_probes`."""

_NOISE = 0.5  # prior variance of a probe that the sources do not explain, in their own unit


def random_probes(
    table: Floats,
    count: int,
    taken: Indices,
    rng: np.random.Generator,
    *,
    space: SearchSpace | None = None,
) -> Indices:
    """Return architectures drawn uniformly without replacement."""
    free = np.setdiff1d(np.arange(table.shape[1]), taken)
    return rng.choice(free, min(count, len(free)), replace=False)


def top_probes(
    table: Floats,
    count: int,
    taken: Indices,
    rng: np.random.Generator,
    *,
    space: SearchSpace | None = None,
) -> Indices:
    """Return the best architectures of the sources' lists, one source after the other."""
    order = np.argsort(-table + 1e-9 * rng.random(table.shape), axis=1)
    # Architectures of which all sources say the same are mostly one network, written twice.
    _, kind = np.unique(table, axis=1, return_inverse=True)
    seen, kinds = set(taken.tolist()), set(kind[taken].tolist())
    chosen: list[int] = []
    spare: list[int] = []
    for index in order.T.ravel().tolist():
        if len(chosen) >= count:
            break
        if index in seen:
            continue
        seen.add(index)
        if kind[index] in kinds:
            spare.append(index)
        else:
            kinds.add(kind[index])
            chosen.append(index)
    chosen += spare[: count - len(chosen)]
    return np.array(chosen, dtype=np.int64)


def disagreement_probes(
    table: Floats,
    count: int,
    taken: Indices,
    rng: np.random.Generator,
    *,
    space: SearchSpace | None = None,
) -> Indices:
    """Return the architectures on which the sources differ most (D-optimal design)."""
    return _d_optimal(table, np.arange(table.shape[1]), count, taken, rng)


def mixed_probes(
    table: Floats,
    count: int,
    taken: Indices,
    rng: np.random.Generator,
    *,
    space: SearchSpace | None = None,
) -> Indices:
    """Return each source's best architecture, then good ones on which the sources differ most.

    With fewer than one probe a source, half of the probes are bests. The others are chosen among
    the head of some source's list: each is worth having if its source is the right one, and tells
    whether it is.
    """
    sources = len(table)
    first = top_probes(
        table, min(sources, count if count >= sources else (count + 1) // 2), taken, rng
    )
    head = max(2 * count, round(HEAD * table.shape[1]))
    good = np.unique(np.argsort(-table, axis=1)[:, :head])
    known = np.concatenate([taken, first])
    return np.concatenate([first, _d_optimal(table, good, count - len(first), known, rng)])


def edit_probes(
    table: Floats,
    count: int,
    taken: Indices,
    rng: np.random.Generator,
    *,
    space: SearchSpace | None = None,
) -> Indices:
    """Return ``mixed`` architectures in pairs that are one edit apart.

    The second of a pair is the neighbour of the first on whose gain the sources differ most, so
    that every second probe shows the effect of a single edit.
    """
    if space is None:
        raise InvalidArgumentError("Probes one edit apart need the search space.")
    chosen: list[int] = []
    for first in mixed_probes(table, (count + 1) // 2, taken, rng).tolist():
        if len(chosen) < count and first not in chosen:
            chosen.append(first)
        near = np.setdiff1d(space.index(space.neighbours(space.from_index([first])[0])), taken)
        near = np.setdiff1d(near, chosen)
        if len(near) and len(chosen) < count:
            gains = table[:, near] - table[:, [first]]
            chosen.append(int(near[gains.std(axis=0).argmax()]))
    return np.array(chosen, dtype=np.int64)


def _d_optimal(
    table: Floats, pool: Indices, count: int, taken: Indices, rng: np.random.Generator
) -> Indices:
    """Return a greedy D-optimal design (Fedorov 1972) for scores linear in the sources' scores.

    Each choice has the largest predictive variance under the posterior that the choices before and
    the ``taken`` architectures leave; for a Gaussian linear model that is the greedy maximum of the
    information about the mixture of sources that the target is.
    """
    # Differences from the sources' mean: what all sources agree on tells nothing about which one
    # the target resembles.
    features = (table - table.mean(axis=0)).T
    covariance = np.eye(features.shape[1])

    def observe(row: Floats) -> None:
        gain = covariance @ row
        covariance[...] -= np.outer(gain, gain) / (_NOISE + row @ gain)

    for index in taken:
        observe(features[index])
    pool = np.setdiff1d(pool, taken)
    chosen: list[int] = []
    jitter = 1e-9 * rng.random(len(pool))  # equal architectures: none is preferred by its number
    for _ in range(min(count, len(pool))):
        rows = features[pool]
        variance = np.einsum("ij,jk,ik->i", rows, covariance, rows) + jitter
        variance[np.isin(pool, chosen)] = -np.inf
        best = int(variance.argmax())
        chosen.append(int(pool[best]))
        observe(rows[best])
    return np.array(chosen, dtype=np.int64)


class ProbeDesign(Protocol):
    """Chooses probes; see `get_design`."""

    def __call__(
        self,
        table: Floats,
        count: int,
        taken: Indices,
        rng: np.random.Generator,
        *,
        space: SearchSpace | None = None,
    ) -> Indices:
        """Return distinct new architectures, the most wanted first."""
        ...


_DESIGNS: dict[str, ProbeDesign] = {
    "random": random_probes,
    "top": top_probes,
    "disagreement": disagreement_probes,
    "mixed": mixed_probes,
    "edits": edit_probes,
}


def design_names() -> tuple[str, ...]:
    """Return the names of the probe designs."""
    return tuple(_DESIGNS)


def get_design(name: str) -> ProbeDesign:
    """Return a probe design.

    A design takes the sources' values ``(S, size)``, how many probes are wanted, the architectures
    queried before and a generator, and returns distinct new architectures, the first ones most
    wanted.

    Raises:
        UnknownNameError: If there is none of this name.
    """
    if name not in _DESIGNS:
        raise UnknownNameError("probe design", name, _DESIGNS)
    return _DESIGNS[name]


def query_probes(
    design: str,
    table: Floats,
    ledger: QueryLedger,
    rng: np.random.Generator,
    queries: int,
) -> None:
    """Choose probes by a design and query them, within the ledger's budget.

    Args:
        design: One of `design_names`.
        table: ``(S, space.size)`` what the sources say of every architecture.
        ledger: The ledger of the search on the target.
        rng: Draws what is drawn.
        queries: Most queries to spend, 0 or more.

    Raises:
        InvalidArgumentError: If ``queries`` is negative, or the space has no index.
    """
    if queries < 0:
        raise InvalidArgumentError(f"queries is {queries}; expected 0 or more.")
    space = ledger.space
    taken = np.asarray(space.index(ledger.vectors()), dtype=np.int64) if len(ledger) else _NONE
    chosen = get_design(design)(table, queries, taken, rng, space=space)
    with suppress(BudgetExhaustedError):  # the first of them count where not all fit
        ledger.query_many(space.from_index(chosen))


_NONE = np.empty(0, dtype=np.int64)
