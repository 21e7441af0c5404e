"""Calls in processes of their own: what comes back, what fails, and that nothing is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.processes import Failure, run_isolated

METHODS = ("fork", "forkserver", "spawn")


def outcomes(function, arguments, workers=2, **options):
    """Return the outcomes in the order of the arguments; forked unless said otherwise."""
    options.setdefault("start_method", "fork")
    found = dict(run_isolated(function, arguments, workers=workers, **options))
    assert sorted(found) == list(range(len(found)))
    return [found[number] for number in sorted(found)]


def runs(pid):
    """Return whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone(pids, seconds=10.0):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if not any(runs(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def wait_for_lines(path, lines, seconds=20.0):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        if path.exists() and len(found := path.read_text().split()) >= lines:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    raise AssertionError(f"{path} has no {lines} lines")


def square(number):
    return number * number


def signalled(number):
    if number:
        os.kill(os.getpid(), number)
        time.sleep(60)
    return "fine"


@pytest.mark.parametrize("method", METHODS)
def test_values_come_back_from_other_processes(method):
    assert outcomes(square, [3, 4, 5], start_method=method) == [9, 16, 25]
    (pid,) = outcomes(_pid, [0], start_method=method)
    assert pid != os.getpid()


def _pid(_):
    return os.getpid()


def test_no_argument_is_no_call():
    assert outcomes(square, []) == []


def test_as_many_run_at_once_as_there_are_workers():
    def span(_):
        begun = time.monotonic()
        time.sleep(0.6)  # long enough for a busy machine to start the others meanwhile
        return begun, time.monotonic()

    spans = outcomes(span, range(6), workers=3)
    at_once = [sum(a <= begun < b for a, b in spans) for begun, _ in spans]
    assert max(at_once) == 3


def test_they_come_as_they_end():
    calls = run_isolated(_sleep, [0.5, 0.0], workers=2, start_method="fork")
    assert list(calls) == [(1, 0.0), (0, 0.5)]


def _sleep(seconds):
    time.sleep(seconds)
    return seconds


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_values_larger_than_a_pipe_do_not_block(method):
    found = outcomes(_large, [1, 2, 3], workers=3, start_method=method)
    assert [(len(v), int(v[-1])) for v in found] == [(500_000, n) for n in (1, 2, 3)]


def _large(number):
    return np.full(500_000, number)


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_a_killed_one_is_named_and_the_others_go_on(method):
    killed, fine = outcomes(signalled, [signal.SIGKILL, 0], start_method=method)
    message = "the worker was killed by SIGKILL (out of memory?)"
    assert (killed.kind, killed.message) == ("died", message)
    assert fine == "fine"


def _fragile(what):
    deeds = {
        "raises": lambda: 1 / 0,
        "memory": lambda: np.ones((1 << 62,), dtype=np.int8),
        "crash": lambda: os.kill(os.getpid(), signal.SIGUSR1),
        "exit": lambda: os._exit(3),
        "silent": lambda: os._exit(0),
        "sys.exit": lambda: sys.exit(7),
        "unsendable": lambda: lambda: 1,
        "unreadable": _Unreadable,
    }
    return deeds[what]() if what in deeds else what


class _Unreadable:
    def __reduce__(self):
        return _no_value, ()


def _no_value():
    raise ValueError("not here")


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("raises", "error", "ZeroDivisionError: division by zero"),
        ("memory", "error", "MemoryError"),
        ("crash", "died", "killed by SIGUSR1"),
        ("exit", "died", "exit code 3"),
        ("silent", "died", "exit code 0"),
        ("sys.exit", "error", "SystemExit: 7"),
        ("unsendable", "error", "cannot be sent"),
        ("unreadable", "error", "cannot be read: ValueError: not here"),
    ],
)
def test_failures_say_what_happened_and_touch_no_other(what, kind, message):
    before, failure, after = outcomes(_fragile, ["before", what, "after"], workers=1)
    assert (before, after) == ("before", "after")
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert message in failure.message
    assert 0 < failure.seconds < 20


