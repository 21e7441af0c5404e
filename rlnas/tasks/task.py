"""Tasks: a search space plus an objective on it."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.spaces import SearchSpace
from rlnas.tasks.ledger import QueryLedger
from rlnas.tasks.limits import Limits
from rlnas.tasks.metric import Metric
from rlnas.tasks.objective import Objective, TableObjective
from rlnas.tasks.proxies import ProxySource
from rlnas.tasks.records import Budget, QueryRecord

_SEALED_TABLES: Counter[bytes] = Counter()
"""Digests of the tables of all sealed tasks: a table loaded again is sealed too."""


class Task:
    """A search space and an objective on it.

    Args:
        name: ``suite/task``, or any name for a user's own task.
        space: The search space.
        objective: What scores architectures.
        canonical_free: Whether equivalent architectures have one score between them, so that by
            default a search pays for one of each class; see `QueryLedger`.

    Attributes:
        proxies: What is known of its architectures before any is trained, or None; a search may
            read it.
        limits: What they may cost at most, or None; see `QueryLedger`.
        examples: What a search may train shared weights on, or None; no example that scores an
            architecture is among them. See `rlnas.training.objective.examples.SearchExamples`.
    """

    def __init__(
        self,
        name: str,
        space: SearchSpace,
        objective: Objective,
        *,
        canonical_free: bool = False,
    ) -> None:
        self.name = name
        self.space = space
        self.canonical_free = canonical_free
        self._objective = objective
        self.proxies: ProxySource | None = None
        self.limits: Limits | None = None
        self.examples: object | None = None
        self._sealed = 0

    @property
    def metric(self) -> Metric:
        """What the scores mean."""
        return self._objective.metric

    def ledger(
        self,
        budget: Budget | int,
        *,
        canonical_free: bool | None = None,
        on_query: Callable[[QueryRecord], None] | None = None,
    ) -> QueryLedger:
        """Open a ledger: the way a search asks for scores. See `QueryLedger`.

        ``canonical_free`` is the task's own unless it is given.
        """
        return QueryLedger(
            self.space,
            self._objective,
            budget,
            canonical_free=self.canonical_free if canonical_free is None else canonical_free,
            on_query=on_query,
            proxies=self.proxies,
            limits=self.limits,
            examples=self.examples,
        )

    @contextlib.contextmanager
    def sealed(self) -> Iterator[None]:
        """Keep what was not queried out of reach while a search runs on this task."""
        self._sealed += 1
        try:
            yield
        finally:
            self._sealed -= 1

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class TabularTask(Task):
    """A task whose every score is known: a source to train on, or a target to report on.

    Args:
        name: ``suite/task``.
        space: An indexable search space.
        scores: ``(space.size,)``, larger is better, NaN where nothing was measured.
        metric: What the scores mean.
        costs: ``(space.size,)`` seconds of training, or None.
        test_scores: ``(space.size,)`` test scores, larger is better, for reports only, or None.
        canonical_free: As in `Task`.
    """

    def __init__(
        self,
        name: str,
        space: SearchSpace,
        scores: ArrayLike,
        metric: Metric,
        *,
        costs: ArrayLike | None = None,
        test_scores: ArrayLike | None = None,
        canonical_free: bool = False,
    ) -> None:
        objective = TableObjective(space, scores, metric, costs)
        super().__init__(name, space, objective, canonical_free=canonical_free)
        column = np.array(scores, dtype=np.float64)
        column.setflags(write=False)
        if np.isnan(column).all():
            raise InvalidArgumentError(f"Task {name!r} has no measured score at all.")
        self._scores = column
        self._ranked: NDArray[np.float64] | None = None
        self._costs = self._column("costs", costs)
        self._test = self._column("test_scores", test_scores)

    def _column(self, what: str, values: ArrayLike | None) -> NDArray[np.float64] | None:
        if values is None:
            return None
        column = np.array(values, dtype=np.float64)
        if column.shape != (self.space.size,):
            raise InvalidArgumentError(
                f"{what} has shape {column.shape}; {self.space.name} needs ({self.space.size},)."
            )
        column.setflags(write=False)
        return column

    def _guard(self, what: str) -> None:
        if self._sealed or (_SEALED_TABLES and self._digest in _SEALED_TABLES):
            raise LeakageError(
                f"A search on {self.name!r} asked for {what}. On a target task a search sees only "
                "what it queried: use its ledger. Whole tables are for source tasks and reports."
            )

    @property
    def scores(self) -> NDArray[np.float64]:
        """Every score, ``(space.size,)``, read-only.

        Raises:
            LeakageError: While a search runs on this task.
        """
        self._guard("the whole table")
        return self._scores

    @contextlib.contextmanager
    def sealed(self) -> Iterator[None]:
        """Keep what was not queried out of reach, of this task and of any with the same table."""
        _SEALED_TABLES[self._digest] += 1
        try:
            with super().sealed():
                yield
        finally:
            _SEALED_TABLES[self._digest] -= 1
            if not _SEALED_TABLES[self._digest]:
                del _SEALED_TABLES[self._digest]

    def same_table(self, other: Task) -> bool:
        """Return whether another task has the same scores for the same space.

        Args:
            other: Any task, sealed or not; this says nothing else of it.
        """
        return isinstance(other, TabularTask) and self._digest == other._digest

    @cached_property
    def _digest(self) -> bytes:
        table = hashlib.blake2b(self.space.name.encode() + b"\0", digest_size=16)
        table.update((self._scores + 0.0).tobytes())  # -0 is 0
        return table.digest()

    @property
    def costs(self) -> NDArray[np.float64] | None:
        """Every cost in seconds, ``(space.size,)``, read-only, or None where there is none.

        Raises:
            LeakageError: While a search runs on this task.
        """
        self._guard("the whole table of costs")
        return self._costs

    @property
    def test_scores(self) -> NDArray[np.float64] | None:
        """Every test score, ``(space.size,)``, read-only, or None where there is none.

        Raises:
            LeakageError: While a search runs on this task.
        """
        self._guard("the whole table of test scores")
        return self._test

    def best(self) -> tuple[str, float]:
        """Return the best architecture's official string and its score (for reports)."""
        row = int(np.nanargmax(self.scores))
        return self.space.format(self.space.from_index([row])[0]), float(self.scores[row])

    @property
    def ranked_scores(self) -> NDArray[np.float64]:
        """The scores that ranks count, ``(n,)``, read-only, NaN where nothing was measured.

        A score for each architecture; where equivalent architectures have one between them
        (``canonical_free``), a score for each network: otherwise a network that many strings write
        would be so many of the best.

        Raises:
            LeakageError: While a search runs on this task.
        """
        self._guard("the whole table")
        if not self.canonical_free:
            return self._scores
        if self._ranked is None:
            classes, member = np.unique(self.space.canonical_index, return_inverse=True)
            best = np.full(len(classes), np.nan)
            np.fmax.at(best, member, self._scores)
            best.setflags(write=False)
            self._ranked = best
        return self._ranked

    def rank(self, score: float) -> int:
        """Return 1 + the number of `ranked_scores` that are strictly higher (for reports)."""
        return 1 + int(np.count_nonzero(self.ranked_scores > score))

    def regret(self, score: float) -> float:
        """Return how far a score is below the best one (for reports)."""
        return float(np.nanmax(self.scores) - score)

    def test_score(self, architecture: ArrayLike) -> float:
        """Return the test score of one architecture, NaN where there is none (for reports).

        Raises:
            LeakageError: While a search runs on this task.
        """
        self._guard("a test score")
        if self._test is None:
            return float("nan")
        return float(self._test[self.space.index(self.space.check(architecture)[None])[0]])
