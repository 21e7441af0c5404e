"""The contract of a searcher."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import numpy as np

from rlnas.search import Searcher, SearchResult
from rlnas.spaces import Architecture, CellSpace
from rlnas.tasks import Budget, Evaluation, Metric, Objective, Task
from rlnas.testing.conformance import ConformanceError, require

SearcherFactory = Callable[[], Searcher]


def check_searcher(
    factory: SearcherFactory, task: Task, *, budget: int = 20, seed: int = 0
) -> None:
    """Check that a searcher keeps its contract on a task, and on failing ones of the same space.

    Args:
        factory: Makes a new searcher.
        task: A cheap, deterministic task that the searcher can work on.
        budget: Queries for each of the searches that are run, about eight.
        seed: Seed of the searches.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    searcher = factory()
    name = searcher.name
    state = _global_state()
    first = searcher.search(task, budget, seed)
    require(_global_state() == state, f"{name} used a global random generator.")
    _check_result(first, name, task, budget, seed)
    for other, what in ((searcher, "used a second time"), (factory(), "made anew")):
        require(
            queries_of(other.search(task, budget, seed)) == queries_of(first),
            f"{name}, {what}, made other queries with the same seed.",
        )
    single = factory().search(task, 1, seed)
    require(
        len(single.records) == 1, f"{name} made {len(single.records)} queries of a budget of 1."
    )
    _check_failures(factory, task, budget, seed)
    _check_cost(factory, task, seed)
    merged = factory().search(task, budget, seed, canonical_free=True)
    keys = [task.space.canonical_key(r.vector) for r in merged.records]
    require(
        len(set(keys)) == len(keys),
        f"{name} paid for equivalent architectures with canonical_free.",
    )


def check_exhaustion(factory: SearcherFactory, *, seed: int = 0) -> None:
    """Check that a searcher for any space queries all of a tiny one, then ends.

    Args:
        factory: Makes a new searcher.
        seed: Seed of the search.

    Raises:
        ConformanceError: If something is left unqueried although the budget allowed it.
    """
    space = CellSpace(
        "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
    )
    task = Task("tiny", space, _Recorded(lambda vector: Evaluation(float(vector.sum()))))
    classes = len(np.unique(space.canonical_index))
    for canonical_free, expected in ((False, space.size), (True, classes)):
        result = factory().search(task, 10 * space.size, seed, canonical_free=canonical_free)
        require(
            len(result.records) == expected,
            f"{result.searcher} queried {len(result.records)} of {expected} architectures with a "
            f"budget of {10 * space.size} and canonical_free={canonical_free}.",
        )


def queries_of(result: SearchResult) -> list[tuple[str, str, str | None]]:
    """Return what a search asked and got, comparable: NaN equals NaN, times are left out."""
    return [(r.architecture, repr(float(r.score)), r.evaluation.error) for r in result.records]


def _check_result(result: SearchResult, name: str, task: Task, budget: int, seed: int) -> None:
    said = (result.searcher, result.task, result.space, result.seed, result.budget.queries)
    truth = (name, task.name, task.space.name, seed, budget)
    require(said == truth, f"{name}: the result says {said}; expected {truth}.")
    count = len(result.records)
    require(1 <= count <= budget, f"{name} made {count} queries with a budget of {budget}.")
    require(
        len({r.architecture for r in result.records}) == count,
        f"{name} paid twice for one architecture.",
    )
    require(
        [r.query for r in result.records] == list(range(1, count + 1)),
        f"{name}: the queries are not numbered 1…{count}.",
    )
    try:
        json.dumps(dict(result.options))
    except (TypeError, ValueError) as error:
        require(False, f"{name}: options() cannot be written as JSON: {error}.")


def _check_failures(factory: SearcherFactory, task: Task, budget: int, seed: int) -> None:
    def fails(vector: Architecture) -> Evaluation:
        raise RuntimeError("this objective always fails")

    def flaky(vector: Architecture) -> Evaluation:
        odd = sum(vector.tolist()) % 2
        return Evaluation(math.nan if odd else float(vector[0]))

    for objective in (fails, flaky):
        twin = Task(task.name, task.space, _Recorded(objective))
        searcher = factory()
        try:
            result = searcher.search(twin, budget, seed)
        except Exception as error:
            raise ConformanceError(
                f"{searcher.name} ended with {type(error).__name__}: {error} where evaluations "
                "fail; a failed evaluation must not end a search."
            ) from error
        require(
            1 <= len(result.records) <= budget,
            f"{result.searcher} made {len(result.records)} queries where evaluations fail.",
        )


def _check_cost(factory: SearcherFactory, task: Task, seed: int) -> None:
    twin = Task(task.name, task.space, _Recorded(lambda v: Evaluation(float(v[0]), cost=2.0)))
    result = factory().search(twin, Budget(cost=5.0), seed)
    require(
        len(result.records) <= 3,
        f"{result.searcher} made {len(result.records)} queries of 2 s with a budget of 5 s; the "
        "third reaches it.",
    )


class _Recorded(Objective):
    """An objective of a function of the vector."""

    def __init__(self, function: Callable[[Architecture], Evaluation]) -> None:
        self.metric = Metric(name="check")
        self._function = function

    def evaluate(self, architecture: Architecture) -> Evaluation:
        return self._function(architecture)


def _global_state() -> tuple[object, ...]:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  (to see that nobody uses it)
    return (random.getstate(), kind, np.asarray(keys).tobytes(), *rest)
