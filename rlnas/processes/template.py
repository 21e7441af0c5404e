"""A process that holds a function, from which those that call it are forked.

It begins as a new interpreter, without the threads, locks and devices of the process it works for,
and with a copy of the function: what a fork of that process itself would hang on (OpenMP's threads
of PyTorch, above all) is not there. The function is sent and loaded once, however large it is; a
fork then takes milliseconds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from multiprocessing import reduction
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from rlnas.errors import RlnasError, in_words
from rlnas.processes.main_module import hidden_main
from rlnas.processes.worker import Surroundings, run

_LOADING = 300.0  # seconds after which a function that has not loaded never will
_LOOK = 1.0  # seconds after which forks are looked at even if none said that it ended


class IsolationError(RlnasError):
    """A function cannot be called in a process of its own; the message says why.

    Attributes:
        missing: The module that was not found there, or None.
    """

    def __init__(self, message: str, missing: str | None = None) -> None:
        super().__init__(message)
        self.missing = missing


class Template:
    """A process with a function, seen from the one that it works for.

    Args:
        function: The function, pickled.
        modules: Modules that are imported before it is loaded.

    Raises:
        IsolationError: If it cannot be loaded.
    """

    def __init__(self, function: bytes, modules: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._requests, theirs = context.Pipe(duplex=True)
        self._process = context.Process(
            target=_serve, args=(function, tuple(modules), theirs), daemon=True
        )
        try:
            with hidden_main():
                self._process.start()
        except Exception as error:
            raise IsolationError(f"No process can be started: {in_words(error)}.") from error
        finally:
            theirs.close()
        self.close = weakref.finalize(self, _end, self.owner, self._process, self._requests)
        try:
            self._wait_until_loaded()
        except BaseException:
            self.close()
            raise

    def _wait_until_loaded(self) -> None:
        try:
            if not self._requests.poll(_LOADING):
                raise IsolationError(
                    f"The function did not load in another process within {_LOADING:g} s. Do less "
                    "while modules are imported."
                )
            error, missing = self._requests.recv()
        except EOFError:
            self._process.join(_LOOK)
            raise IsolationError(
                "The process in which the function is loaded ended with exit code "
                f"{self._process.exitcode} (out of memory?)."
            ) from None
        if error is not None:
            raise IsolationError(error, missing)

    @property
    def usable(self) -> bool:
        """Whether it can still be asked, by this process."""
        return self.owner == os.getpid() and self._process.is_alive()

    def fork(self, argument: bytes, sender: Connection, around: Surroundings) -> Fork:
        """Begin a call of the function.

        Args:
            argument: With what, pickled.
            sender: Where the outcome goes.
            around: Where it is called.

        Raises:
            OSError: If the process is gone.
            EOFError: Likewise.
        """
        news, status = multiprocessing.Pipe(duplex=False)
        with self._lock, status:
            pid = self._process.pid
            assert pid is not None  # noqa: S101  # it was started
            self._requests.send((argument, around))
            for end in (sender, status):
                reduction.send_handle(self._requests, end.fileno(), pid)
        return Fork(self, news, news.recv())


def _end(owner: int, process: Any, requests: Connection) -> None:
    requests.close()
    if owner == os.getpid():
        process.kill()
        process.join()


class Fork:
    """A process forked from a template, with what `multiprocessing` says of one of its own.

    Args:
        template: Where it comes from.
        news: Where its exit code will come.
        pid: Its number.
    """

    def __init__(self, template: Template, news: Connection, pid: int) -> None:
        self.pid = pid
        self.sentinel = news
        self._template = template  # which is not to end before it
        self._exitcode: int | None = None

    @property
    def exitcode(self) -> int | None:
        """Its exit code, None while it runs."""
        if self._exitcode is None and self.sentinel.poll():
            self.join()
        return self._exitcode

    def kill(self) -> None:
        """Kill it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def join(self) -> None:
        """Wait for its end."""
        if self._exitcode is None:
            try:
                self._exitcode = int(self.sentinel.recv())
            except (EOFError, OSError):  # the template was killed, and it ends with it
                self._exitcode = -signal.SIGKILL
            self.sentinel.close()


