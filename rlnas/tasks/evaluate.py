"""Asking an objective, one architecture or several, with every failure turned into a record."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import cast

import numpy as np

from rlnas.spaces import Architecture
from rlnas.tasks.objective import BatchObjective, Evaluation, Objective


def in_flight(objective: Objective) -> int:
    """Return how many architectures an objective works on at once; 1 for a plain one."""
    if not hasattr(objective, "evaluate_many"):
        return 1
    return int(cast(BatchObjective, objective).in_flight)


def evaluate(objective: Objective, architecture: Architecture) -> Evaluation:
    """Return the evaluation of an architecture ``(num_positions,)``.

    An exception, a score that is NaN or infinite and a cost that is not finite or is negative come
    back as a failed evaluation with a NaN score and a finite cost.
    """
    start = time.perf_counter()
    try:
        evaluation = objective.evaluate(architecture.copy())
    except Exception as error:  # any failure of a user's objective is data, not a crash
        return _failed(error, time.perf_counter() - start)
    return _checked(evaluation, lambda: time.perf_counter() - start)


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

    results: Iterator[Evaluation] = iter(())
    error: Exception = RuntimeError(f"evaluate_many gave fewer evaluations than the {count} asked")
    try:
        copies = [architecture.copy() for architecture in architectures]
        results = iter(cast(BatchObjective, objective).evaluate_many(copies))
        for evaluation in islice(results, count):
            checked = _checked(evaluation, share)
            given += 1
            yield checked
    except Exception as raised:
        error = raised
    finally:
        close: Callable[[], None] = getattr(results, "close", lambda: None)
        close()
    for _ in range(count - given):
        yield _failed(error, share())


def _failed(error: Exception, cost: float) -> Evaluation:
    return Evaluation(float("nan"), cost, f"{type(error).__name__}: {error}")


def _checked(evaluation: Evaluation, wall_clock: Callable[[], float]) -> Evaluation:
    """Return the evaluation, marked as failed where a number of it is of no use."""
    error, cost = evaluation.error, evaluation.cost
    if error is None and not np.isfinite(evaluation.score):
        error = f"score is {evaluation.score}"
    if not (np.isfinite(cost) and cost >= 0):
        # It would make a budget in cost endless, so the wall clock takes its place.
        error = error or f"cost is {cost}; expected finite seconds of 0 or more"
        cost = wall_clock()
    if error is None:
        return evaluation
    return Evaluation(float("nan"), cost, error, evaluation.metrics)
