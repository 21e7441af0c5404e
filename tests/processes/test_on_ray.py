"""Workers on Ray: what is lost is done again from here, and nothing stays behind."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor

import pytest

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.processes.on_ray import Ray

pytestmark = pytest.mark.ray


@pytest.fixture
def ray(ray_cluster):
    with Ray(retries=2) as executor:
        yield executor


def dies_until(path, times):
    """Kill the worker the first times that it is called."""
    with path.open("a") as file:
        file.write("x")
    if path.stat().st_size <= times:
        os._exit(1)
    return "done"


def test_a_lost_call_is_made_again_and_comes_back_once(ray, tmp_path):
    def call(name):
        return dies_until(tmp_path / name, 2 if name == "b" else 0)

    outcomes = list(ray.calls(call).calls(["a", "b", "c"], workers=2))
    assert sorted(outcomes) == [(0, "done"), (1, "done"), (2, "done")]
    assert (tmp_path / "b").read_text() == "xxx"
    assert (tmp_path / "a").read_text() == "x"


def test_what_loses_every_worker_has_died(ray, tmp_path):
    def call(name):
        return dies_until(tmp_path / name, 100)

    ((_, failure),) = ray.calls(call).calls(["a"], workers=1)
    assert failure.kind == "died"
    assert "3 workers on Ray were lost over it" in failure.message
    assert (tmp_path / "a").read_text() == "xxx"
    with pytest.raises(BrokenExecutor):
        ray.pool(1).submit(call, "b").result()


def test_the_function_and_its_data_are_sent_once(ray):
    class Held:
        def __init__(self):
            self.data = bytes(3_000_000)
            self.calls = 0

        def __call__(self, number):
            self.calls += 1
            return os.getpid(), self.calls

    calls = ray.calls(Held())
    first = [outcome for _, outcome in calls.calls(range(3), workers=1)]
    second = [outcome for _, outcome in calls.calls(range(2), workers=1)]
    assert len({pid for pid, _ in first + second}) == 1
    assert [number for _, number in first + second] == [1, 2, 3, 4, 5]


def test_who_stops_listening_ends_what_still_runs(ray, tmp_path):
    def call(number):
        if number:
            time.sleep(30)
            (tmp_path / "late").touch()
        return number

    calls = ray.calls(call)
    outcomes = calls.calls([0, 1], workers=2)
    assert next(outcomes) == (0, 0)
    outcomes.close()
    start = time.monotonic()
    assert list(calls.calls([0, 0], workers=2)) == [(0, 0), (1, 0)]
    assert time.monotonic() - start < 25
    assert not (tmp_path / "late").exists()


def test_what_cannot_be_sent_is_said(ray):
    lock = threading.Lock()
    with pytest.raises(InvalidArgumentError, match="cannot be sent to a worker on Ray"):
        ray.calls(lambda _: lock).check()


def test_a_worker_that_cannot_start_is_an_error_and_no_endless_wait(ray, monkeypatch):
    def broken(self, modules, held):
        raise ImportError("no module named rlnas")

    monkeypatch.setattr("rlnas.processes.on_ray._Worker.__init__", broken)
    import cloudpickle

    from rlnas.processes import on_ray

    cloudpickle.register_pickle_by_value(on_ray)
    try:
        with pytest.raises(RunError, match="No worker starts on Ray"):
            ray.pool(1).submit(abs, -1).result()
    finally:
        cloudpickle.unregister_pickle_by_value(on_ray)


def test_a_closed_pool_ends_what_waits(ray):
    pool = ray.pool(1)
    futures = [pool.submit(time.sleep, 30) for _ in range(2)]
    pool.shutdown(wait=False, cancel_futures=True)
    for future in futures:
        with pytest.raises(BrokenExecutor, match="closed"):
            future.result(timeout=20)
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(abs, 1)


def test_no_cluster_at_an_address_is_said(ray_cluster, tmp_path):
    script = "from rlnas.processes.on_ray import Ray; Ray('127.0.0.1:1').connect(1)"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "RunError: There is no Ray cluster at 127.0.0.1:1" in ran.stderr


@pytest.mark.parametrize("wrong", [{"gpus": -1}, {"cpus": float("nan")}, {"retries": -1}])
def test_numbers_out_of_range_are_refused(ray_cluster, wrong):
    with pytest.raises(InvalidArgumentError, match="expected 0"):
        Ray(**wrong)


ALONE = """
import os, sys
from rlnas.processes.on_ray import Ray
with Ray() as executor:
    print(sorted(executor.calls(abs).calls([-1, -2], workers=2)))
    print("session", executor._ray._private.worker._global_node.get_session_dir_path())
"""


def test_a_cluster_of_its_own_leaves_no_process_behind(ray_cluster):
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    ran = subprocess.run(
        [sys.executable, "-c", ALONE], capture_output=True, text=True, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "[(0, 1), (1, 2)]" in ran.stdout
    session = ran.stdout.split("session ")[1].strip()
    for _ in range(50):
        commands = subprocess.run(
            ["/bin/ps", "-eo", "args"], capture_output=True, text=True, check=True
        ).stdout
        if session not in commands:
            break
        time.sleep(0.2)
    assert session not in commands
