"""What a process does that was begun for one call."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

import numpy as np

from rlnas.errors import in_words
from rlnas.processes.pool import when_orphaned

News = Literal["begun", "error", "value"]
"""What a process says of its call: that it begins, what went wrong, what came of it."""


@dataclass(frozen=True)
class Surroundings:
    """What a call finds as it would in a fork of the process that asks for it.

    Attributes:
        numpy: State of NumPy's global generator.
        torch: State of PyTorch's, as an array, or None where PyTorch is not loaded.
        threads: Threads that PyTorch may use, or None for as many as it would by itself.
    """

    numpy: Any
    torch: Any
    threads: int | None

    @classmethod
    def here(cls, workers: int) -> Surroundings:
        """Return those of this process, whose cores that many workers share."""
        share = max(1, _cores() // workers)
        threads = None if workers == 1 else share
        state = None
        if "torch" in sys.modules:
            import torch

            state = torch.get_rng_state().numpy()
            threads = min(share, torch.get_num_threads())
        return cls(np.random.get_state(), state, threads)  # noqa: NPY002

    def enter(self) -> None:
        """Bring them about in this process."""
        np.random.set_state(self.numpy)  # noqa: NPY002
        if "torch" in sys.modules:
            import torch

            if self.threads is not None:
                torch.set_num_threads(self.threads)
            if self.torch is not None:
                torch.set_rng_state(torch.from_numpy(self.torch.copy()))
        elif self.threads is not None:
            os.environ.setdefault("OMP_NUM_THREADS", str(self.threads))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def kill_group(pid: int, otherwise: Callable[[], object]) -> None:
    """Kill a group of processes; where there is none of this number, do the other thing."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(pid, signal.SIGKILL)
            return
        except (ProcessLookupError, PermissionError):
            pass  # the process has not come so far as to have a group, or the group is gone
    otherwise()


def run(call: Callable[[], object], sender: Connection, around: Surroundings) -> None:
    """Make the call and send what came of it.

    Args:
        call: What is called.
        sender: Where pairs of `News` and its content go.
        around: Where it is called.
    """
    # A child of its own is nothing that `multiprocessing` grants a daemon: a `DataLoader`'s.
    multiprocessing.current_process().daemon = False
    if hasattr(os, "setpgid"):
        # A group of its own: programs that the function starts are killed with it, and Ctrl-C
        # reaches the parent alone, which then ends its workers.
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    when_orphaned(lambda: kill_group(os.getpid(), lambda: os._exit(1)))
    message: tuple[News, object]
    try:
        around.enter()
        sender.send(("begun", None))
        message = ("value", call())
    except BaseException as error:  # sys.exit too: it is the function's end and not the search's
        message = ("error", in_words(error))
    try:
        sender.send(message)
    except BrokenPipeError:
        return  # nobody listens any more
    except Exception as error:  # it cannot be pickled, and nothing of it was sent
        sender.send(("error", f"the value cannot be sent: {in_words(error)}"))
