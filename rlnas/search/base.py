"""The interface of everything that searches: spend queries on a task, return a result."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Literal

import numpy as np

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError, LeakageError
from rlnas.plain import whole
from rlnas.search.result import SearchResult
from rlnas.seeding import generator
from rlnas.tasks import Budget, QueryLedger, QueryRecord, TabularTask, Task

Takes = Literal["none", "one", "several"]
"""How many sources a method starts from: ``one`` at a time, or ``several`` at once."""

Trained = Literal["each", "joint", "shared", "nothing"]
"""What is trained on several sources: a controller on each, one on all together, one encoder with a
head for each, or nothing, where their results are enough."""

_BOUND: ContextVar[bool] = ContextVar("bound", default=False)


@contextmanager
def declared_bound() -> Iterator[None]:
    """Let searches start from the target's own results, for who reports them as a bound."""
    token = _BOUND.set(True)
    try:
        yield
    finally:
        _BOUND.reset(token)


class Searcher(abc.ABC):
    """Spends queries on a task.

    A subclass implements `_search`, which sees the ledger and nothing else of the task. It returns
    when it is done; running into the end of the budget is a normal end.

    A transfer method is a searcher that ``takes`` sources. It says so in its class, and has a class
    method ``from_sources(pool, settings, **options)`` that makes it from a
    `rlnas.transfer.SourcePool` and the `rlnas.transfer.MethodSettings` of a run.

    Attributes:
        name: Registered name, e.g. ``regularised-evolution``.
        side_by_side: Whether `search_many` runs its searches together, see `SideBySideSearcher`.
        takes: How many sources it can start from; empty for a searcher that has none.
        trained: What it needs of several sources.
        oracle: Whether a matrix also measures it with the target among its sources, as a bound.
        compares_results: Whether it compares what was measured on its sources with the target, so
            that all must be on one search space; see `known_tasks`.
        control: Whether nothing of it is learnt, so that it is there to be beaten: a list, or a
            method from which what the sources taught was taken away.
        by_name: Whether a matrix of all methods leaves it out, and measures it where it is named:
            model-based searchers, which are no transfer methods.
        trains: Whether it trains a super-network, so that a task needs `Task.examples`: it cannot
            search a table alone.
        version: One more whenever it comes to find something else with the same options and seeds,
            so that a matrix begun by the version before is not gone on with unnoticed.
    """

    name: str
    side_by_side: bool = False
    takes: tuple[Takes, ...] = ()
    trained: Trained = "each"
    oracle: bool = False
    compares_results: bool = False
    control: bool = False
    by_name: bool = False
    trains: bool = False
    version: int = 1

    def search(
        self,
        task: Task,
        budget: Budget | int,
        seed: int = 0,
        *,
        canonical_free: bool | None = None,
        on_query: Callable[[QueryRecord], None] | None = None,
    ) -> SearchResult:
        """Search a task within a budget.

        Args:
            task: The target; only what is queried of it is seen.
            budget: Number of queries, or a `Budget`.
            seed: Seed of all randomness; the same seed gives the same result.
            canonical_free: Whether architectures equivalent to a queried one are free; by default
                what the task says.
            on_query: Called after each query with its record.

        Returns:
            Every query with its score and cost, and the best of them.

        Raises:
            LeakageError: If the target is among the tasks that the searcher has read whole.
        """
        seed = whole(seed, "seed")
        self._refuse_target(task)
        ledger = task.ledger(budget, canonical_free=canonical_free, on_query=on_query)
        with task.sealed():
            self._search_once(ledger, self._generator(seed))
        return self._result(task, seed, ledger)

    def search_many(
        self,
        tasks: Sequence[Task],
        budget: Budget | int,
        seeds: Sequence[int],
        *,
        canonical_free: bool | None = None,
    ) -> list[SearchResult]:
        """Search several tasks, each with its own ledger, side by side where that is faster.

        The searches share nothing but the searcher. Each makes the queries that `search` would
        with its task and seed, unless the searcher says otherwise.

        Args:
            tasks: The target of each search; one may come several times. All on one space.
            budget: Number of queries of each search, or a `Budget`.
            seeds: The seed of each.
            canonical_free: Whether architectures equivalent to a queried one are free; by default
                what the task says.

        Returns:
            The results in order.

        Raises:
            InvalidArgumentError: If there are not as many seeds as tasks, or several spaces.
            LeakageError: As in `search`.
        """
        if len(tasks) != len(seeds) or len({task.space.name for task in tasks}) > 1:
            raise InvalidArgumentError(
                f"{len(tasks)} tasks and {len(seeds)} seeds; expected as many of both, and tasks "
                "on one search space."
            )
        seeds = [whole(seed, "seed") for seed in seeds]
        ledgers = [task.ledger(budget, canonical_free=canonical_free) for task in tasks]
        for task in {id(task): task for task in tasks}.values():
            self._refuse_target(task)
        with ExitStack() as stack:
            for task in tasks:
                stack.enter_context(task.sealed())
            self._search_each(ledgers, [self._generator(seed) for seed in seeds])
        searched = zip(tasks, seeds, ledgers, strict=True)
        return [self._result(task, seed, ledger) for task, seed, ledger in searched]

    def known_tasks(self) -> Iterable[Task]:
        """Return the tasks whose whole tables the searcher has read: none may be its target.

        Those of its ``sources`` if it `compares_results`; a method that reads others says so.
        """
        if not self.compares_results:
            return ()
        told = (getattr(source, "task", None) for source in getattr(self, "sources", ()))
        return [task for task in told if task is not None]

    def _refuse_target(self, task: Task) -> None:
        if _BOUND.get() or not isinstance(task, TabularTask):
            return
        for known in self.known_tasks():
            if task.same_table(known):
                raise LeakageError(
                    f"{self.name} has read all results of {known.name!r}, which are those of the "
                    f"target {task.name!r}. Leave that source out: of a target a search sees only "
                    "what it queried."
                )

    def _search_once(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        try:
            self._search(ledger, rng)
        except BudgetExhaustedError:
            if not ledger.exhausted:
                raise

    def _search_each(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        for ledger, rng in zip(ledgers, rngs, strict=True):
            self._search_once(ledger, rng)

    def _generator(self, seed: int) -> np.random.Generator:
        return generator(seed, "search", self.name)

    def _result(self, task: Task, seed: int, ledger: QueryLedger) -> SearchResult:
        return SearchResult(
            task=task.name,
            space=task.space.name,
            searcher=self.name,
            seed=seed,
            budget=ledger.budget,
            metric=task.metric,
            records=tuple(ledger.records),
            options={
                **self.options(),
                "canonical_free": ledger.canonical_free,
                # It may change which architectures are asked for, so a result states it.
                **({"in_flight": ledger.in_flight} if ledger.in_flight > 1 else {}),
                **_limits(ledger),
                **ledger.said,
            },
        )

    @abc.abstractmethod
    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        """Query the ledger until the budget is spent or there is nothing left to ask."""

    def options(self) -> Mapping[str, object]:
        """Return the settings that a result states, JSON-able."""
        return {}


def _limits(ledger: QueryLedger) -> dict[str, object]:
    """Return what a result says of limits, and how many architectures were over them."""
    if ledger.limits is None:
        return {}
    return {"limits": ledger.limits.describe(), "refused": len(ledger.refused)}


class SideBySideSearcher(Searcher):
    """A searcher whose searches run in one batch; a single one is a batch of one.

    A subclass implements `_search_many`. One further down that says again how to search once is no
    longer side by side: what it inherits would pass its own way of searching by.
    """

    side_by_side = True

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Notice where a subclass searches in its own way."""
        super().__init_subclass__(**kwargs)
        if "_search" in vars(cls) and "_search_many" not in vars(cls):
            cls.side_by_side = False

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        self._search_many([ledger], [rng])

    @abc.abstractmethod
    def _search_many(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        """Query each ledger, all on one space, until its budget is spent."""

    def _search_each(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        if self.side_by_side and ledgers:
            self._search_many(ledgers, rngs)
        else:
            super()._search_each(ledgers, rngs)
