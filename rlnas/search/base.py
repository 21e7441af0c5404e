"""The interface of everything that searches: spend queries on a task, return a result."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping

import numpy as np

from rlnas.errors import BudgetExhaustedError
from rlnas.search.result import SearchResult
from rlnas.seeding import generator
from rlnas.tasks import Budget, QueryLedger, QueryRecord, Task


class Searcher(abc.ABC):
    """Spends queries on a task.

    A subclass implements `_search`, which sees the ledger and nothing else of the task. It returns
    when it is done; running into the end of the budget is a normal end.

    Attributes:
        name: Registered name, e.g. ``regularised-evolution``.
    """

    name: str

    def search(
        self,
        task: Task,
        budget: Budget | int,
        seed: int = 0,
        *,
        canonical_free: bool = False,
        on_query: Callable[[QueryRecord], None] | None = None,
    ) -> SearchResult:
        """Search a task within a budget.

        Args:
            task: The target; only what is queried of it is seen.
            budget: Number of queries, or a `Budget`.
            seed: Seed of all randomness; the same seed gives the same result.
            canonical_free: Whether architectures equivalent to a queried one are free.
            on_query: Called after each query with its record.

        Returns:
            Every query with its score and cost, and the best of them.
        """
        ledger = task.ledger(budget, canonical_free=canonical_free, on_query=on_query)
        with task.sealed():
            try:
                self._search(ledger, generator(seed, "search", self.name))
            except BudgetExhaustedError:
                if not ledger.exhausted:
                    raise
        return SearchResult(
            task=task.name,
            space=task.space.name,
            searcher=self.name,
            seed=seed,
            budget=ledger.budget,
            metric=task.metric,
            records=tuple(ledger.records),
            options={**self.options(), "canonical_free": canonical_free},
        )

    @abc.abstractmethod
    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        """Query the ledger until the budget is spent or there is nothing left to ask."""

    def options(self) -> Mapping[str, object]:
        """Return the settings that a result states, JSON-able."""
        return {}
