"""A pool of worker processes that start at once and end with their parent."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Any, Literal

from rlnas.processes.main_module import hidden_main, main_is_guarded

StartMethod = Literal["fork", "spawn", "forkserver"]

START_METHOD: StartMethod = "spawn" if sys.platform == "win32" else "forkserver"
"""How workers start unless a caller says otherwise."""


def prepare_workers(modules: Sequence[str]) -> None:
    """Begin to import modules in a server process that workers are then forked from.

    Importing PyTorch takes a second or two: called early, this is done while the caller does other
    things, once for all workers. Does nothing where processes cannot be forked.

    Args:
        modules: Names of the modules that workers need.
    """
    if sys.platform == "win32":
        return
    from multiprocessing import forkserver

    multiprocessing.set_forkserver_preload(list(modules))
    forkserver.ensure_running()


def worker_pool(workers: int, modules: Sequence[str]) -> ProcessPoolExecutor:
    """Return a pool of processes with one PyTorch thread each.

    Workers are forked from a server that has imported ``modules`` and done nothing else; so they
    share no locks, threads or devices with the caller. They import the script that is run, for what
    it defines and registers, unless that would do its work again (`main_is_guarded`).

    Args:
        workers: Number of processes.
        modules: Names of the modules that workers need.
    """
    prepare_workers(modules)
    context: Any = multiprocessing.get_context(START_METHOD)
    if not main_is_guarded():
        context = _Alone(context)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start)


class _Alone:
    """A context of `multiprocessing` whose processes do not import the script that is run."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def Process(self, *args: Any, **kwargs: Any) -> Any:  # noqa: N802  # the context's name for it
        process = self._context.Process(*args, **kwargs)
        start = process.start

        def start_alone() -> None:
            del process.start  # it is sent to the new process with all that it has
            with hidden_main():
                start()

        process.start = start_alone
        return process


def _start() -> None:
    """Use one thread, and end when the parent process does, even if that was killed."""
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # what was imported stays; looking for garbage in it again and again takes time
    when_orphaned(lambda: os._exit(1))


def when_orphaned(end: Callable[[], object]) -> None:
    """Call a function in a thread when the parent process ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def watch() -> None:
            wait([sentinel])
            end()

        threading.Thread(target=watch, daemon=True).start()


def stop_pool(pool: Executor) -> None:
    """End the workers at once: what they were doing is not lost, only not begun again."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