def test_none_and_failures_are_values_like_others():
    assert outcomes(lambda value: value, [None, False]) == [None, False]


def test_what_cannot_be_sent_to_a_worker_fails_alone():
    bad, good = outcomes(_fragile, [threading.Lock(), "good"], start_method="forkserver")
    assert bad.kind == "error"
    assert "could not start" in bad.message
    assert "cannot pickle '_thread.lock' object" in bad.message
    assert good == "good"


def test_a_slow_one_is_killed_with_the_programs_it_started(tmp_path):
    pids = tmp_path / "pids"

    def start_a_program(_):
        program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n{program.pid}\n")
        program.wait()

    begun = time.perf_counter()
    slow, quick = outcomes(
        lambda n: start_a_program(n) if n == 0 else n, [0, 1], workers=1, timeout=0.5
    )
    assert time.perf_counter() - begun < 15
    assert (slow.kind, slow.message) == ("timeout", "timeout after 0.5 s")
    assert slow.seconds >= 0.5
    assert quick == 1
    assert gone(wait_for_lines(pids, 2))


def test_a_value_counts_even_if_the_caller_was_busy_when_time_was_up():
    calls = run_isolated(_sleep, [0.0, 0.05], workers=2, timeout=0.5, start_method="fork")
    next(calls)
    time.sleep(0.7)
    assert next(calls) == (1, 0.05)


@pytest.mark.parametrize("how", ["close", "error in the arguments"])
def test_nothing_is_left_when_it_is_given_up(how, tmp_path):
    pids = tmp_path / "pids"

    def announce(number):
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(60 if number else 0)

    def arguments():
        yield from (1, 1, 0)
        raise RuntimeError("no more")

    calls = run_isolated(announce, arguments(), workers=3, start_method="fork")
    assert next(calls) == (2, None)
    running = wait_for_lines(pids, 3)
    assert sum(runs(pid) for pid in running) == 2
    if how == "close":
        calls.close()
    else:
        with pytest.raises(RuntimeError, match="no more"):
            next(calls)
    assert gone(running, 0.0) or not any(runs(pid) for pid in running)


def test_arguments_are_taken_one_by_one():
    taken = []

    def arguments():
        for number in count():
            taken.append(number)
            yield number

    calls = run_isolated(square, arguments(), workers=2, start_method="fork")
    next(calls)
    assert len(taken) <= 3
    calls.close()


SCRIPT = """
import os, signal, sys, time
from rlnas.processes import run_isolated
signal.signal(signal.SIGINT, signal.default_int_handler)

def announce(path):
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(120)

if __name__ == "__main__":
    calls = run_isolated(announce, [sys.argv[1]] * 5, workers=2, start_method=sys.argv[2])
    try:
        next(calls)
    except KeyboardInterrupt:
        print("interrupted")
        raise
"""


@pytest.mark.parametrize("method", ["fork", "forkserver"])
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(method, end, tmp_path):
    """Ctrl-C ends the workers and then the parent; after SIGKILL they end by themselves."""
    script, pids = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(SCRIPT)
    parent = subprocess.Popen(
        [sys.executable, script, pids, method], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    workers = wait_for_lines(pids, 2)
    parent.send_signal(end)
    said = parent.communicate(timeout=30)[0]
    if end == signal.SIGINT:
        assert said == b"interrupted\n"
        assert not any(runs(pid) for pid in workers)
    assert gone(workers)
    assert len(pids.read_text().split()) == 2, "none was begun any more"


def test_threads_of_pytorch_are_shared_out():
    torch = pytest.importorskip("torch")
    cores = len(os.sched_getaffinity(0))
    (threads,) = outcomes(lambda _: torch.get_num_threads(), [0], workers=cores)
    assert threads == 1


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"timeout": 0}, {"timeout": float("nan")}])
def test_wrong_options_are_refused_at_once(wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        run_isolated(square, [1], **{"workers": 1, **wrong})
