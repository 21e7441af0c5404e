"""Probe designs: which architectures of a target to query so that they tell the sources apart.

Probes are queries of the search like any other, so good ones are informative *and* good: random
probes rank sources well and cost quality, the tops of the sources' lists are good architectures and
rank sources badly, because one sees only where each source is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.source_task import Floats, SourceTask

Indices = NDArray[np.int64]

HEAD = 0.01
"""Share of a source's list that is its head, for `mixed_probes`."""

_NOISE = 0.5  # prior variance of a probe that the sources do not explain, in their own unit


@dataclass(frozen=True)
class ProbeRequest:
    """What a probe design chooses by.

    Attributes:
        table: ``(S, space.size)`` what the sources say of every architecture, as normal quantiles.
        count: Probes wanted, 0 or more.
        taken: ``(n,)`` int64 architectures queried before.
        space: The target's search space.
        rng: Draws what is drawn.
        sources: The ``S`` sources, where the design looks at more than their table.
    """

    table: Floats
    count: int
    taken: Indices
    space: SearchSpace
    rng: np.random.Generator
    sources: tuple[SourceTask, ...] = ()


ProbeDesign = Callable[[ProbeRequest], Indices]
"""Returns up to ``count`` distinct new architectures, the most wanted first, ``(n,)`` int64."""


def random_probes(ask: ProbeRequest) -> Indices:
    """Return architectures drawn uniformly without replacement."""
    free = np.setdiff1d(np.arange(ask.table.shape[1]), ask.taken)
    return ask.rng.choice(free, min(ask.count, len(free)), replace=False)


def top_probes(ask: ProbeRequest) -> Indices:
    """Return the best architectures of the sources' lists, one source after the other."""
    table, count, taken = ask.table, ask.count, ask.taken
    order = np.argsort(-table + 1e-9 * ask.rng.random(table.shape), axis=1)
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


def disagreement_probes(ask: ProbeRequest) -> Indices:
    """Return the architectures on which the sources differ most (D-optimal design)."""
    return _d_optimal(ask, np.arange(ask.table.shape[1]))


def mixed_probes(ask: ProbeRequest) -> Indices:
    """Return each source's best architecture, then good ones on which the sources differ most.

    With fewer than one probe a source, half of the probes are bests. The others are chosen among
    the head of some source's list: each is worth having if its source is the right one, and tells
    whether it is.
    """
    table, count, sources = ask.table, ask.count, len(ask.table)
    bests = min(sources, count if count >= sources else (count + 1) // 2)
    first = top_probes(replace(ask, count=bests))
    head = max(2 * count, round(HEAD * table.shape[1]))
    good = np.unique(np.argsort(-table, axis=1)[:, :head])
    rest = replace(ask, count=count - len(first), taken=np.concatenate([ask.taken, first]))
    return np.concatenate([first, _d_optimal(rest, good)])


def edit_probes(ask: ProbeRequest) -> Indices:
    """Return ``mixed`` architectures in pairs that are one edit apart.

    The second of a pair is the neighbour of the first on whose gain the sources differ most, so
    that every second probe shows the effect of a single edit.
    """
    table, count, taken, space = ask.table, ask.count, ask.taken, ask.space
    chosen: list[int] = []
    for first in mixed_probes(replace(ask, count=(count + 1) // 2)).tolist():
        if len(chosen) < count and first not in chosen:
            chosen.append(first)
        near = np.setdiff1d(space.index(space.neighbours(space.from_index([first])[0])), taken)
        near = np.setdiff1d(near, chosen)
        if len(near) and len(chosen) < count:
            gains = table[:, near] - table[:, [first]]
            chosen.append(int(near[gains.std(axis=0).argmax()]))
    return np.array(chosen, dtype=np.int64)


def _d_optimal(ask: ProbeRequest, pool: Indices) -> Indices:
    """Return a greedy D-optimal design (Fedorov 1972) for scores linear in the sources' scores.

    Each choice has the largest predictive variance under the posterior that the choices before and
    the ``taken`` architectures leave; for a Gaussian linear model that is the greedy maximum of the
    information about the mixture of sources that the target is.
    """
    # Differences from the sources' mean: what all sources agree on tells nothing about which one
    # the target resembles.
    features = (ask.table - ask.table.mean(axis=0)).T
    covariance = np.eye(features.shape[1])

    def observe(row: Floats) -> None:
        gain = covariance @ row
        covariance[...] -= np.outer(gain, gain) / (_NOISE + row @ gain)

    for index in ask.taken:
        observe(features[index])
    pool = np.setdiff1d(pool, ask.taken)
    chosen: list[int] = []
    jitter = 1e-9 * ask.rng.random(
        len(pool)
    )  # equal architectures: none is preferred by its number
    for _ in range(min(ask.count, len(pool))):
        rows = features[pool]
        variance = np.einsum("ij,jk,ik->i", rows, covariance, rows) + jitter
        variance[np.isin(pool, chosen)] = -np.inf
        best = int(variance.argmax())
        chosen.append(int(pool[best]))
        observe(rows[best])
    return np.array(chosen, dtype=np.int64)


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

    Raises:
        UnknownNameError: If there is none of this name.
    """
    if name not in _DESIGNS:
        raise UnknownNameError("probe design", name, _DESIGNS)
    return _DESIGNS[name]


def query_probes(
    design: str | ProbeDesign,
    table: Floats,
    ledger: QueryLedger,
    rng: np.random.Generator,
    queries: int,
    *,
    sources: Sequence[SourceTask] = (),
) -> None:
    """Choose probes by a design and query them, within the ledger's budget.

    Args:
        design: One of `design_names`, or a design itself.
        table: ``(S, space.size)`` what the sources say of every architecture.
        ledger: The ledger of the search on the target.
        rng: Draws what is drawn.
        queries: Most queries to spend, 0 or more.
        sources: The ``S`` sources, where the design looks at more than their table.

    Raises:
        InvalidArgumentError: If ``queries`` is negative, or the space has no index.
        UnknownNameError: If there is no design of this name.
    """
    if queries < 0:
        raise InvalidArgumentError(f"queries is {queries}; expected 0 or more.")
    space = ledger.space
    taken = np.asarray(space.index(ledger.vectors()), dtype=np.int64) if len(ledger) else _NONE
    choose = get_design(design) if isinstance(design, str) else design
    chosen = choose(ProbeRequest(table, queries, taken, space, rng, tuple(sources)))
    with suppress(BudgetExhaustedError):  # the first of them count where not all fit
        ledger.query_many(space.from_index(chosen))


_NONE = np.empty(0, dtype=np.int64)
