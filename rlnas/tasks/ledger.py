"""The query ledger: the only door through which a search sees its target task.

A *query* is the first evaluation of a distinct architecture; asking again is free. The ledger
counts queries and cost, records failures, and never gives away anything that was not queried.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.evaluate import evaluate, evaluate_many, in_flight
from rlnas.tasks.limits import Limits
from rlnas.tasks.objective import Evaluation, Objective
from rlnas.tasks.proxies import ProxySource
from rlnas.tasks.records import Budget, QueryRecord

_REFUSALS = 10_000
"""Refusals in a row after which a search is over; a fiftieth where costs have to be measured."""

_log = logging.getLogger("rlnas")


class QueryLedger:
    """Counts and records the queries of one search on one task.

    Args:
        space: The task's search space.
        objective: What scores architectures; only the ledger calls it.
        budget: What may be spent.
        canonical_free: Whether an architecture equivalent to a queried one costs nothing and gets
            its score. Results state this option.
        on_query: Called with each new record, e.g. to draw a curve.
        proxies: What is known of the architectures before any is evaluated, or None.
        limits: What architectures may cost at most, or None. One that costs more comes back as a
            failed evaluation, is not evaluated and costs no query; see `refused`.
        examples: What a search may train shared weights on, or None.

    Attributes:
        said: What the search wants its result to say beside its queries, JSON-able, by name.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        budget: Budget | int,
        *,
        canonical_free: bool = False,
        on_query: Callable[[QueryRecord], None] | None = None,
        proxies: ProxySource | None = None,
        limits: Limits | None = None,
        examples: object | None = None,
    ) -> None:
        self.proxies = proxies
        self.examples = examples
        self.said: dict[str, object] = {}
        self.limits = limits or None
        self.space = space
        self.budget = Budget.of(budget)
        self.canonical_free = canonical_free
        self.records: list[QueryRecord] = []
        self.spent_cost = 0.0
        self._objective = objective
        self._on_query = on_query
        self._known: dict[Hashable, QueryRecord] = {}
        self._scores: list[float] = []
        self._best: QueryRecord | None = None
        self._charged = 0.0
        self._notes: dict[Hashable, dict[str, float]] = {}
        self._refused: dict[Hashable, tuple[Architecture, Evaluation]] = {}
        self._vain = 0  # refusals since the last query
        self._start = time.perf_counter()

    def key(self, architecture: ArrayLike) -> Hashable:
        """Return what architectures that are one query have in common.

        Raises:
            InvalidArchitectureError: If it is not an architecture of the space.
        """
        return self._key(self.space.check(architecture))

    def _key(self, vector: Architecture) -> Hashable:
        if not self.canonical_free:
            return self.space.key(vector)
        if self.space.indexable:
            return int(self.space.canonical_index[self.space.index(vector[None])[0]])
        return self.space.canonical_key(vector)

    # -- asking ----------------------------------------------------------------------------

    def query(self, architecture: ArrayLike) -> Evaluation:
        """Evaluate an architecture, or return what is known of it for free.

        A failure of the objective (an exception, a score that is NaN or infinite, a cost that is
        not finite or is negative) is recorded, costs one query and comes back as a failed
        evaluation with a NaN score.

        Raises:
            BudgetExhaustedError: If it is new and the budget is spent.
            InvalidArchitectureError: If it is not an architecture of the space.
        """
        vector = self.space.check(architecture)
        key = self._key(vector)
        known = self._known.get(key)
        if known is not None:
            return known.evaluation
        refused = self._refuse(vector)
        if refused is not None:
            return refused
        self._check_budget()
        return self._record(key, vector, evaluate(self._objective, vector))

    def query_many(self, architectures: Iterable[ArrayLike]) -> list[Evaluation]:
        """Query architectures as if `query` were called with one after the other.

        Records, their order, what is free and what fails are the same; an objective that can work
        on several at once gets the new ones together. ``on_query`` is called, in order, as soon as
        a query and those before it are done.

        With a limit on the cost, at most `in_flight` are handed out at a time, and none once what
        is done by then has spent the budget; so up to ``in_flight − 1`` more queries may be made
        than by one after the other. With a limit on queries the number is the same.

        Returns:
            The evaluations in order.

        Raises:
            BudgetExhaustedError: If one is new and the budget is spent; those before it are
                evaluated and recorded.
            InvalidArchitectureError: If one is not an architecture of the space; likewise.
        """
        return query_together((self, architecture) for architecture in architectures)

    def _refuse(self, vector: Architecture) -> Evaluation | None:
        """Return the failed evaluation of an architecture over the limits; None if it keeps them.

        What it takes to measure a cost counts as the search's own seconds.
        """
        if self.limits is None:
            return None
        own = self.space.key(vector)  # of networks that are equal one may cost more
        if own not in self._refused:
            start = time.perf_counter()
            broken = self.limits.broken(vector)
            if not self.limits.read:
                self.charge(time.perf_counter() - start)
            if broken is None:
                return None
            self._refused[own] = vector, Evaluation(math.nan, 0.0, broken)
            if not (self.limits.read and self.space.indexable):  # else it is counted already
                self.__dict__.pop("distinct", None)
        self._vain += 1
        if self._vain == self._patience:
            _log.warning(
                "%d architectures in a row were over the limits; the search ends.", self._vain
            )
        return self._refused[own][1]

    @property
    def _patience(self) -> float:
        """Refusals in a row after which a search ends: nothing that it looks for may be left."""
        if self.limits is None or (self.limits.read and self.space.indexable):
            return math.inf  # what is left is known, see `distinct`
        return _REFUSALS if self.limits.read else _REFUSALS // 50

    def allowed(self, vectors: Architecture) -> NDArray[np.bool_]:
        """Return which architectures ``(n, num_positions)`` are not known to be over the limits."""
        if self.limits is None:
            return np.ones(len(vectors), dtype=np.bool_)
        return self.limits.allowed(vectors)

    @property
    def refused(self) -> Architecture:
        """Architectures ``(n, num_positions)`` that were asked for and refused, in their order."""
        shape = (len(self._refused), self.space.num_positions)
        return np.array([v for v, _ in self._refused.values()], dtype=np.int8).reshape(shape)

    def _check_budget(self) -> None:
        if self.exhausted:
            raise BudgetExhaustedError(
                f"The budget is spent ({self.queries} queries, {self.spent_cost:g} s); "
                "only architectures that were queried before can be asked for."
            )

    def _room(self) -> int:
        """Return how many new ones may be handed out before the budget is looked at again."""
        if self.budget.cost is None:
            return self.remaining
        return min(self.remaining, self.in_flight)  # what they cost may end the budget

    def _record(self, key: Hashable, vector: Architecture, evaluation: Evaluation) -> Evaluation:
        if self._charged:
            evaluation = replace(evaluation, cost=evaluation.cost + self._charged)
            self.spent_cost, self._charged = self.spent_cost - self._charged, 0.0
        record = QueryRecord(
            query=len(self.records) + 1,
            architecture=self.space.format(vector),
            vector=vector,
            evaluation=evaluation,
            seconds=time.perf_counter() - self._start,
            notes=self._notes.pop(key, {}),
        )
        self._vain = 0
        self.records.append(record)
        self._scores.append(record.score)
        self._known[key] = record
        self.spent_cost += record.evaluation.cost
        if not record.evaluation.failed and (self._best is None or record.score > self._best.score):
            self._best = record
        if self._on_query is not None:
            self._on_query(record)
        return evaluation

    def seen(self, architecture: ArrayLike) -> Evaluation | None:
        """Return what is known of an architecture, without spending anything.

        That it is over the limits is known where costs are only read, or it was asked for.
        """
        vector = self.space.check(architecture)
        record = self._known.get(self._key(vector))
        if record is not None:
            return record.evaluation
        if self.limits is None:
            return None
        asked = self._refused.get(self.space.key(vector))
        if asked is not None:
            return asked[1]
        if self.limits.allowed(vector[None])[0]:
            return None
        return Evaluation(math.nan, 0.0, self.limits.broken(vector))

    def charge(self, seconds: float) -> None:
        """Count seconds that went into a search beside its queries, e.g. on computing proxies.

        They are spent at once, and stand in the cost of the next record.
        """
        self._charged += seconds
        self.spent_cost += seconds

    def note(self, architecture: ArrayLike, notes: Mapping[str, float]) -> None:
        """Say why an architecture will be queried; see `QueryRecord.notes`."""
        self._notes[self._key(self.space.check(architecture))] = dict(notes)

    # -- counting --------------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Number of architectures that are worth asking together; 1 for most objectives."""
        return in_flight(self._objective)

    @property
    def queries(self) -> int:
        """Number of queries spent."""
        return len(self.records)

    @property
    def remaining(self) -> int:
        """Queries left; architectures left when only the cost is limited."""
        if self._cost_spent:
            return 0
        limit = self.distinct if self.budget.queries is None else self.budget.queries
        return min(limit, self.distinct) - self.queries

    @cached_property
    def distinct(self) -> int:
        """Number of architectures that each cost a query, as far as is known."""
        if self.limits is not None and self.space.indexable:
            left = self.limits.allowed(self.space.arrays)
            left[self.space.index(self.refused)] = False
            alike = self.space.canonical_index if self.canonical_free else np.arange(len(left))
            return len(np.unique(alike[left]))
        if self.canonical_free and self.space.indexable:
            return len(np.unique(self.space.canonical_index))
        return self.space.size - len(self._refused)

    @property
    def _cost_spent(self) -> bool:
        return self.budget.cost is not None and self.spent_cost >= self.budget.cost

    @property
    def exhausted(self) -> bool:
        """Whether no new architecture can be queried."""
        return self.remaining <= 0 or self._vain >= self._patience

    # -- what is known ---------------------------------------------------------------------

    @property
    def best(self) -> QueryRecord | None:
        """The first record with the highest score, or None while every query failed."""
        return self._best

    def scores(self) -> NDArray[np.float64]:
        """Return the scores so far in query order, NaN where a query failed."""
        return np.array(self._scores, dtype=np.float64)

    def vectors(self) -> Architecture:
        """Return the queried architectures in query order, ``(queries, num_positions)``."""
        shape = (len(self.records), self.space.num_positions)
        return np.array([r.vector for r in self.records], dtype=np.int8).reshape(shape)

    def __iter__(self) -> Iterator[QueryRecord]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)


