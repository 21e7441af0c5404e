"""One process at a time writes to a folder, and the others hear which."""

import os
import subprocess
import sys
import threading

import pytest

from rlnas.errors import RunError, UnwritableError
from rlnas.lock import folder_lock
from rlnas.run_folder import CONFIG, only_writer

HOLD = """
import sys, time
from rlnas.run_folder import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_told_who_writes_and_a_killed_one_lets_go(tmp_path):
    process = holder(tmp_path / "run")
    try:
        with (
            pytest.raises(RunError, match=rf"by process {process.pid} on .+, since \d{{4}}-"),
            only_writer(tmp_path / "run"),
        ):
            pass
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with only_writer(tmp_path / "run"):
        pass
    assert list((tmp_path / "run").iterdir()) == []


def test_the_same_process_cannot_write_twice_at_once_but_one_after_the_other(tmp_path):
    for _ in range(2):
        with folder_lock(tmp_path):
            with pytest.raises(RunError, match=f"process {os.getpid()}"), folder_lock(tmp_path):
                pass
            assert [p.name for p in tmp_path.iterdir()] == [".lock"]
    assert list(tmp_path.iterdir()) == []


def test_an_error_lets_go(tmp_path):
    with pytest.raises(ZeroDivisionError), folder_lock(tmp_path):
        raise ZeroDivisionError
    with folder_lock(tmp_path):
        pass


def test_nothing_is_put_into_a_folder_of_something_else(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with only_writer(tmp_path):
        assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    (tmp_path / CONFIG).write_text("{}")
    with only_writer(tmp_path):
        assert (tmp_path / ".lock").exists()
    with pytest.raises(RunError, match="is a file"), only_writer(tmp_path / "thesis.tex"):
        pass


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("years of work")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / "victim")
    with pytest.raises(UnwritableError), folder_lock(tmp_path / "run"):
        pass
    assert (tmp_path / "victim").read_text() == "years of work"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UnwritableError, match="permissions"), folder_lock(tmp_path / "run"):
        pass
    tmp_path.chmod(0o700)


def test_one_who_waits_gets_it_when_it_is_let_go_of(tmp_path):
    process = holder(tmp_path)
    timer = threading.Timer(0.3, process.kill)
    timer.start()
    with folder_lock(tmp_path, wait=30.0):
        assert process.wait() != 0
        with pytest.raises(RunError, match=f"process {os.getpid()}"), folder_lock(tmp_path):
            pass
        with pytest.raises(RunError), folder_lock(tmp_path, wait=0.05):
            pass
    process.stdout.close()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]  # for the next, in a moment
    with folder_lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
