"""How an environment gets scores: from a source's whole table, or through a target's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.history import known_neighbours
from rlnas.envs.normalisers import RunningNormaliser, normalise_table
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Evaluation, QueryLedger, TabularTask, query_together

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Scorer(Protocol):
    """Gives scores for batches of architectures.

    A score says only which architecture is better; `value` puts it on the scale of rewards. Where
    the episodes of a batch belong to different searches, ``rows`` says which episodes are asked
    about; None means one after the other from the first.
    """

    space: SearchSpace

    def score(self, architectures: Architecture, rows: Rows | None = None) -> Floats:
        """Return scores ``(N,)`` without NaN; larger is better."""
        ...

    def value(self, scores: Floats) -> Floats:
        """Return scores ``(…, N)`` on the scale of rewards, all by what is known now."""
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
        self.task = task
        self.normaliser = normaliser
        self.space = task.space
        table = normalise_table(task, normaliser)
        self.table = np.where(np.isnan(table), np.nanmin(table), table)

    def score(self, architectures: Architecture, rows: Rows | None = None) -> Floats:
        """Return normalised scores ``(N,)``; they order architectures as the task does."""
        return np.asarray(self.table[self.space.index(architectures)])

    def value(self, scores: Floats) -> Floats:
        """Return the scores: they are normalised already."""
        return scores

    def known_edits(self, architectures: Architecture) -> None:
        """Return None: on a source no edit has a price."""


class BlankScorer:
    """A scorer that knows nothing: to it all architectures are equal.

    Enough to ask a core for its layout, or for what an episode sees before it has met a score.

    Args:
        space: The search space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    def score(self, architectures: Architecture, rows: Rows | None = None) -> Floats:
        """Return 0 for each architecture."""
        return np.zeros(len(architectures))

    def value(self, scores: Floats) -> Floats:
        """Return the scores."""
        return scores

    def known_edits(self, architectures: Architecture) -> None:
        """Return None: nothing was queried."""


def _finite(ledger: QueryLedger) -> Floats:
    scores = ledger.scores()
    return scores[np.isfinite(scores)]


def _usable(evaluations: Sequence[Evaluation], ledgers: Sequence[QueryLedger]) -> Floats:
    """Return scores ``(N,)``, with the worst that its ledger knows in place of a failed one."""
    scores = np.array([evaluation.score for evaluation in evaluations], dtype=np.float64)
    for place in np.flatnonzero(np.isnan(scores)).tolist():
        known = _finite(ledgers[place])
        scores[place] = known.min() if len(known) else 0.0
    return scores


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

    def score(self, architectures: Architecture, rows: Rows | None = None) -> Floats:
        """Query the architectures in order and return the task's scores ``(N,)``.

        New ones are evaluated together where the objective can (`QueryLedger.query_many`).

        Raises:
            BudgetExhaustedError: If one is new and the budget is spent.
        """
        evaluations = self._ledger.query_many(architectures)
        return _usable(evaluations, [self._ledger] * len(evaluations))

    def value(self, scores: Floats) -> Floats:
        """Return normalised scores; the same score's value moves as more is known."""
        return self._normaliser.normalise(scores, _finite(self._ledger))

    def known_edits(self, architectures: Architecture) -> NDArray[np.bool_] | None:
        """Return which edits ``(N, P·C)`` lead to queried architectures."""
        if not self._avoid_known or not len(self._ledger):
            return None
        n, queried = len(architectures), self._ledger.vectors()
        shared = np.broadcast_to(queried, (n, *queried.shape))
        return known_neighbours(architectures, shared, self.space.num_operations)


class CohortScorer:
    """Scores of searches that run side by side, an episode each, every one with its own ledger.

    Nothing passes between them: what an episode is told comes from its own ledger alone.

    Args:
        ledgers: The ledgers, all on one space.
        normaliser: What turns scores into values, from a ledger's queried scores alone; None if
            nobody looks at rewards.
        avoid_known: Whether `known_edits` tells which edits lead to queried architectures.
    """

    def __init__(
        self,
        ledgers: Sequence[QueryLedger],
        normaliser: RunningNormaliser | None,
        *,
        avoid_known: bool = True,
    ) -> None:
        self.space = ledgers[0].space
        self._ledgers = list(ledgers)
        self._normaliser = normaliser
        self._avoid_known = avoid_known
        # Queried architectures so far; −1 beyond them differs from every operation.
        self._queried = np.full((len(ledgers), 0, self.space.num_positions), -1, dtype=np.int8)
        self._counted = np.zeros(len(ledgers), dtype=np.int64)

    def keep(self, rows: Rows) -> None:
        """Go on with some of the searches alone."""
        self._ledgers = [self._ledgers[row] for row in rows]
        self._queried, self._counted = self._queried[rows], self._counted[rows]

    def score(self, architectures: Architecture, rows: Rows | None = None) -> Floats:
        """Query each episode's architecture in its own ledger and return scores ``(N,)``.

        New ones are evaluated together where an objective can (`query_together`).
        """
        own = range(len(architectures)) if rows is None else rows
        ledgers = [self._ledgers[row] for row in own]
        return _usable(query_together(zip(ledgers, architectures, strict=True)), ledgers)

    def value(self, scores: Floats) -> Floats:
        """Return normalised scores ``(…, N)``, each column by its own ledger."""
        if self._normaliser is None:
            return np.zeros_like(scores)
        known = [ledger.scores() for ledger in self._ledgers]
        queried = np.full((len(known), max(map(len, known))), np.nan)
        for row, own in zip(queried, known, strict=True):
            row[: len(own)] = own
        queried[~np.isfinite(queried)] = np.nan
        return self._normaliser.normalise_each(scores, queried)

    def known_edits(self, architectures: Architecture) -> NDArray[np.bool_] | None:
        """Return which edits ``(N, P·C)`` lead to what the episode's own search has queried."""
        if not self._avoid_known:
            return None
        for row, ledger in enumerate(self._ledgers):
            for number in range(self._counted[row], len(ledger.records)):
                if number == self._queried.shape[1]:
                    shape = (len(self._ledgers), max(16, number), self.space.num_positions)
                    more = np.full(shape, -1, dtype=np.int8)
                    self._queried = np.concatenate([self._queried, more], axis=1)
                self._queried[row, number] = ledger.records[number].vector
            self._counted[row] = len(ledger.records)
        return known_neighbours(architectures, self._queried, self.space.num_operations)
