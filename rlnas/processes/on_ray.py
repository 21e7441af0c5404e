"""Workers on a Ray cluster: one that is joined, or one of this machine that is started for it.

Each worker is an actor of Ray's, which keeps the function and its data, is given one call after the
other, and dies with this process. Ray itself repeats nothing: a call whose worker was lost is made
again from here, so that whoever counts calls counts it once.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import importlib
import itertools
import logging
import math
import os
import queue
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future
from typing import Any, Generic, TypeVar

from rlnas.errors import InvalidArgumentError, MissingDependencyError, RunError, in_words
from rlnas.processes.call import Failure
from rlnas.processes.executor import Calls, Executor
from rlnas.processes.pool import StartMethod
from rlnas.processes.worker import Surroundings

A = TypeVar("A")
R = TypeVar("R")

_log = logging.getLogger("rlnas")

_STORE = 200 << 20
"""Bytes of the object store of a cluster that is started here; data that do not fit go to disk."""
_STARVING = 60.0
"""Seconds without a single worker after which it is said what is waited for."""
_REACHED = 10.0
"""Seconds within which a cluster has to answer."""
_NO_WORKER = 3
"""Workers that may fail to start, one after the other, before that is an error."""


class Ray(Executor):
    """Workers on Ray.

    Where this process is connected with a cluster already, that one is used and left as it is.

    Args:
        address: Of a cluster to join, as `ray.init` takes it, ``auto`` for one of this machine;
            None or ``local`` to start one for the time that this object is open. Machines of a
            joined cluster need rlnas, and see run folders and data under the same paths.
        cpus: Processors that each call occupies; PyTorch uses so many threads.
        gpus: GPUs that each call occupies; a share is allowed.
        retries: How often a call whose worker was lost is made again.

    Raises:
        MissingDependencyError: If Ray is not installed.
        InvalidArgumentError: If a number is out of range.
    """

    name = "ray"
    here = False

    def __init__(
        self,
        address: str | None = None,
        *,
        cpus: float = 1.0,
        gpus: float = 0.0,
        retries: int = 3,
    ) -> None:
        for name, value, least in (
            ("cpus", cpus, 0.0),
            ("gpus", gpus, 0.0),
            ("retries", retries, 0),
        ):
            if not least <= value < math.inf:
                raise InvalidArgumentError(f"{name} is {value}; expected {least} or more.")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise MissingDependencyError("ray", "ray", "Running on a Ray cluster") from error
        self.address = None if address in (None, "", "local") else address
        self.cpus, self.gpus, self.retries = float(cpus), float(gpus), int(retries)
        self._pools: list[RayPool] = []
        self._started = False

    def __repr__(self) -> str:
        return f"Ray({self.address!r}, cpus={self.cpus:g}, gpus={self.gpus:g})"

    def connect(self, workers: int) -> Any:
        """Return the module ``ray``, connected.

        Raises:
            RunError: If there is no cluster, or none can be started.
        """
        ray = self._ray
        if not ray.is_initialized():
            quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
            if self.address is not None:
                try:
                    _listens(self.address)  # Ray itself would wait for minutes
                    ray.init(address=self.address, **quiet)
                except Exception as error:
                    raise RunError(
                        f"There is no Ray cluster at {self.address} ({in_words(error, 300)}). "
                        "Start one with `ray start --head`, or leave the address out to have one "
                        "for this run."
                    ) from error
            else:
                self._start(workers, quiet)
            self._started = True
        return ray

    def _start(self, workers: int, quiet: dict[str, Any]) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        for attempt in (1, 2):
            try:
                self._ray.init(
                    address="local",
                    num_cpus=max(cores or 1, math.ceil(workers * self.cpus)),
                    object_store_memory=_STORE,
                    include_dashboard=False,
                    **quiet,
                )
            except Exception as error:  # its parts have seconds to start in, which may not do
                with contextlib.suppress(Exception):
                    self._ray.shutdown()
                if attempt == 2:
                    raise RunError(
                        f"Ray cannot start on this machine ({in_words(error, 300)}). Try again "
                        "when it is less busy, start a cluster with `ray start --head` and give "
                        "its address, or do without Ray."
                    ) from error
            else:
                return

    def pool(self, workers: int, modules: Sequence[str] = ()) -> RayPool:
        """See `Executor.pool`."""
        return self._pool(workers, modules)

    def _pool(self, workers: int, modules: Sequence[str], held: object = None) -> RayPool:
        pool = RayPool(
            self.connect(workers),
            workers,
            modules=modules,
            held=held,
            cpus=self.cpus,
            gpus=self.gpus,
            retries=self.retries,
        )
        self._pools.append(pool)
        return pool

    def calls(
        self,
        function: Callable[[A], R],
        *,
        modules: Sequence[str] = (),
        start_method: StartMethod | None = None,
    ) -> Calls[A, R]:
        """See `Executor.calls`; a worker makes many calls, and is new after one that failed."""
        return _OnRay(lambda workers: self._pool(workers, modules, function), function)

    def close(self) -> None:
        """End the workers, and the cluster if it was started here."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        self._pools.clear()
        if self._started:
            self._started = False
            self._ray.shutdown()


