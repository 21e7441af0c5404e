"""The query ledger: the only door through which a search sees its target task.

A *query* is the first evaluation of a distinct architecture; asking again is free. The ledger
counts queries and cost, records failures, and never gives away anything that was not queried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.objective import Evaluation, Objective


@dataclass(frozen=True)
class Budget:
    """What a search may spend.

    Attributes:
        queries: Most distinct architectures to evaluate, or None for no limit.
        cost: Seconds of training after which no new query starts, or None for no limit.

    Raises:
        InvalidArgumentError: If both are None or one is not positive.
    """

    queries: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        if self.queries is None and self.cost is None:
            raise InvalidArgumentError("A budget needs a limit: give queries, cost, or both.")
        if self.queries is not None and (self.queries < 1 or self.queries != int(self.queries)):
            raise InvalidArgumentError(f"Budget of {self.queries} queries; expected 1 or more.")
        if self.cost is not None and not self.cost > 0:
            raise InvalidArgumentError(f"Budget of {self.cost} s; expected more than 0.")

    @classmethod
    def of(cls, budget: Budget | int) -> Budget:
        """Return a budget; a bare integer counts queries."""
        return budget if isinstance(budget, Budget) else cls(queries=budget)


@dataclass(frozen=True)
class QueryRecord:
    """One query of a search.

    Attributes:
        query: Number of the query, from 1.
        architecture: Official string.
        vector: The architecture as int8 ``(num_positions,)``.
        evaluation: Score, cost, error and further metrics.
        seconds: Wall-clock seconds since the search began.
    """

    query: int
    architecture: str
    vector: Architecture = field(repr=False, compare=False)
    evaluation: Evaluation
    seconds: float

    @property
    def score(self) -> float:
        """Score of the query, NaN when it failed."""
        return self.evaluation.score


class QueryLedger:
    """Counts and records the queries of one search on one task.

    Args:
        space: The task's search space.
        objective: What scores architectures; only the ledger calls it.
        budget: What may be spent.
        canonical_free: Whether an architecture equivalent to a queried one costs nothing and gets
            its score. Results state this option.
        on_query: Called with each new record, e.g. to draw a curve.
    """

    def __init__(
        self,
        space: SearchSpace,
        objective: Objective,
        budget: Budget | int,
        *,
        canonical_free: bool = False,
        on_query: Callable[[QueryRecord], None] | None = None,
    ) -> None:
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
        self._start = time.perf_counter()

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
        if self.exhausted:
            raise BudgetExhaustedError(
                f"The budget is spent ({self.queries} queries, {self.spent_cost:g} s); "
                "only architectures that were queried before can be asked for."
            )
        record = QueryRecord(
            query=len(self.records) + 1,
            architecture=self.space.format(vector),
            vector=vector,
            evaluation=self._evaluate(vector),
            seconds=time.perf_counter() - self._start,
        )
        self.records.append(record)
        self._scores.append(record.score)
        self._known[key] = record
        self.spent_cost += record.evaluation.cost
        if not record.evaluation.failed and (self._best is None or record.score > self._best.score):
            self._best = record
        if self._on_query is not None:
            self._on_query(record)
        return record.evaluation

    def _evaluate(self, vector: Architecture) -> Evaluation:
        start = time.perf_counter()
        try:
            evaluation = self._objective.evaluate(vector.copy())
        except Exception as error:  # any failure of a user's objective is data, not a crash
            cost = time.perf_counter() - start
            return Evaluation(float("nan"), cost, f"{type(error).__name__}: {error}")
        error_text, cost = evaluation.error, evaluation.cost
        if error_text is None and not np.isfinite(evaluation.score):
            error_text = f"score is {evaluation.score}"
        if not (np.isfinite(cost) and cost >= 0):
            # It would make a budget in cost endless, so the wall clock takes its place.
            error_text = error_text or f"cost is {cost}; expected finite seconds of 0 or more"
            cost = time.perf_counter() - start
        if error_text is None:
            return evaluation
        return Evaluation(float("nan"), cost, error_text, evaluation.metrics)

    def seen(self, architecture: ArrayLike) -> Evaluation | None:
        """Return what is known of an architecture, without spending anything."""
        record = self._known.get(self._key(self.space.check(architecture)))
        return None if record is None else record.evaluation

    # -- counting --------------------------------------------------------------------------

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
        """Number of architectures that each cost a query."""
        if self.canonical_free and self.space.indexable:
            return len(np.unique(self.space.canonical_index))
        return self.space.size

    @property
    def _cost_spent(self) -> bool:
        return self.budget.cost is not None and self.spent_cost >= self.budget.cost

    @property
    def exhausted(self) -> bool:
        """Whether no new architecture can be queried."""
        return self.remaining <= 0

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
