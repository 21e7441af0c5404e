"""What may be queried next: the whole space where it can be listed, else a pool."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from rlnas.search.bayesian.surrogate import is_listed
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

_BEST = 5
"""Architectures whose neighbours are in the pool."""


class Candidates:
    """Architectures that a search has not paid for.

    Args:
        ledger: What has been queried.
        rng: Source of random candidates.
        pool: Random architectures in the pool of a space that is not listed.
    """

    def __init__(self, ledger: QueryLedger, rng: np.random.Generator, pool: int) -> None:
        self._ledger = ledger
        self._rng = rng
        self._pool = pool
        self._looked_at = self._refused = 0
        space = ledger.space
        if is_listed(space):
            alike = space.canonical_index if ledger.canonical_free else np.arange(space.size)
            self._alike = np.asarray(alike)
            self._open = ledger.allowed(space.arrays)

    def open(self) -> Architecture:
        """Return all that is open ``(n, num_positions)``, or a new pool of it.

        A pool holds random architectures and those one edit away from the five best queried.
        """
        ledger = self._ledger
        if is_listed(ledger.space):
            vectors = ledger.vectors()[self._looked_at :]
            for index in ledger.space.index(vectors).tolist():
                self._open[self._alike == self._alike[index]] = False
            self._looked_at += len(vectors)
            refused = ledger.refused[self._refused :]
            self._open[ledger.space.index(refused)] = False
            self._refused += len(refused)
            return np.asarray(ledger.space.arrays[self._open])
        random = ledger.space.sample(self._pool, self._rng)
        scores = np.nan_to_num(ledger.scores(), nan=-np.inf)
        best = ledger.vectors()[np.argsort(-scores, kind="stable")[:_BEST]]
        return self.unseen(np.concatenate([random, self.neighbours(best)]))

    def neighbours(self, centres: Architecture) -> Architecture:
        """Return what is one edit away from architectures ``(n, num_positions)``."""
        empty = centres[:0]
        around = [self._ledger.space.neighbours(centre) for centre in centres]
        return np.asarray(np.concatenate([empty, *around]))

    def unseen(self, vectors: Architecture) -> Architecture:
        """Return those that would cost a query, one of each kind."""
        found: dict[Hashable, Architecture] = {}
        for vector in vectors:
            if self._ledger.seen(vector) is None:
                found.setdefault(self._ledger.key(vector), vector)
        unseen = np.array(list(found.values()), dtype=np.int8)
        return unseen.reshape(-1, vectors.shape[1])

    def without(self, vectors: Architecture, chosen: Architecture) -> Architecture:
        """Return candidates without those that are one query with a chosen one."""
        ledger = self._ledger
        if is_listed(ledger.space):
            own = self._alike[ledger.space.index(chosen[None])[0]]
            return np.asarray(vectors[self._alike[ledger.space.index(vectors)] != own])
        key = ledger.key(chosen)
        return vectors[[ledger.key(vector) != key for vector in vectors]]