class _OnRay(Generic[A, R]):
    """A function that workers on Ray hold."""

    def __init__(self, make: Callable[[int], RayPool], function: Callable[[A], R]) -> None:
        self._make = make
        self._function = function
        self._pool: RayPool | None = None

    def check(self) -> None:
        """See `Calls.check`."""
        import cloudpickle

        try:
            cloudpickle.dumps(self._function)
        except Exception as error:
            raise InvalidArgumentError(
                f"The function cannot be sent to a worker on Ray: {in_words(error)}. Make what "
                "cannot be sent (open files, locks, connections, generators) inside the function."
            ) from error

    def calls(
        self, arguments: Iterable[A], *, workers: int, timeout: float | None = None
    ) -> Generator[tuple[int, R | Failure], None, None]:
        """See `Calls.calls`."""
        if workers < 1:
            raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
        if timeout is not None and not timeout > 0:
            raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
        return self._outcomes(iter(arguments), workers, timeout)

    def _outcomes(
        self, arguments: Iterable[A], workers: int, timeout: float | None
    ) -> Generator[tuple[int, R | Failure], None, None]:
        if self._pool is None or not self._pool.usable(workers):
            self._pool = self._make(workers)
        pool, todo = self._pool, enumerate(arguments)
        running: dict[Future[Any], int] = {}
        try:
            while True:
                for number, argument in itertools.islice(todo, workers - len(running)):
                    running[pool.call(argument, workers, timeout)] = number
                if not running:
                    return
                ended, _ = concurrent.futures.wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield running.pop(future), future.result()
        finally:
            for future in running:
                pool.give_up(future)

    def __getstate__(self) -> dict[str, Any]:
        raise TypeError("what runs on Ray is not sent elsewhere")


@dataclasses.dataclass(eq=False)
class _Job:
    """A call.

    Attributes:
        future: Where its outcome goes.
        function: What is called, None for what the worker holds.
        arguments: With what.
        around: Where it is called, or None.
        kept_apart: Whether what goes wrong is a `Failure` and not raised.
        timeout: Seconds after which its worker is killed, or None.
        losses: How many workers were lost over it.
        begun: When it was given to its worker.
    """

    future: Future[Any]
    function: Callable[..., Any] | None
    arguments: tuple[Any, ...]
    around: Surroundings | None = None
    kept_apart: bool = False
    timeout: float | None = None
    losses: int = 0
    begun: float = 0.0


@dataclasses.dataclass(eq=False)
class _Actor:
    """A worker, seen from here.

    Attributes:
        handle: Ray's.
        ready: Whether it has started.
        job: What it does.
    """

    handle: Any
    ready: bool = False
    job: _Job | None = None


