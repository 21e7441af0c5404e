"""Asking an objective, one architecture or several, with every failure turned into a record.

The one door by which what a user's code gives or raises comes in: behind it a score, a cost and
every metric is a float, and every name and error a text.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator, Sequence
from typing import cast

from rlnas.errors import in_words
from rlnas.processes import IsolationError
from rlnas.spaces import Architecture
from rlnas.tasks.objective import BatchObjective, Evaluation, Objective, StopSearch
from rlnas.tasks.outcome import checked


def in_flight(objective: Objective) -> int:
    """Return how many architectures an objective works on at once; 1 for a plain one."""
    if not hasattr(objective, "evaluate_many"):
        return 1
    return int(cast(BatchObjective, objective).in_flight)


def evaluate(objective: Objective, architecture: Architecture) -> Evaluation:
    """Return the evaluation of an architecture ``(num_positions,)``.

    What is raised, `sys.exit` too, and what is no evaluation come back as a failed one with a NaN
    score and a finite cost: see `checked`. Only Ctrl-C, an objective that cannot work at all
    (`IsolationError`) and one that wants the search to end (`StopSearch`) pass.
    """
    start = time.perf_counter()
    try:
        evaluation = objective.evaluate(architecture.copy())
    except _NOT_DATA:
        raise
    except BaseException as error:  # any failure of a user's objective is data, not a crash
        return _failed(error, time.perf_counter() - start)
    return checked(evaluation, lambda: time.perf_counter() - start)


def evaluate_many(
    objective: Objective, architectures: Sequence[Architecture]
) -> Generator[Evaluation, None, None]:
    """Yield the evaluations of architectures in order, as `evaluate` returns them.

    They are handed to the objective together if it works on several at once. Then those that it
    does not give, because it raises or stops before, fail too. What has no cost of its own costs an
    equal share of the wall clock since they were handed over.
    """
    if in_flight(objective) == 1:
        for architecture in architectures:
            yield evaluate(objective, architecture)
        return
    start = time.perf_counter()
    count, given = len(architectures), 0

    def share() -> float:
        return (time.perf_counter() - start) / count

    copies = [architecture.copy() for architecture in architectures]
    results: Iterator[object] = iter(())
    error: BaseException = RuntimeError(
        f"evaluate_many gave fewer evaluations than the {count} asked"
    )
    try:
        while given < count:
            try:
                if given == 0:
                    results = iter(cast(BatchObjective, objective).evaluate_many(copies))
                evaluation = next(results)
            except _NOT_DATA:
                raise
            except StopIteration:
                break
            except BaseException as raised:
                error = raised
                break
            given += 1
            yield checked(evaluation, share)
    finally:
        _close(results)
    for _ in range(count - given):
        yield _failed(error, share())


_NOT_DATA = (KeyboardInterrupt, IsolationError, StopSearch)
"""What ends a search although it comes out of an objective."""


def _close(results: object) -> None:
    close = getattr(results, "close", None)
    if callable(close):
        with contextlib.suppress(Exception):  # it has nothing more to say
            close()


def _failed(error: BaseException, cost: float) -> Evaluation:
    return Evaluation(float("nan"), cost, in_words(error))
