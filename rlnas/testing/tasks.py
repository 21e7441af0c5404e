"""The contract of a task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError, LeakageError
from rlnas.tasks import Metric, QueryLedger, QueryRecord, TabularTask, Task
from rlnas.testing.conformance import must_raise, require


def check_task(task: Task, *, samples: int = 8, seed: int = 0, tolerance: float = 0.0) -> None:
    """Check that a task keeps its contract.

    It evaluates up to ``samples`` architectures, one by one and then together: mind the cost where
    an evaluation is a training.

    Args:
        task: The task.
        samples: Architectures to evaluate, 1 or more.
        seed: Seed of their choice.
        tolerance: How far the score of an architecture evaluated together with others may be from
            its score alone; above 0 only where that is rounding, e.g. on a GPU.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    require(isinstance(task.name, str) and task.name, "A task needs a name.")
    require(isinstance(task.metric, Metric), f"{task.name}: metric is {task.metric!r}, no Metric.")
    _check_together(task, _check_queries(task, samples, seed), tolerance)
    if isinstance(task, TabularTask):
        _check_seal(task)


def _check_queries(task: Task, samples: int, seed: int) -> QueryLedger:
    drawn = np.unique(task.space.sample(samples, np.random.default_rng(seed)), axis=0)
    ledger = task.ledger(len(drawn))
    for count, vector in enumerate(drawn, start=1):
        evaluation = ledger.query(vector)
        if evaluation.failed:
            require(
                np.isnan(evaluation.score),
                f"{task.name}: the failed {task.space.format(vector)} has a score.",
            )
        else:
            require(
                np.isfinite(evaluation.score),
                f"{task.name}: {task.space.format(vector)} scored {evaluation.score}.",
            )
        require(
            np.isfinite(evaluation.cost) and evaluation.cost >= 0,
            f"{task.name}: {task.space.format(vector)} cost {evaluation.cost} s.",
        )
        require(
            ledger.query(vector) is evaluation and ledger.queries == count,
            f"{task.name}: asking again for {task.space.format(vector)} was not free.",
        )
    unknown = np.full(task.space.num_positions, task.space.num_operations)
    with must_raise(InvalidArchitectureError, f"{task.name}: querying {unknown.tolist()}"):
        ledger.query(unknown)
    known = {task.space.key(vector) for vector in drawn}
    others = task.space.sample(256, np.random.default_rng(seed + 1))
    fresh = next((v for v in others if task.space.key(v) not in known), None)
    if fresh is not None:
        with must_raise(BudgetExhaustedError, f"{task.name}: a query beyond the budget"):
            ledger.query(fresh)
        with must_raise(BudgetExhaustedError, f"{task.name}: several beyond the budget"):
            ledger.query_many([*drawn, fresh])
    return ledger


def _check_together(task: Task, single: QueryLedger, tolerance: float) -> None:
    """Check that asking for several at once is asking for one after the other."""
    asked = single.vectors()
    seen: list[QueryRecord] = []
    ledger = task.ledger(len(asked), on_query=seen.append)
    evaluations = ledger.query_many([*asked, *asked[::-1]])
    require(
        ledger.records == seen and [r.query for r in seen] == [*range(1, len(asked) + 1)],
        f"{task.name}: on_query did not see every query of query_many once and in order.",
    )
    require(
        [r.architecture for r in seen] == [r.architecture for r in single],
        f"{task.name}: query_many recorded other architectures, or in another order, than query.",
    )
    both = [*seen, *seen[::-1]]
    require(
        len(evaluations) == len(both)
        and all(e is record.evaluation for e, record in zip(evaluations, both, strict=True)),
        f"{task.name}: query_many did not return what it recorded, or repeats were not free.",
    )
    for alone, record in zip(single, seen, strict=True):
        same = np.isclose(alone.score, record.score, rtol=0.0, atol=tolerance, equal_nan=True)
        require(
            same and alone.evaluation.failed == record.evaluation.failed,
            f"{task.name}: {record.architecture} scored {record.score} ({record.evaluation.error}) "
            f"together with others; expected {alone.score} ({alone.evaluation.error}) as alone.",
        )


def _check_seal(task: TabularTask) -> None:
    size = task.space.size
    require(
        task.scores.shape == (size,) and not task.scores.flags.writeable,
        f"{task.name}: scores must be a read-only ({size},) array.",
    )
    name, score = task.best()
    row = int(task.space.index(task.space.parse(name)[None])[0])
    require(
        task.scores[row] == score and task.rank(score) == 1 and task.regret(score) == 0,
        f"{task.name}: best() is {name} with {score}, which is not rank 1 with regret 0.",
    )
    with task.sealed():
        reads: dict[str, Callable[[], object]] = {
            "scores": lambda: task.scores,
            "costs": lambda: task.costs,
            "test_scores": lambda: task.test_scores,
            "best()": task.best,
            "rank()": lambda: task.rank(score),
            "regret()": lambda: task.regret(score),
            "test_score()": lambda: task.test_score(task.space.parse(name)),
        }
        for what, read in reads.items():
            with must_raise(LeakageError, f"{task.name}: reading {what} during a search"):
                read()