class RayPool(concurrent.futures.Executor):
    """A pool of workers on Ray.

    One thread hears of everything that happens (a call is asked for, a worker is there, done or
    lost) and hands out work. Workers that a full cluster cannot give are waited for while the
    others work.

    Args:
        ray: The module, connected.
        workers: Number of workers, 1 or more.
        modules: Modules that they load.
        held: A function that they keep, or None.
        cpus: Processors of each.
        gpus: GPUs of each.
        retries: How often a call whose worker was lost is made again.
    """

    def __init__(
        self,
        ray: Any,
        workers: int,
        *,
        modules: Sequence[str],
        held: object,
        cpus: float,
        gpus: float,
        retries: int,
    ) -> None:
        import cloudpickle

        self._ray = ray
        self._workers = workers
        self._retries = retries
        self._cpus, self._gpus = cpus, gpus
        options = {
            "num_cpus": cpus,
            "num_gpus": gpus,
            "max_restarts": 0,
            "max_task_retries": 0,
        }
        self._make = ray.remote(_Worker).options(**options)
        # Once, to wherever there are workers.
        self._held = ray.put(cloudpickle.dumps(held))
        self._modules = tuple(modules)
        self._news: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self._todo: deque[_Job] = deque()
        self._actors: list[_Actor] = []
        self._stillborn = 0
        self._open = True
        self._warned = False
        self._since = time.monotonic()  # when there was no worker yet
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def usable(self, workers: int) -> bool:
        """Return whether it is open and has so many workers."""
        return self._open and workers == self._workers

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See `concurrent.futures.Executor`; a lost call ends in a `BrokenExecutor`."""
        return self._add(_Job(Future(), _Bound(fn, kwargs) if kwargs else fn, args))

    def call(self, argument: object, workers: int, timeout: float | None) -> Future[Any]:
        """Call what the workers hold; the future has the value or a `Failure`, and never raises."""
        around = Surroundings.here(workers)
        around = dataclasses.replace(around, threads=max(1, int(self._cpus)))
        return self._add(_Job(Future(), None, (argument,), around, True, timeout))

    def _add(self, job: _Job) -> Future[Any]:
        if not self._open:
            raise RuntimeError("the pool is closed")
        job.future.set_running_or_notify_cancel()
        self._news.put(("job", job, None))
        return job.future

    def give_up(self, future: Future[Any]) -> None:
        """End a call whose outcome nobody wants any more, and its worker."""
        self._news.put(("unwanted", future, None))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: after their work, or at once with ``cancel_futures``."""
        if self._open:
            self._open = False
            self._news.put(("stop", cancel_futures, None))
        if threading.current_thread() is not self._thread:
            self._thread.join(None if wait else 10.0)

    # -- in the thread -------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            self._serve_until_stopped()
            error: BaseException = BrokenExecutor("the pool was closed")
        except BaseException as raised:  # nobody who waits is to wait for ever
            error = BrokenExecutor(f"the workers on Ray cannot be served: {in_words(raised)}")
        self._open = False
        left = [*self._todo, *(actor.job for actor in self._actors if actor.job is not None)]
        for actor in list(self._actors):
            self._end(actor)
        while True:  # what was asked for after that
            try:
                what, subject, _ = self._news.get_nowait()
            except queue.Empty:
                break
            left += [subject] if what == "job" else []
        for job in left:
            if not job.future.done():
                job.future.set_exception(error)

    def _serve_until_stopped(self) -> None:
        stopping = False
        while True:
            try:
                news = self._news.get(timeout=self._patience())
            except queue.Empty:
                self._look_at_the_clock()
                continue
            what, subject, detail = news
            if what == "stop":
                if subject:
                    break
                stopping = True
            elif what == "job":
                self._todo.append(subject)
            elif what == "unwanted":
                self._unwanted(subject)
            elif what == "ready":
                self._is_ready(subject, detail)
            else:
                self._is_done(subject, detail)
            self._hand_out()
            if stopping and not self._todo and not any(actor.job for actor in self._actors):
                break

    def _patience(self) -> float | None:
        """Return the seconds after which something has to be looked at, or None."""
        now = time.monotonic()
        ends = [
            actor.job.begun + actor.job.timeout - now
            for actor in self._actors
            if actor.job is not None and actor.job.timeout is not None
        ]
        if self._starves():
            ends.append(self._since + _STARVING - now)
        return max(0.0, min(ends)) if ends else None

    def _starves(self) -> bool:
        return bool(self._todo) and not self._warned and not any(a.ready for a in self._actors)

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self._starves() and now - self._since >= _STARVING:
            self._warned = True
            _log.warning(
                "No worker has started on Ray for %d s: it has no %g CPU and %g GPU free at "
                "present. Waiting.",
                *(int(now - self._since), self._cpus, self._gpus),
            )
        for actor in list(self._actors):
            job = actor.job
            if job is not None and job.timeout is not None and now - job.begun >= job.timeout:
                self._end(actor)
                job.future.set_result(
                    Failure("timeout", f"timeout after {job.timeout:g} s", now - job.begun)
                )
        self._hand_out()

    def _hand_out(self) -> None:
        """Give what is to be done to workers that do nothing, and have as many as are of use."""
        for actor in self._actors:
            if not self._todo:
                return
            if actor.ready and actor.job is None:
                self._give(actor, self._todo.popleft())
        busy = sum(actor.job is not None for actor in self._actors)
        wanted = min(self._workers, busy + len(self._todo))
        while len(self._actors) < wanted and self._todo:
            try:
                handle = self._make.remote(self._modules, self._held)
                actor = _Actor(handle)
                reference = handle.ready.remote()
            except Exception as error:  # the connection is gone
                self._fail_all(error)
                return
            self._actors.append(actor)
            self._hear(reference, "ready", actor)

    def _give(self, actor: _Actor, job: _Job) -> None:
        actor.job, job.begun = job, time.monotonic()
        try:
            reference = actor.handle.call.remote(_pack(job))
        except Exception as error:  # it cannot be sent
            actor.job = None
            self._raised(job, error, in_words(error))
            return
        self._hear(reference, "done", (actor, job))

    def _hear(self, reference: Any, what: str, subject: Any) -> None:
        """Have news once a reference has its value; the callback is in a thread of Ray's."""
        news = self._news
        reference.future().add_done_callback(lambda future: news.put((what, subject, future)))

    def _is_ready(self, actor: _Actor, future: Future[Any]) -> None:
        if actor not in self._actors:
            return
        error = future.exception()
        if error is None:
            actor.ready, self._stillborn = True, 0
            return
        self._end(actor)
        self._stillborn += 1
        if self._stillborn >= _NO_WORKER:
            self._fail_all(error)

    def _is_done(self, call: tuple[_Actor, _Job], future: Future[Any]) -> None:
        actor, job = call
        if actor.job is not job:  # timed out, or nobody wants it
            return
        actor.job = None
        lost = future.exception()
        if lost is not None:
            self._end(actor)
            job.losses += 1
            if job.losses <= self._retries:
                _log.info("A worker on Ray was lost; its call is made again (%s).", _first(lost))
                self._todo.appendleft(job)
            elif job.kept_apart:
                seconds = time.monotonic() - job.begun
                said = f"{job.losses} workers on Ray were lost over it: {_first(lost)}"
                job.future.set_result(Failure("died", said, seconds))
            else:
                job.future.set_exception(BrokenExecutor(_first(lost)))
            return
        kind, value, words = future.result()
        if kind == "value":
            job.future.set_result(_unpack(value))
            return
        if job.kept_apart:  # whatever it left behind in the worker
            self._end(actor)
        self._raised(job, _unpack(value), words)

    def _raised(self, job: _Job, error: BaseException, words: str) -> None:
        if job.kept_apart:
            job.future.set_result(Failure("error", words, time.monotonic() - job.begun))
        else:
            job.future.set_exception(error)

    def _unwanted(self, future: Future[Any]) -> None:
        for job in list(self._todo):
            if job.future is future:
                self._todo.remove(job)
        for actor in list(self._actors):
            if actor.job is not None and actor.job.future is future:
                self._end(actor)

    def _fail_all(self, error: BaseException) -> None:
        """Say that there are no workers to whoever waits for one."""
        said = RunError(
            f"No worker starts on Ray ({in_words(error, 500)}). Its machines need rlnas, of this "
            "version, and what the function needs."
        )
        while self._todo:
            self._todo.popleft().future.set_exception(said)
        self._stillborn = 0

    def _end(self, actor: _Actor) -> None:
        actor.job = None
        if actor in self._actors:
            self._actors.remove(actor)
        with contextlib.suppress(Exception):  # it, or all of Ray, is gone
            self._ray.kill(actor.handle)
        if not self._actors:
            self._since = time.monotonic()


