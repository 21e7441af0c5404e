"""A function whose every call has a process of its own."""

from __future__ import annotations

import dataclasses
import io
import multiprocessing
import pickle
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from rlnas.errors import InvalidArgumentError, in_words
from rlnas.processes.call import Call, Failure, Start, Started
from rlnas.processes.main_module import hidden_main
from rlnas.processes.pool import START_METHOD, StartMethod
from rlnas.processes.template import IsolationError, Template
from rlnas.processes.worker import Surroundings, run

A = TypeVar("A")
R = TypeVar("R")

_LOOK = 1.0  # seconds after which processes are looked at even if they said nothing


class Isolated(Generic[A, R]):
    """A function whose every call has a process of its own.

    The memory of a call is given back when it ends, and a call that is killed fails alone. The
    processes end with this one, with all that they started.

    By default they are forked from another process, which is a new interpreter that loads the
    function before its first call; so it does not matter what was done in this one before, such as
    computing with several threads of PyTorch. The function is sent with what it refers to, lambdas,
    closures and what a script or notebook defines too, as it is then; the script itself is not run
    again. What modules got at run time stays behind, but for the states of NumPy's and PyTorch's
    global generators, which each call finds as they are here.

    Args:
        function: What to call.
        start_method: ``forkserver`` as above, the default but on Windows; ``spawn``, a new
            interpreter for every call, for functions that hold something on a CUDA device; or
            ``fork``, a copy of this process, for functions that cannot be sent. Where PyTorch is
            loaded a fork has one thread, since with more it may hang for ever.
        modules: Modules imported once, before processes are forked.
    """

    def __init__(
        self,
        function: Callable[[A], R],
        *,
        start_method: StartMethod | None = None,
        modules: Sequence[str] = (),
    ) -> None:
        self._function = function
        self._method: StartMethod = start_method or START_METHOD
        self._modules = tuple(modules)
        self._template: Template | None = None
        self._sent: bytes | None = None  # what a new interpreter is told, each time

    def check(self) -> None:
        """Find out whether the function can be sent to other processes.

        Raises:
            InvalidArgumentError: If it cannot.
        """
        if self._method != "fork":
            _dump(self._function, _Nowhere())

    def calls(
        self, arguments: Iterable[A], *, workers: int, timeout: float | None = None
    ) -> Generator[tuple[int, R | Failure], None, None]:
        """Call the function once for each argument.

        When the generator is closed or left by an exception (Ctrl-C too), the processes that still
        run are killed. Where PyTorch is loaded, each uses its share of the cores.

        Args:
            arguments: An argument for each call; the next is taken when a process is free and the
                results so far have been handed out.
            workers: Most processes at once, 1 or more.
            timeout: Seconds after which a call is killed, from when the function is called; None
                for no limit.

        Returns:
            A generator of the number of the argument, from 0, and the value or a `Failure`, as the
            calls end.

        Raises:
            InvalidArgumentError: If ``workers`` or ``timeout`` is outside its range, or the
                function cannot be sent to other processes.
            IsolationError: If it cannot be loaded there; from the generator.
        """
        if workers < 1:
            raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
        start: Start = partial(self._start, workers)
        made = (
            Call(number, start, argument, timeout=timeout)
            for number, argument in enumerate(arguments)
        )
        return _outcomes(made, workers, self._prepare)

    def _prepare(self) -> None:
        """Have what calls start from, or say at once why it cannot be had."""
        if self._method == "spawn" and self._sent is None:
            self._sent = _packed(self._function)
        if self._method == "forkserver" and (self._template is None or not self._template.usable):
            self._template = None  # the old one ends before there is another
            self._template = self._new_template()

    def _new_template(self) -> Template:
        import cloudpickle  # here and below: most tasks need no other process

        by_value: list[str] = []
        try:
            while True:
                try:
                    return Template(_packed(self._function), self._modules)
                except IsolationError as error:
                    # A module that was loaded here from a place where a new interpreter does not
                    # look: what it defines is sent along.
                    missing = error.missing
                    if missing is None or missing in by_value or missing not in sys.modules:
                        raise
                    cloudpickle.register_pickle_by_value(sys.modules[missing])
                    by_value.append(missing)
        finally:
            for name in by_value:
                cloudpickle.unregister_pickle_by_value(sys.modules[name])

    def _start(self, workers: int, argument: A, sender: Connection) -> Started:
        around = Surroundings.here(workers)
        if self._method == "forkserver":
            self._prepare()  # it may have been killed
            assert self._template is not None  # noqa: S101
            return self._template.fork(_packed(argument), sender, around)
        process: Any
        if self._method == "fork":
            if around.torch is not None:  # OpenMP's threads are not there in a fork, and missed
                around = dataclasses.replace(around, threads=1)
            call = partial(self._function, argument)
            context: Any = multiprocessing.get_context("fork")
            process = context.Process(target=run, args=(call, sender, around), daemon=True)
            process.start()
            return process  # type: ignore[no-any-return]
        packed = self._sent, _packed(argument)
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_spawned, args=(*packed, sender, around), daemon=True)
        with hidden_main():
            process.start()
        return process  # type: ignore[no-any-return]

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_template": None, "_sent": None}


def _spawned(function: bytes, argument: bytes, sender: Connection, around: Surroundings) -> None:
    def call() -> object:  # from our own parent
        return pickle.loads(function)(pickle.loads(argument))  # noqa: S301

    run(call, sender, around)


class _Nowhere(io.RawIOBase):
    """A file that keeps nothing."""

    def write(self, content: Any) -> int:
        return len(content)


def _packed(value: object) -> bytes:
    file = io.BytesIO()
    _dump(value, file)
    return file.getvalue()


def _dump(value: object, file: Any) -> None:
    import cloudpickle

    try:
        cloudpickle.dump(value, file)
    except Exception as error:
        raise InvalidArgumentError(
            f"The function cannot be sent to another process, which a timeout and workers need: "
            f"{in_words(error)}. Make what cannot be sent (open files, locks, connections, "
            'generators) inside the function, or give start_method="fork".'
        ) from error


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

    For a function that will be called again keep an `Isolated`, which says what the arguments
    mean, what comes back and what is raised.
    """
    isolated = Isolated(function, start_method=start_method, modules=modules)
    return isolated.calls(arguments, workers=workers, timeout=timeout)


def _outcomes(
    todo: Iterator[Call], workers: int, prepare: Callable[[], None]
) -> Generator[tuple[int, R | Failure], None, None]:
    running: list[Call] = []
    prepared = False
    try:
        while True:
            while len(running) < workers and (call := next(todo, None)) is not None:
                if not prepared:
                    prepare()
                    prepared = True
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
