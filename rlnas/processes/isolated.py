"""Many calls, each in a process of its own, some at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import TypeVar

from rlnas.errors import InvalidArgumentError
from rlnas.processes.call import Call, Failure
from rlnas.processes.pool import START_METHOD, StartMethod, prepare_workers

A = TypeVar("A")
R = TypeVar("R")

_LOOK = 1.0  # seconds after which processes are looked at even if they said nothing


def run_isolated(
    function: Callable[[A], R],
    arguments: Iterable[A],
    *,
    workers: int,
    timeout: float | None = None,
    modules: Sequence[str] = (),
    start_method: StartMethod | None = None,
) -> Generator[tuple[int, R | Failure], None, None]:
    """Call a function once for each argument, each time in a process of its own.

    The memory of a call is given back when it ends, and a call that is killed fails alone. When the
    generator is closed or left by an exception (Ctrl-C too), the processes that still run are
    killed with all that they started; they end as well when this process is killed. Where PyTorch
    is loaded, each process uses its share of the cores.

    Args:
        function: What to call; picklable unless the start method is ``fork``.
        arguments: An argument for each call; the next is taken when a process is free and the
            results so far have been handed out.
        workers: Most processes at once, 1 or more.
        timeout: Seconds after which a call is killed, its start included; None for no limit.
        modules: Modules imported once, before processes are forked from the server.
        start_method: How processes start; by default from a fork server with ``modules``, on
            Windows anew (``spawn``).

    Returns:
        A generator of the number of the argument, from 0, and the value or a `Failure`, as the
        calls end.

    Raises:
        InvalidArgumentError: If ``workers`` or ``timeout`` is outside its range.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    if timeout is not None and not timeout > 0:
        raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
    method = start_method or START_METHOD
    if method == "forkserver":
        prepare_workers(modules)
    started = (
        Call(number, function, argument, method=method, timeout=timeout, workers=workers)
        for number, argument in enumerate(arguments)
    )
    return _outcomes(started, workers)


def _outcomes(todo: Iterator[Call], workers: int) -> Generator[tuple[int, R | Failure], None, None]:
    running: list[Call] = []
    try:
        while True:
            while len(running) < workers and (call := next(todo, None)) is not None:
                running.append(call)  # before it starts: an interrupt must find it
                call.start()
            if not running:
                return
            _wait_for(running)
            ended = [call for call in running if call.ended()]
            running = [call for call in running if call not in ended]
            for call in ended:
                yield call.number, call.outcome
    finally:
        for call in running:
            call.end()


def _wait_for(calls: Sequence[Call]) -> None:
    """Return when a call may have news."""
    sources = [source for call in calls for source in call.sources]
    if all(call.sources for call in calls):  # one without any has ended already
        now = time.perf_counter()
        ready = wait(sources, max(0.0, min(_LOOK, *(call.deadline - now for call in calls))))
        if ready and all(isinstance(source, int) for source in ready):
            time.sleep(0.001)  # a process is known to end a moment before its exit code is
