"""A user's own function as an objective, with failures and time-outs recorded."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Literal

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.metric import Direction, Metric
from rlnas.tasks.objective import Evaluation
from rlnas.tasks.task import Task

Outcome = float | Mapping[str, float] | Evaluation


class FunctionObjective:
    """Scores architectures with a function of the user's.

    Args:
        space: The search space.
        function: Gets the official string (or the vector) of an architecture; returns its raw
            value, or a mapping with ``"score"`` and optionally ``"cost"`` and further numbers, or
            an `Evaluation`.
        metric: What the raw value means; a ``min`` metric is negated into a score.
        pass_as: What the function gets: the ``string`` or the int8 ``vector``.
        timeout: Seconds after which one evaluation is stopped and recorded as failed. The function
            then runs in a process of its own, which is killed when the time is up.
        start_method: How that process starts; ``spawn`` where the function uses CUDA (it must then
            be importable), the platform's default otherwise.
    """

    def __init__(
        self,
        space: SearchSpace,
        function: Callable[..., Outcome],
        metric: Metric,
        *,
        pass_as: Literal["string", "vector"] = "string",
        timeout: float | None = None,
        start_method: Literal["fork", "spawn", "forkserver"] | None = None,
    ) -> None:
        if not callable(function):
            raise InvalidArgumentError(f"evaluate must be a function, got {function!r}.")
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
        self.space = space
        self.metric = metric
        self._function = function
        self._pass_as = pass_as
        self._timeout = timeout
        self._start_method = start_method

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Call the function; whatever it raises is for the ledger to record."""
        argument = architecture if self._pass_as == "vector" else self.space.format(architecture)
        start = time.perf_counter()
        if self._timeout is None:
            outcome: Outcome | None = self._function(argument)
        else:
            outcome = self._call_in_process(argument)
        seconds = time.perf_counter() - start
        if outcome is None:
            return Evaluation(float("nan"), seconds, f"timeout after {self._timeout:g} s")
        return self._to_evaluation(outcome, seconds)

    def _to_evaluation(self, outcome: Outcome, seconds: float) -> Evaluation:
        if isinstance(outcome, Evaluation):
            return outcome
        if isinstance(outcome, Mapping):
            if "score" not in outcome:
                raise InvalidArgumentError(
                    f"evaluate returned a mapping without 'score': {sorted(outcome)}."
                )
            rest = {k: float(v) for k, v in outcome.items() if k not in {"score", "cost"}}
            raw, cost = float(outcome["score"]), float(outcome.get("cost", seconds))
            return Evaluation(self.metric.sign * raw, cost, None, rest)
        return Evaluation(self.metric.sign * float(outcome), seconds)

    def _call_in_process(self, argument: Architecture | str) -> Outcome | None:
        """Run the function in a process and return its outcome, or None when time is up."""
        context = multiprocessing.get_context(self._start_method)
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(self._function, argument, sender), daemon=True)
        process.start()
        sender.close()
        try:
            if not receiver.poll(self._timeout):
                return None
            try:
                kind, value = receiver.recv()
            except EOFError:
                process.join()
                raise RuntimeError(f"the worker died with exit code {process.exitcode}") from None
            if kind == "error":
                raise RuntimeError(value)
            outcome: Outcome = value
            return outcome
        finally:
            process.kill()
            process.join()
            receiver.close()


def _run(
    function: Callable[..., Outcome], argument: Architecture | str, sender: Connection
) -> None:
    try:
        message: tuple[str, object] = ("value", function(argument))
    except Exception as error:  # sent to the parent, which records it
        message = ("error", f"{type(error).__name__}: {error}")
    sender.send(message)
    sender.close()


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
    start_method: Literal["fork", "spawn", "forkserver"] | None = None,
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
        start_method: How the process of a timed evaluation starts.

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
        space, evaluate, meaning, pass_as=pass_as, timeout=timeout, start_method=start_method
    )
    return Task(name, space, objective)
