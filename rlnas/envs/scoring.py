"""How an environment gets scores: from a source's whole table, or through a target's ledger."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.history import neighbour_history
from rlnas.envs.normalisers import RunningNormaliser, normalise_table
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger, TabularTask

Floats = NDArray[np.float64]


class Scorer(Protocol):
    """Gives scores for batches of architectures.

    A score says only which architecture is better; `value` puts it on the scale of rewards.
    """

    space: SearchSpace

    def score(self, architectures: Architecture) -> Floats:
        """Return scores ``(N,)`` without NaN; larger is better."""
        ...

    def value(self, scores: Floats) -> Floats:
        """Return scores on the scale of rewards, all by what is known now."""
        ...

    def known_edits(self, architectures: Architecture) -> NDArray[np.bool_] | None:
        """Return which edits lead to what a search has paid for, or None where all is known."""
        ...


class TableScorer:
    """Scores of a source task: one gather from its normalised table.

    An architecture that was not measured gets the lowest normalised score, so that an agent learns
    to avoid what has no result instead of stopping at a NaN.

    Args:
        task: The source task.
        normaliser: Name of a normaliser.

    Raises:
        LeakageError: If a search is running on the task.
    """

    def __init__(self, task: TabularTask, normaliser: str) -> None:
        self.space = task.space
        table = normalise_table(task, normaliser)
        self.table = np.where(np.isnan(table), np.nanmin(table), table)

    def score(self, architectures: Architecture) -> Floats:
        """Return normalised scores ``(N,)``; they order architectures as the task does."""
        return np.asarray(self.table[self.space.index(architectures)])

    def value(self, scores: Floats) -> Floats:
        """Return the scores: they are normalised already."""
        return scores

    def known_edits(self, architectures: Architecture) -> None:
        """Return None: on a source no edit has a price."""


class LedgerScorer:
    """Scores of a target task: every new architecture is a query.

    A failed evaluation counts as the worst score seen so far.

    Args:
        ledger: The ledger of the running search.
        normaliser: What turns scores into values, from queried scores alone.
        avoid_known: Whether `known_edits` tells which edits lead to queried architectures.
    """

    def __init__(
        self, ledger: QueryLedger, normaliser: RunningNormaliser, *, avoid_known: bool = True
    ) -> None:
        self.space = ledger.space
        self._ledger = ledger
        self._normaliser = normaliser
        self._avoid_known = avoid_known

    def _finite(self) -> Floats:
        scores = self._ledger.scores()
        return scores[np.isfinite(scores)]

    def score(self, architectures: Architecture) -> Floats:
        """Query the architectures one by one and return the task's scores ``(N,)``.

        Raises:
            BudgetExhaustedError: If one is new and the budget is spent.
        """
        scores = np.array([self._ledger.query(a).score for a in architectures], dtype=np.float64)
        known = self._finite()
        return np.where(np.isfinite(scores), scores, known.min() if len(known) else 0.0)

    def value(self, scores: Floats) -> Floats:
        """Return normalised scores; the same score's value moves as more is known."""
        return self._normaliser.normalise(scores, self._finite())

    def known_edits(self, architectures: Architecture) -> NDArray[np.bool_] | None:
        """Return which edits ``(N, P·C)`` lead to queried architectures."""
        if not self._avoid_known or not len(self._ledger):
            return None
        n, queried = len(architectures), self._ledger.vectors()
        seen, _ = neighbour_history(
            architectures,
            np.zeros(n),
            np.repeat(queried[None], n, axis=0),
            np.zeros((n, len(queried))),
            self.space.num_operations,
        )
        return seen.reshape(n, -1) > 0
