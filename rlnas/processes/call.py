"""One call in a process of its own: how it starts, is listened to, and ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Literal

from rlnas.processes.pool import StartMethod, when_orphaned

Kind = Literal["error", "died", "timeout"]

_GRACE = 10.0  # seconds that a process has to end by itself once its outcome is known


@dataclass(frozen=True)
class Failure:
    """How a call in a process of its own failed.

    Attributes:
        kind: ``error`` (it raised, could not start, or its value could not be sent), ``died`` (the
            process ended without a word: killed, out of memory, crashed) or ``timeout``.
        message: What happened, e.g. ``the worker was killed by SIGKILL (out of memory?)``.
        seconds: Wall-clock seconds from its start to its end.
    """

    kind: Kind
    message: str
    seconds: float


class Call:
    """A call in a process of its own, seen from the parent.

    Args:
        number: Its number among the calls.
        function: What is called.
        argument: With what.
        method: How the process starts.
        timeout: Seconds after which it is killed, or None.
        workers: Processes that share the cores.

    Attributes:
        outcome: The value or a `Failure`, once `ended`.
        deadline: Time of `time.perf_counter` at which patience with it ends.
    """

    def __init__(
        self,
        number: int,
        function: Callable[[Any], object],
        argument: object,
        *,
        method: StartMethod,
        timeout: float | None,
        workers: int,
    ) -> None:
        context: Any = get_context(method)
        receiver, sender = context.Pipe(duplex=False)
        self.number = number
        self.outcome: Any = None
        self.deadline = float("inf")
        self._settled = False
        self._silent = False  # whether it closed its end of the pipe without a value
        self._timeout = timeout
        self._begun = time.perf_counter()
        self._receiver: Connection = receiver
        self._sender: Connection = sender
        self._process: Any = context.Process(
            target=_run, args=(function, argument, sender, workers), daemon=True
        )

    def start(self) -> None:
        """Start the process; that it cannot start is a failure of this call alone."""
        self._begun = time.perf_counter()
        if self._timeout is not None:
            self.deadline = self._begun + self._timeout
        try:
            self._process.start()
        except Exception as error:  # not picklable, no memory, too many processes
            self._fail("error", f"the worker could not start: {type(error).__name__}: {error}")
        finally:
            self._sender.close()

    @property
    def _alive(self) -> bool:
        return self._process.pid is not None and self._process.exitcode is None

    @property
    def sources(self) -> list[Any]:
        """What becomes ready when there is news; empty where the process never started."""
        if self._process.pid is None:
            return []
        done = self._settled or self._silent
        return [self._process.sentinel, *([] if done else [self._receiver])]

    def ended(self) -> bool:
        """Take in the news and return whether the process is gone and the outcome known."""
        alive = self._alive  # looked at before its last words are read
        if not self._settled and not self._silent and self._receiver.poll():
            self._receive()
        if alive and time.perf_counter() < self.deadline:
            return False
        if not self._settled:
            if alive and not self._silent:
                self._fail("timeout", f"timeout after {self._timeout:g} s")
            else:
                self._fail("died", self._death())
        self.end()
        return True

    def _receive(self) -> None:
        try:
            failed, value = self._receiver.recv()
        except EOFError:  # it is dying: the exit code says of what
            self._silent = True
            self.deadline = time.perf_counter() + _GRACE
        except Exception as error:  # made of classes that are not to be found here
            self._fail("error", f"the value cannot be read: {type(error).__name__}: {error}")
        else:
            if failed:
                self._fail("error", value)
            else:
                self._settle(value)

    def _death(self) -> str:
        code = self._process.exitcode
        if code is None:
            return "the worker closed its pipe without a value"
        if code >= 0:
            return f"the worker died with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # real-time signals have no name
            name = f"signal {-code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the worker was killed by {name}{hint}"

    def _fail(self, kind: Kind, message: str) -> None:
        self._settle(Failure(kind, message, time.perf_counter() - self._begun))

    def _settle(self, outcome: object) -> None:
        self.outcome, self._settled = outcome, True
        # It may still write out what it printed and free its device, but not hold up the others.
        self.deadline = time.perf_counter() + _GRACE

    def end(self) -> None:
        """Make sure that the process is gone, and what it started unless it came to a value."""
        if self._process.pid is not None:
            if self._alive or isinstance(self.outcome, Failure):
                _kill_group(self._process.pid, self._process.kill)
            self._process.join()
        self._receiver.close()


def _kill_group(pid: int, otherwise: Callable[[], object]) -> None:
    """Kill a group of processes; where there is none of this number, do the other thing."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(pid, signal.SIGKILL)
            return
        except (ProcessLookupError, PermissionError):
            pass  # the process has not come so far as to have a group, or the group is gone
    otherwise()


def _run(
    function: Callable[[Any], object], argument: object, sender: Connection, workers: int
) -> None:
    """Call the function and send what came of it: what the process does."""
    if hasattr(os, "setpgid"):
        # A group of its own: programs that the function starts are killed with it, and Ctrl-C
        # reaches the parent alone, which then ends its workers.
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    when_orphaned(lambda: _kill_group(os.getpid(), lambda: os._exit(1)))
    if "torch" in sys.modules:
        import torch

        share = max(1, _cores() // workers)
        torch.set_num_threads(min(share, torch.get_num_threads()))
    try:
        message: tuple[bool, object] = (False, function(argument))
    except Exception as error:
        message = (True, f"{type(error).__name__}: {error}")
    try:
        sender.send(message)
    except BrokenPipeError:
        return  # nobody listens any more
    except Exception as error:  # it cannot be pickled, and nothing of it was sent
        sender.send((True, f"the value cannot be sent: {type(error).__name__}: {error}"))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
