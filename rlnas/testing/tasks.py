"""The contract of a task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError, LeakageError
from rlnas.tasks import Metric, TabularTask, Task
from rlnas.testing.conformance import must_raise, require


def check_task(task: Task, *, samples: int = 8, seed: int = 0) -> None:
    """Check that a task keeps its contract.

    It evaluates up to ``samples`` architectures: mind the cost where an evaluation is a training.

    Args:
        task: The task.
        samples: Architectures to evaluate, 1 or more.
        seed: Seed of their choice.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    require(isinstance(task.name, str) and task.name, "A task needs a name.")
    require(isinstance(task.metric, Metric), f"{task.name}: metric is {task.metric!r}, no Metric.")
    _check_queries(task, samples, seed)
    if isinstance(task, TabularTask):
        _check_seal(task)


def _check_queries(task: Task, samples: int, seed: int) -> None:
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
