"""Where evaluations and cells run: in this process, in processes of this machine, or on Ray.

One small interface. What is handed out, to whom, and what becomes of it is decided above; an
executor only has workers. A result does not depend on where it was made.
"""

from __future__ import annotations

import abc
import concurrent.futures
from collections.abc import Callable, Generator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar, get_args

from rlnas.errors import InvalidArgumentError
from rlnas.processes.call import Failure
from rlnas.processes.isolated import Isolated
from rlnas.processes.pool import StartMethod, worker_pool
from rlnas.registry import load

if TYPE_CHECKING:
    from typing_extensions import Self

A = TypeVar("A")
R = TypeVar("R")
A_contra = TypeVar("A_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

ExecutorName = Literal["processes", "in-process", "ray"]


class Calls(Protocol[A_contra, R_co]):
    """A function whose calls are kept apart, as `rlnas.processes.Isolated` is for this machine."""

    def check(self) -> None:
        """Find out whether the function can be sent to where it is called.

        Raises:
            InvalidArgumentError: If it cannot.
        """
        ...

    def calls(
        self, arguments: Iterable[A_contra], *, workers: int, timeout: float | None = None
    ) -> Generator[tuple[int, R_co | Failure], None, None]:
        """Call the function once for each argument; see `Isolated.calls`."""
        ...


class Executor(abc.ABC):
    """Where calls run; to be closed, or used in a ``with`` statement.

    Attributes:
        name: What it is called.
        apart: Whether calls run outside of this process, so that what happens to one happens to
            nothing else.
        here: Whether they run on this machine, with its devices and files.
    """

    name: ClassVar[ExecutorName]
    apart: ClassVar[bool] = True
    here: ClassVar[bool] = True

    @abc.abstractmethod
    def pool(self, workers: int, modules: Sequence[str] = ()) -> concurrent.futures.Executor:
        """Return workers for calls that are trusted to come back, one thread of PyTorch each.

        A call whose worker is lost and cannot be made elsewhere ends in a
        `concurrent.futures.BrokenExecutor`.

        Args:
            workers: Number of them, 1 or more.
            modules: Names of modules that they need.
        """

    @abc.abstractmethod
    def calls(
        self,
        function: Callable[[A], R],
        *,
        modules: Sequence[str] = (),
        start_method: StartMethod | None = None,
    ) -> Calls[A, R]:
        """Return a function whose calls are kept apart.

        Args:
            function: What to call.
            modules: Names of modules that it needs.
            start_method: How processes of this machine start, see `Isolated`.
        """

    def close(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of what was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Processes(Executor):
    """Processes of this machine; see `worker_pool` and `Isolated`."""

    name = "processes"

    def pool(self, workers: int, modules: Sequence[str] = ()) -> concurrent.futures.Executor:
        """See `Executor.pool`."""
        return worker_pool(workers, modules)

    def calls(
        self,
        function: Callable[[A], R],
        *,
        modules: Sequence[str] = (),
        start_method: StartMethod | None = None,
    ) -> Calls[A, R]:
        """See `Executor.calls`."""
        return Isolated(function, start_method=start_method, modules=modules)


class InProcess(Executor):
    """This process, one call after the other: for debugging, and where nothing can be started.

    A call that raises raises here, and one that kills its process kills this one.
    """

    name = "in-process"
    apart = False

    def pool(self, workers: int, modules: Sequence[str] = ()) -> concurrent.futures.Executor:
        """See `Executor.pool`; there is one worker, whatever is asked for."""
        return _Now()

    def calls(
        self,
        function: Callable[[A], R],
        *,
        modules: Sequence[str] = (),
        start_method: StartMethod | None = None,
    ) -> Calls[A, R]:
        """See `Executor.calls`."""
        return _Here(function)


class _Here(Generic[A, R]):
    """A function that is called in this process."""

    def __init__(self, function: Callable[[A], R]) -> None:
        self._function = function

    def check(self) -> None:
        """See `Calls.check`."""

    def calls(
        self, arguments: Iterable[A], *, workers: int, timeout: float | None = None
    ) -> Generator[tuple[int, R | Failure], None, None]:
        """See `Calls.calls`; what a call raises is raised."""
        if workers > 1 or timeout is not None:
            raise InvalidArgumentError(
                f"workers is {workers} and timeout is {timeout}; in this process calls come one "
                "after the other and cannot be ended. Leave both out, or take other processes."
            )
        yield from ((number, self._function(item)) for number, item in enumerate(arguments))


class _Now(concurrent.futures.Executor):
    """Does what it is given at once, with one thread of PyTorch like any other worker."""

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[Any]:
        """Call the function and return a future that is done."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        finally:
            torch.set_num_threads(threads)
        return future


def make_executor(
    name: ExecutorName = "processes",
    *,
    address: str | None = None,
    cpus: float = 1.0,
    gpus: float = 0.0,
) -> Executor:
    """Return an executor by its name.

    Args:
        name: ``processes``, ``in-process`` or ``ray``.
        address: Of the Ray cluster to join; None or ``local`` to start one on this machine.
        cpus: Processors of each call on Ray.
        gpus: GPUs of each call on Ray.

    Raises:
        InvalidArgumentError: If there is no such executor, or it takes none of these.
        MissingDependencyError: If it is Ray, which is not installed.
    """
    if name not in get_args(ExecutorName):
        raise InvalidArgumentError(
            f"executor is {name!r}; expected one of {get_args(ExecutorName)}."
        )
    if name == "ray":
        on_ray: Callable[..., Executor] = load("rlnas.processes.on_ray:Ray")  # which knows this
        return on_ray(address, cpus=cpus, gpus=gpus)
    if address is not None or gpus:
        raise InvalidArgumentError(
            f"An address and gpus are for executor='ray', not for {name!r}; leave them out."
        )
    return Processes() if name == "processes" else InProcess()
