"""A blocking search seen from outside: its questions come out, answers go in.

There is one way to search, `Searcher.search`, and it asks for scores in one place: the objective
behind its ledger. Here it runs in a thread of its own, with an objective that hands every question
to whoever owns the search and waits for the answers. So every searcher can be asked and told, and
with the same seed and the same answers it asks the same questions as ever.
"""

from __future__ import annotations

import contextvars
import threading
import weakref
from collections.abc import Iterable, Sequence
from queue import SimpleQueue

from rlnas.search import Searcher, SearchResult
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Budget, Evaluation, Metric, QueryRecord, Task
from rlnas.tasks.objective import StopSearch
from rlnas.tasks.proxies import ProxySource

_Said = tuple[str, ...] | SearchResult | BaseException
"""What the thread says: its next questions, its end, or what it raised."""


class AskedSearch:
    """One search whose questions are answered by its owner.

    Args:
        searcher: What searches.
        space: Where.
        metric: What the scores mean.
        budget: What it may spend.
        seed: Seed of all its randomness.
        name: Name of its task.
        in_flight: Questions that may be open at once, for searchers that ask for several together.
        canonical_free: Whether architectures equivalent to an answered one are free.
        proxies: What is known of architectures before they are evaluated, or None.

    Attributes:
        records: What was answered, in the order of the questions.
    """

    def __init__(
        self,
        searcher: Searcher,
        space: SearchSpace,
        metric: Metric,
        budget: Budget,
        seed: int,
        *,
        name: str = "study",
        in_flight: int = 1,
        canonical_free: bool = False,
        proxies: ProxySource | None = None,
    ) -> None:
        self.records: list[QueryRecord] = []
        self._answers: SimpleQueue[Sequence[Evaluation] | None] = SimpleQueue()
        self._said: SimpleQueue[_Said] = SimpleQueue()
        self._now: _Said | None = None
        task = Task(
            name,
            space,
            _Asking(space, metric, in_flight, self._said, self._answers),
            canonical_free=canonical_free,
        )
        task.proxies = proxies
        said, records = self._said, self.records

        def search() -> None:  # which must not keep its owner alive
            try:
                said.put(searcher.search(task, budget, seed, on_query=records.append))
            except BaseException as error:
                said.put(error)

        around = contextvars.copy_context()  # such as a declared bound
        threading.Thread(target=around.run, args=(search,), daemon=True).start()
        self.close = weakref.finalize(self, self._answers.put, None)

    def questions(self) -> tuple[str, ...]:
        """Return the official strings that wait for an answer; none when the search has ended.

        Waits for the searcher to say.

        Raises:
            Exception: What the searcher raised.
        """
        if self._now is None:
            self._now = self._said.get()
        if isinstance(self._now, BaseException):
            raise self._now
        return () if isinstance(self._now, SearchResult) else self._now

    def answer(self, evaluations: Iterable[Evaluation]) -> None:
        """Answer all `questions`, in their order; the searcher goes on."""
        answers = list(evaluations)
        if len(answers) != len(self.questions()) or not answers:
            raise ValueError(f"{len(answers)} answers to {len(self.questions())} questions")
        self._now = None
        self._answers.put(answers)


class _Asking:
    """The objective: says what is asked of it, and waits."""

    def __init__(
        self,
        space: SearchSpace,
        metric: Metric,
        in_flight: int,
        said: SimpleQueue[_Said],
        answers: SimpleQueue[Sequence[Evaluation] | None],
    ) -> None:
        self.metric = metric
        self.in_flight = in_flight
        self._space = space
        self._ask = said
        self._answers = answers

    def evaluate(self, architecture: Architecture) -> Evaluation:
        (evaluation,) = self.evaluate_many([architecture])
        return evaluation

    def evaluate_many(self, architectures: Sequence[Architecture]) -> Sequence[Evaluation]:
        self._ask.put(tuple(self._space.format(vector) for vector in architectures))
        answers = self._answers.get()
        if answers is None:
            raise StopSearch
        return answers
