"""A user's own function as an objective, with failures and time-outs recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from rlnas.errors import InvalidArgumentError
from rlnas.processes import Executor, Failure, Processes, StartMethod
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.metric import Direction, Metric
from rlnas.tasks.objective import Evaluation
from rlnas.tasks.outcome import checked, number, shown
from rlnas.tasks.proxies import ProxyColumns, ProxySource
from rlnas.tasks.task import Task

Outcome = float | Mapping[str, float] | Evaluation


class FunctionObjective:
    """Scores architectures with a function of the user's.

    With a time-out, or with several workers, every evaluation runs in a process of its own: one
    that is killed, runs out of memory or does not end in time is a failed evaluation, and its
    memory is given back. Otherwise the function runs in this process.

    Args:
        space: The search space.
        function: Gets the official string (or the vector) of an architecture; returns its raw
            value, or a mapping with ``"score"`` and optionally ``"cost"`` and further numbers, or
            an `Evaluation`.
        metric: What the raw value means; a ``min`` metric is negated into a score.
        pass_as: What the function gets: the ``string`` or the int8 ``vector``.
        timeout: Seconds after which one evaluation is killed and recorded as failed.
        start_method: How processes start, see `Isolated`: by default from a process that has loaded
            the function, whatever was done in this one before; ``spawn`` where it holds something
            on a CUDA device, ``fork`` where it cannot be sent to another process.
        workers: Evaluations at once, 1 or more.
        executor: Where they run; None for this machine. With one that runs elsewhere every
            evaluation does.

    Raises:
        InvalidArgumentError: If an argument is outside its range, or the function cannot be sent to
            the processes that it asks for.
    """

    def __init__(
        self,
        space: SearchSpace,
        function: Callable[..., Outcome],
        metric: Metric,
        *,
        pass_as: Literal["string", "vector"] = "string",
        timeout: float | None = None,
        start_method: StartMethod | None = None,
        workers: int = 1,
        executor: Executor | None = None,
    ) -> None:
        if not callable(function):
            raise InvalidArgumentError(f"evaluate must be a function, got {function!r}.")
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
        if workers != int(workers) or workers < 1:
            raise InvalidArgumentError(f"workers is {workers}; expected an integer of 1 or more.")
        self.space = space
        self.metric = metric
        self._call = _Call(function, metric.sign)
        self._pass_as = pass_as
        self._timeout = timeout
        self._workers = int(workers)
        self._executor = executor or Processes()
        self._calls = self._executor.calls(self._call, start_method=start_method)
        if self._apart:
            self._calls.check()

    @property
    def in_flight(self) -> int:
        """Number of workers."""
        return self._workers

    @property
    def _apart(self) -> bool:
        """Whether every evaluation has a process of its own."""
        return self._timeout is not None or self._workers > 1 or not self._executor.here

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Call the function; what it raises in this process is for the ledger to record."""
        if not self._apart:
            return self._call(self._argument(architecture))
        (evaluation,) = self.evaluate_many([architecture])
        return evaluation

    def evaluate_many(self, architectures: Sequence[Architecture]) -> Iterator[Evaluation]:
        """Call the function for each, in processes of their own, and yield in order."""
        outcomes = self._calls.calls(
            [self._argument(architecture) for architecture in architectures],
            workers=self._workers,
            timeout=self._timeout,
        )
        early: dict[int, Evaluation] = {}
        following = 0
        with closing(outcomes):
            for number, outcome in outcomes:
                early[number] = _evaluation(outcome)
                while following in early:
                    yield early.pop(following)
                    following += 1

    def _argument(self, architecture: Architecture) -> Architecture | str:
        return architecture if self._pass_as == "vector" else self.space.format(architecture)


def _evaluation(outcome: Evaluation | Failure) -> Evaluation:
    if isinstance(outcome, Failure):
        return Evaluation(float("nan"), outcome.seconds, outcome.message)
    return outcome


@dataclass(frozen=True)
class _Call:
    """The function with its values made evaluations, in whatever process it runs."""

    function: Callable[..., Outcome]
    sign: int

    def __call__(self, argument: Architecture | str) -> Evaluation:
        start = time.perf_counter()
        outcome = self.function(argument)
        seconds = time.perf_counter() - start
        evaluation: object = outcome
        if isinstance(outcome, Mapping):
            if "score" not in outcome:
                raise InvalidArgumentError(
                    f"evaluate returned a mapping without 'score': {shown(list(outcome))}."
                )
            rest = {k: v for k, v in outcome.items() if k not in ("score", "cost")}
            raw = number(outcome["score"], "score")
            evaluation = Evaluation(self.sign * raw, outcome.get("cost", seconds), None, rest)
        elif not isinstance(outcome, Evaluation):
            evaluation = Evaluation(self.sign * number(outcome, "score"), seconds)
        return checked(evaluation, lambda: seconds)  # here, so that only numbers must be sent


def make_task(
    space: SearchSpace,
    evaluate: Callable[..., Outcome],
    *,
    name: str = "custom",
    metric: str = "score",
    unit: str = "1",
    direction: Direction = "max",
    pass_as: Literal["string", "vector"] = "string",
    timeout: float | None = None,
    start_method: StartMethod | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    canonical_free: bool = False,
    proxies: ProxySource | Mapping[str, ArrayLike] | None = None,
) -> Task:
    """Make a task of a user's own function.

    Args:
        space: The search space, e.g. ``rlnas.get_space("transnas-micro")`` or a `CellSpace`.
        evaluate: Scores one architecture; see `FunctionObjective` for what it gets and returns.
        name: Name of the task.
        metric: Name of what the function returns.
        unit: Its unit.
        direction: Whether larger or smaller values are better.
        pass_as: Whether the function gets the official ``string`` or the int8 ``vector``.
        timeout: Seconds after which an evaluation is killed and recorded as failed.
        start_method: How the processes of timed or parallel evaluations start.
        workers: Evaluations at once; searchers that can then ask for several together. Which
            architectures they ask for may depend on the number, but not on who is done first.
        executor: Where evaluations run, e.g. `rlnas.processes.make_executor` of ``ray``; None for
            this machine.
        canonical_free: Whether architectures that compute the same function (isomorphic cells, or
            cells that differ in dead edges) share one evaluation.
        proxies: What is known of the architectures before they are evaluated, for searchers such as
            ``proxybo``: by name ``(space.size,)`` values, larger promising more; or a
            `rlnas.tasks.proxies.ProxySource`.

    Returns:
        A task that every searcher accepts.

    Example:
        >>> import rlnas
        >>> space = rlnas.get_space("transnas-micro")
        >>> task = rlnas.make_task(space, lambda s: float(s.count("3")), name="many-conv3x3")
        >>> result = rlnas.get_searcher("local").search(task, budget=100, seed=0)
        >>> result.best.architecture, result.best.score
        ('64-41414-3_33_333', 6.0)
    """
    meaning = Metric(name=metric, unit=unit, direction=direction, epoch_policy="unknown")
    objective = FunctionObjective(
        space,
        evaluate,
        meaning,
        pass_as=pass_as,
        timeout=timeout,
        start_method=start_method,
        workers=workers,
        executor=executor,
    )
    task = Task(name, space, objective, canonical_free=canonical_free)
    task.proxies = ProxyColumns(space, proxies) if isinstance(proxies, Mapping) else proxies
    return task
