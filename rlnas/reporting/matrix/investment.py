"""What pretraining costs: the tables of its sources, and the training of its controllers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import ALL_TASKS, NO_SOURCE, OTHERS

PerTask = float | Mapping[str, float]
"""One number for every task, or one by task."""


@dataclass(frozen=True, kw_only=True)
class Investment:
    """What a search costs, and what had to be spent before the first one.

    Attributes:
        cost_per_query_seconds: Seconds of training that one query takes on a target. None to take
            it from the searches' own ``cost`` where their table has times; then a method that
            asks for larger networks pays for them.
        source_queries: Architectures of a source that its controller met in training, each of which
            somebody had to evaluate once. 0 where the source's table was there anyway.
        source_cost_per_query_seconds: Seconds that one of those took. None for what a query costs
            when that task is the target.
        pretraining_seconds: Seconds that training the controller on a source took, on top of the
            evaluations.
        gpus: GPUs that an evaluation, or the training of a controller, occupies.

    Raises:
        InvalidArgumentError: If a number is negative, or ``gpus`` is not positive.
    """

    cost_per_query_seconds: PerTask | None = None
    source_queries: PerTask = 0.0
    source_cost_per_query_seconds: PerTask | None = None
    pretraining_seconds: PerTask = 0.0
    gpus: float = 1.0

    def __post_init__(self) -> None:
        for name in (
            "cost_per_query_seconds",
            "source_queries",
            "source_cost_per_query_seconds",
            "pretraining_seconds",
        ):
            given = getattr(self, name)
            numbers = given.values() if isinstance(given, Mapping) else [given]
            if bad := [n for n in numbers if n is not None and not n >= 0]:
                raise InvalidArgumentError(f"{name} is {bad[0]}; expected 0 or more.")
        if not self.gpus > 0:
            raise InvalidArgumentError(f"gpus is {self.gpus}; expected more than 0.")

    def gpu_hours(self, seconds: float) -> float:
        """Return the GPU hours of so many seconds."""
        return seconds * self.gpus / 3600

    def queries(self, source: str, target: str, tasks: Sequence[str]) -> float:
        """Return the architectures that were evaluated to pretrain on a source.

        Args:
            source: A task; ``others`` and ``all`` for the pools of that name.
            target: What the search is on, which is no part of ``others``.
            tasks: The tasks that pools are made of.

        Raises:
            InvalidArgumentError: If there is no number for a task.
        """
        return sum(
            _of(self.source_queries, task, "source_queries")
            for task in sources_of(source, target, tasks)
        )

    def seconds(
        self, source: str, target: str, tasks: Sequence[str], known: Mapping[str, float]
    ) -> float:
        """Return the seconds that pretraining on a source took, evaluations included.

        Args:
            source: As in `queries`.
            target: As in `queries`.
            tasks: As in `queries`.
            known: Seconds of a query on each task where neither cost is given.

        Returns:
            Seconds; NaN where there were evaluations of unknown cost.

        Raises:
            InvalidArgumentError: If there is no number for a task.
        """
        total = 0.0
        for task in sources_of(source, target, tasks):
            total += _of(self.pretraining_seconds, task, "pretraining_seconds")
            if queries := _of(self.source_queries, task, "source_queries"):
                total += queries * self._source_cost(task, known)
        return total

    def _source_cost(self, task: str, known: Mapping[str, float]) -> float:
        if self.source_cost_per_query_seconds is not None:
            return _of(self.source_cost_per_query_seconds, task, "source_cost_per_query_seconds")
        if self.cost_per_query_seconds is not None:
            return _of(self.cost_per_query_seconds, task, "cost_per_query_seconds")
        return known.get(task, float("nan"))


def sources_of(source: str, target: str, tasks: Sequence[str]) -> tuple[str, ...]:
    """Return the tasks that a source stands for."""
    if source == NO_SOURCE:
        return ()
    if source == OTHERS:
        return tuple(task for task in tasks if task != target)
    return tuple(tasks) if source == ALL_TASKS else (source,)


def cost_on(investment: Investment, target: str) -> float | None:
    """Return the seconds of a query on a target, None where its searches have to tell.

    Raises:
        InvalidArgumentError: If costs are given, but none for this target.
    """
    if investment.cost_per_query_seconds is None:
        return None
    return _of(investment.cost_per_query_seconds, target, "cost_per_query_seconds")


def _of(given: PerTask, task: str, name: str) -> float:
    if not isinstance(given, Mapping):
        return float(given)
    if task not in given:
        raise InvalidArgumentError(
            f"{name} has no number for {task!r}; expected one for each task: "
            f"{', '.join(given) or 'none'} given."
        )
    return float(given[task])
