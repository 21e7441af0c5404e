"""A function that waits in another process to be called."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.processes import Isolated, IsolationError


def values(isolated, arguments, **options):
    found = dict(isolated.calls(arguments, workers=2, **options))
    return [found[number] for number in sorted(found)]


def parent(_):
    return os.getppid()


def test_all_calls_come_from_one_process_that_loaded_the_function_once(tmp_path):
    class Loud:
        def __reduce__(self):
            return _load, (str(tmp_path / "loads"),)

    thing = Loud()
    isolated = Isolated(lambda n: (os.getppid(), thing, n)[0])
    first, second = values(isolated, [0, 1]), values(isolated, [2])
    assert len({*first, *second}) == 1
    assert (tmp_path / "loads").read_text() == "x"
    pid = first[0]
    del isolated
    assert not Path(f"/proc/{pid}").exists()


def _load(path):
    with Path(path).open("a") as file:
        file.write("x")


def test_another_takes_its_place_when_it_is_killed():
    isolated = Isolated(parent)
    (pid,) = values(isolated, [0])
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    (other,) = values(isolated, [0])
    assert other != pid


def test_what_cannot_be_sent_or_loaded_is_said():
    import threading

    lock = threading.Lock()
    with pytest.raises(InvalidArgumentError, match="cannot pickle"):
        Isolated(lambda n: lock).check()
    Isolated(lambda n: lock, start_method="fork").check()

    class Fragile:
        def __reduce__(self):
            return _explode, ()

    thing = Fragile()
    with pytest.raises(IsolationError, match=r"cannot be loaded .*: OSError: not here"):
        values(Isolated(lambda n: thing), [0])


def _explode():
    raise OSError("not here")


def test_the_time_to_load_is_not_that_of_the_call():
    class Slow:
        def __reduce__(self):
            return time.sleep, (1.5,)

    thing = Slow()
    assert values(Isolated(lambda n: (thing, n)[1]), [7], timeout=1.0) == [7]


def test_calls_end_with_the_process_that_asked(tmp_path):
    script, pids = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(
        "import os, subprocess, sys, time\n"
        "from rlnas.processes import Isolated\n"
        "def work(n):\n"
        "    program = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    pids = f'{os.getpid()} {os.getppid()} {program.pid}'\n"
        f"    open({str(pids)!r}, 'w').write(pids)\n"
        "    time.sleep(60)\n"
        "calls = Isolated(work).calls([0], workers=1)\n"
        "next(calls)\n"
    )
    process = subprocess.Popen([sys.executable, script])
    end = time.perf_counter() + 60
    while not (pids.exists() and len(pids.read_text().split()) == 3):
        assert time.perf_counter() < end
        time.sleep(0.05)
    process.kill()
    process.wait()
    waiting = [int(pid) for pid in pids.read_text().split()]
    while any(_runs(pid) for pid in waiting):
        assert time.perf_counter() < end
        time.sleep(0.05)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
