"""A search on Ray whose worker and then command are killed: nothing is lost or twice."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytestmark = [pytest.mark.ray, pytest.mark.slow]

COMMAND = ["search", "--dataset", "digits", "--queries", "8", "--image-size", "8", "--width", "4"]
COMMAND += ["--epochs", "8", "--train-size", "200", "--workers", "2", "--device", "cpu"]


def rlnas(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "rlnas", *COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def children(pid):
    """Return the processes below a process with their names."""
    listed = subprocess.run(
        ["/bin/ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1:]
    table = [line.split(None, 2) for line in listed]
    found, below = {}, {pid}
    for _ in range(5):
        for number, parent, name in table:
            if int(parent) in below:
                below.add(int(number))
                found[int(number)] = name
    return found


def records(folder):
    return [json.loads(path.read_text()) for path in folder.glob("architectures/*/record.json")]


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_killed_workers_and_a_killed_command_lose_and_double_nothing(ray_cluster, tmp_path):
    out, whole = tmp_path / "killed", tmp_path / "whole"
    first = rlnas("--ray", "--out", str(out), env={**os.environ, "RAY_ADDRESS": ""})
    wait_for(lambda: len(records(out)) >= 1)
    worker = wait_for(
        lambda: next((p for p, n in children(first.pid).items() if n.startswith("ray::_Wor")), 0)
    )
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(records(out)) >= 4)
    below = [pid for pid, name in children(first.pid).items() if name.startswith("ray::_Wor")]
    first.kill()
    first.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), 60)
    kept = {r["architecture"]: r["seconds"] for r in records(out)}
    again = rlnas("--ray", "--out", str(out), "--resume")
    said, _ = again.communicate(timeout=250)
    assert again.returncode == 0, said
    rlnas("--out", str(whole)).communicate(timeout=250)
    rows = [pd.read_parquet(folder / "rows.parquet") for folder in (out, whole)]
    names = ["query", "architecture", "valid", "epochs", "error"]
    pd.testing.assert_frame_equal(rows[0][names], rows[1][names])
    assert rows[0]["error"].isna().all()
    # What was finished before was not trained again.
    assert {
        r["architecture"]: r["seconds"] for r in records(out) if r["architecture"] in kept
    } == kept