# -- in the other process --------------------------------------------------------------------


def _serve(function: bytes, modules: Sequence[str], requests: Connection) -> None:
    """Load the function, then fork a process for each request until nobody can ask any more."""
    # Its children may have children: a `DataLoader` with workers.
    multiprocessing.current_process().daemon = False
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)  # Ctrl-C reaches the process that it works for alone
    torch_import = _OneThread()
    loaded = _load(function, modules, torch_import, requests)
    fork: Any = multiprocessing.get_context("fork")
    parent: Any = multiprocessing.parent_process()
    running: dict[Any, tuple[Any, Connection]] = {}
    while True:
        ready = wait([requests, parent.sentinel, *running], _LOOK if running else None)
        if parent.sentinel in ready:
            os._exit(0)
        for sentinel, (process, status) in list(running.items()):
            if sentinel in ready:
                process.join(0.1)  # known to end a moment before its exit code is
            if process.exitcode is not None:
                with contextlib.suppress(OSError):
                    status.send(process.exitcode)
                status.close()
                process.close()
                del running[sentinel]
        if requests not in ready:
            continue
        try:
            argument, around = requests.recv()
            sender, status = (Connection(reduction.recv_handle(requests)) for _ in range(2))
        except (EOFError, OSError):
            os._exit(0)
        if around.torch is None:  # there was no PyTorch whose number this could be
            own = [n for n in (around.threads, torch_import.threads) if n is not None]
            around = dataclasses.replace(around, threads=min(own, default=None))
        process = fork.Process(target=_call, args=(loaded, argument, sender, around, requests))
        process.start()
        sender.close()
        with contextlib.suppress(OSError):
            status.send(process.pid)
        running[process.sentinel] = process, status


_HOLDS_CUDA = (
    "The function holds something on a CUDA device (a tensor, a model), or starts CUDA when it is "
    "loaded, and a process with CUDA cannot be forked. Move it to the device inside the function, "
    'or give start_method="spawn".'
)


def _load(
    function: bytes, modules: Sequence[str], torch_import: _OneThread, requests: Connection
) -> Callable[[Any], object]:
    """Return the function and say that it is there, or why it is not, and end."""
    signal.alarm(int(_LOADING) + 60)  # where the module that hangs outlives who waits for it
    sys.meta_path.insert(0, torch_import)
    try:
        # What NumPy imports late, every call would import again.
        for name in ("numpy.random", *modules):
            with contextlib.suppress(ImportError):  # as a fork server does: the call will say so
                importlib.import_module(name)
        loaded: Callable[[Any], object] = pickle.loads(function)  # noqa: S301  # from our parent
    except BaseException as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        said = f"The function cannot be loaded in another process: {in_words(error)}."
        requests.send((said, missing))
        os._exit(1)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        requests.send((_HOLDS_CUDA, None))
        os._exit(1)
    requests.send((None, None))
    signal.alarm(0)
    gc.collect()
    gc.freeze()  # what was loaded stays; looking for garbage in it again and again takes time
    return loaded


class _OneThread(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Has PyTorch use one thread from its import on, so that none is there when it is forked.

    Attributes:
        threads: How many it would have used, None before its import.
    """

    threads: int | None = None

    def find_spec(
        self, name: str, path: Any, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            self._loader = spec.loader
            spec.loader = self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self.threads = module.get_num_threads()
        module.set_num_threads(1)


def _call(
    function: Callable[[Any], object],
    argument: bytes,
    sender: Connection,
    around: Surroundings,
    requests: Connection,
) -> None:
    requests.close()
    run(lambda: function(pickle.loads(argument)), sender, around)  # noqa: S301
