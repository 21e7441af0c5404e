"""One call in a process of its own: how it starts, is listened to, and ends."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from rlnas.errors import in_words
from rlnas.processes.worker import kill_group

Kind = Literal["error", "died", "timeout"]

_START = 300.0  # seconds that a process has to come to its call
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


class Started(Protocol):
    """A process that was started, as `multiprocessing` has them."""

    pid: int
    sentinel: Any

    @property
    def exitcode(self) -> int | None:
        """Its exit code, None while it runs."""
        ...

    def kill(self) -> None:
        """Kill it."""
        ...

    def join(self) -> None:
        """Wait for its end."""
        ...


class Start(Protocol):
    """Starts a process for one call; raises where it cannot."""

    def __call__(self, argument: Any, sender: Connection) -> Started:
        """Start it.

        Args:
            argument: What the function is called with.
            sender: Where it says what comes of it, see `rlnas.processes.worker.run`.
        """
        ...


class Call:
    """A call in a process of its own, seen from the parent.

    Args:
        number: Its number among the calls.
        start: How the process starts.
        argument: What the function is called with.
        timeout: Seconds from the beginning of the call after which it is killed, or None.

    Attributes:
        outcome: The value or a `Failure`, once `ended`.
        deadline: Time of `time.perf_counter` at which patience with it ends.
    """

    def __init__(
        self, number: int, start: Start, argument: object, *, timeout: float | None
    ) -> None:
        receiver, sender = Pipe(duplex=False)
        self.number = number
        self.outcome: Any = None
        self.deadline = float("inf")
        self._settled = False
        self._silent = False  # whether it closed its end of the pipe without a value
        self._running = False  # whether the function has been called
        self._timeout = timeout
        self._begun = time.perf_counter()
        self._start = start
        self._argument = argument
        self._receiver: Connection = receiver
        self._sender: Connection = sender
        self._process: Started | None = None

    def start(self) -> None:
        """Start the process; that it cannot start is a failure of this call alone."""
        self._begun = time.perf_counter()
        self.deadline = self._begun + _START
        try:
            self._process = self._start(self._argument, self._sender)
        except Exception as error:  # not picklable, no memory, too many processes
            self._fail("error", f"the worker could not start: {in_words(error)}")
        finally:
            self._sender.close()
            self._argument = None

    @property
    def _alive(self) -> bool:
        return self._process is not None and self._process.exitcode is None

    @property
    def sources(self) -> list[Any]:
        """What becomes ready when there is news; empty where the process never started."""
        if self._process is None:
            return []
        done = self._settled or self._silent
        return [self._process.sentinel, *([] if done else [self._receiver])]

    def ended(self) -> bool:
        """Take in the news and return whether the process is gone and the outcome known."""
        alive = self._alive  # looked at before its last words are read
        while not self._settled and not self._silent and self._receiver.poll():
            self._receive()
        if alive and time.perf_counter() < self.deadline:
            return False
        if not self._settled:
            if alive and not self._silent:
                self._fail("timeout", self._patience())
            else:
                self._fail("died", self._death())
        self.end()
        return True

    def _receive(self) -> None:
        try:
            news, value = self._receiver.recv()
        except EOFError:  # it is dying: the exit code says of what
            self._silent = True
            self.deadline = time.perf_counter() + _GRACE
        except Exception as error:  # made of classes that are not to be found here
            self._fail("error", f"the value cannot be read: {in_words(error)}")
        else:
            if news == "begun":
                self._running = True
                self._begun = time.perf_counter()
                self.deadline = self._begun + (
                    float("inf") if self._timeout is None else self._timeout
                )
            elif news == "error":
                self._fail("error", value)
            else:
                self._settle(value)

    def _patience(self) -> str:
        if self._running:
            return f"timeout after {self._timeout:g} s"
        return f"the worker did not come to call the function within {_START:g} s"

    def _death(self) -> str:
        code = None if self._process is None else self._process.exitcode
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
        if self._process is not None:
            if self._alive or isinstance(self.outcome, Failure):
                kill_group(self._process.pid, self._process.kill)
            self._process.join()
        self._receiver.close()