@dataclasses.dataclass(frozen=True)
class _Bound:
    """A function with keyword arguments."""

    function: Callable[..., Any]
    options: dict[str, Any]

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments, **self.options)


def _listens(address: str) -> None:
    """Raise an `OSError` if nobody listens at an address with a port."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED).close()


def _pack(job: _Job) -> bytes:
    import cloudpickle

    return bytes(cloudpickle.dumps((job.function, job.arguments, job.around)))


def _unpack(content: bytes) -> Any:
    import cloudpickle

    return cloudpickle.loads(content)


def _first(error: BaseException) -> str:
    """Return what Ray says of a loss in a line."""
    lines = [line.strip() for line in in_words(error, 2000).splitlines() if line.strip()]
    return lines[0][:300]


class _Worker:
    """What runs on Ray, in a process of its own.

    Args:
        modules: Modules to load.
        held: A function to keep, pickled.
    """

    def __init__(self, modules: Sequence[str], held: bytes) -> None:
        for name in modules:
            with contextlib.suppress(ImportError):  # the call will say so
                importlib.import_module(name)
        self._held = _unpack(held)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)

    def ready(self) -> bool:
        """Say that it has started."""
        return True

    def call(self, content: bytes) -> tuple[str, bytes, str]:
        """Return what came of a call: ``value`` or ``raised``, that, and what to say of it."""
        import cloudpickle

        try:
            function, arguments, around = _unpack(content)
            if around is not None:
                around.enter()
            elif "torch" in sys.modules:
                sys.modules["torch"].set_num_threads(1)
            value = (self._held if function is None else function)(*arguments)
            return "value", cloudpickle.dumps(value), ""
        except BaseException as error:  # sys.exit too
            words = in_words(error)
            try:
                packed = cloudpickle.dumps(error)
                _unpack(packed)
            except Exception:
                packed = cloudpickle.dumps(RuntimeError(words))
            return "raised", packed, words
