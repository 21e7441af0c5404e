# ruff: noqa: S602 (the commands are our own)
"""The command line as a process of its own: speed of help, streams, exit statuses, Ctrl-C."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

RLNAS = [sys.executable, "-m", "rlnas"]
SUITE = ["--suite", "synthetic-micro"]


def run(*arguments, **options):
    return subprocess.run(
        [*RLNAS, *arguments], capture_output=True, text=True, timeout=120, check=False, **options
    )


@pytest.mark.parametrize("arguments", [["--help"], ["matrix", "--help"], ["--version"]])
def test_help_is_quick_and_loads_no_heavy_library(arguments):
    code = (
        "import sys, rlnas.cli.main as m; status = m.main(sys.argv[1:]); "
        "heavy = {'torch', 'pandas', 'scipy', 'gymnasium', 'matplotlib'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.returncode == 0, done.stderr
    assert min(times) < 1.5


def test_json_is_the_last_line_of_standard_output(tmp_path):
    done = run(
        "search",
        *SUITE,
        "--task",
        "synthetic-0",
        "--algorithm",
        "random",
        "--queries",
        "5",
        "--seeds",
        "1",
        "--json",
        "--out",
        str(tmp_path / "r"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["command"] == "search"
    assert "search: 1/1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["search", *SUITE, "--task", "nothing"], 2),
        (["search", "--quieries", "3"], 2),
        (["report", "no-such-folder"], 1),
    ],
)
def test_exit_statuses(arguments, status, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(
        f"{' '.join(RLNAS)} data list | head -n 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def interrupt(arguments, ready, tmp_path):
    """Start a command, send Ctrl-C to its process group once `ready` says so, return its end."""
    process = subprocess.Popen(
        [*RLNAS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,  # Ctrl-C on a terminal reaches the workers too
    )
    try:
        deadline = time.monotonic() + 90
        while not ready() and process.poll() is None:
            assert time.monotonic() < deadline, "the command did not get going"
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()[1]
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        return process.returncode, err
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def test_an_interrupted_search_goes_on_where_it_was(tmp_path):
    out = tmp_path / "run"
    arguments = [
        "search",
        *SUITE,
        "--task",
        "synthetic-0",
        "--algorithm",
        "regularised-evolution",
        "--queries",
        "1000",
        "--seeds",
        "16",
        "--out",
        str(out),
    ]
    status, err = interrupt(arguments, lambda: any(out.rglob("seed-*.parquet")), tmp_path)
    assert status == 130
    assert "--resume" in err
    assert "Traceback" not in err
    finished = {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.parquet")}
    assert 0 < len(finished) < 16
    assert not list(out.rglob("*.part"))
    done = run(*arguments, "--resume", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["rows"]) == 16
    assert all(p.stat().st_mtime_ns == at for p, at in finished.items())


@pytest.mark.slow
def test_an_interrupted_matrix_goes_on_where_it_was(tmp_path):
    out = tmp_path / "run"
    arguments = [
        "matrix",
        *SUITE,
        "--tasks",
        "synthetic-0,synthetic-1",
        "--seeds",
        "4",
        "--queries",
        "30",
        "--steps",
        "500",
        "--workers",
        "1",
        "--out",
        str(out),
    ]
    status, err = interrupt(arguments, lambda: any(out.rglob("seed-*.parquet")), tmp_path)
    assert status == 130
    assert "--resume" in err
    finished = {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.parquet")}
    assert 0 < len(finished) < 40
    done = run(*arguments, "--resume", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["rows"]) == 2 * 4 + 2 * 4 * 4
    assert all(p.stat().st_mtime_ns == at for p, at in finished.items())