_Waiting = dict[tuple[int, Hashable], tuple[QueryLedger, Architecture]]
"""By ledger and key, what is asked for and not yet evaluated."""


def query_together(asked: Iterable[tuple[QueryLedger, ArrayLike]]) -> list[Evaluation]:
    """Ask several ledgers as if each were asked with `QueryLedger.query`, one after the other.

    New architectures of ledgers that share an objective are handed to it together, see
    `QueryLedger.query_many`; of different objectives, one objective works after the other.

    Args:
        asked: Which ledger is asked for which architecture.

    Returns:
        The evaluations in order.

    Raises:
        BudgetExhaustedError: If one is new and its ledger's budget is spent; those before it are
            evaluated and recorded.
        InvalidArchitectureError: If one is not an architecture of the space; likewise.
    """
    places: list[tuple[QueryLedger, Hashable] | Evaluation] = []
    waiting: _Waiting = {}
    own: Counter[int] = Counter()  # how many of each ledger wait
    refused: BudgetExhaustedError | InvalidArchitectureError | None = None
    for ledger, architecture in asked:
        try:
            vector = ledger.space.check(architecture)
            key = ledger._key(vector)
            place = id(ledger), key
            if place not in waiting and ledger._known.get(key) is None:
                over = ledger._refuse(vector)
                if over is not None:
                    places.append(over)
                    continue
                if own[id(ledger)] >= ledger._room():
                    now, waiting, own = waiting, {}, Counter()
                    _evaluate_waiting(now)
                ledger._check_budget()
                waiting[place] = ledger, vector
                own[id(ledger)] += 1
        except (BudgetExhaustedError, InvalidArchitectureError) as error:
            refused = error
            break
        places.append((ledger, key))
    _evaluate_waiting(waiting)
    if refused is not None:
        raise refused
    return [
        place if isinstance(place, Evaluation) else place[0]._known[place[1]].evaluation
        for place in places
    ]


def _evaluate_waiting(waiting: _Waiting) -> None:
    """Evaluate and record what waits, objective by objective, each in order."""
    shared: dict[int, list[tuple[Hashable, QueryLedger, Architecture]]] = {}
    for (_, key), (ledger, vector) in waiting.items():
        shared.setdefault(id(ledger._objective), []).append((key, ledger, vector))
    for group in shared.values():
        vectors = [vector for _, _, vector in group]
        with closing(evaluate_many(group[0][1]._objective, vectors)) as evaluations:
            for (key, ledger, vector), evaluation in zip(group, evaluations, strict=True):
                ledger._record(key, vector, evaluation)
