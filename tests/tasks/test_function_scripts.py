"""A user's function in processes of its own, from scripts as people write them."""

import os
import subprocess
import sys
import textwrap
import time

import pytest

pytest.importorskip("torch")

HEAD = """
import rlnas
space = rlnas.get_space("transnas-micro")
some = space.from_index([0, 1])
def tell(task):
    for e in task.ledger(2).query_many(some):
        print(e.score, e.error)
"""
USED_PYTORCH = """
import torch
torch.set_num_threads(2)
a = torch.randn(600, 600)
(a @ a).sum(); (torch.randn(4_000_000) + 1).sum()
torch.nn.Conv2d(3, 16, 3)(torch.randn(8, 3, 64, 64)).sum().backward()
def evaluate(text):
    b = torch.ones(600, 600)
    torch.nn.Conv2d(3, 16, 3)(torch.randn(8, 3, 64, 64)).sum().backward()
    return float((b @ b).mean() + (torch.zeros(4_000_000) + 1).mean())
"""


def run(how, body, tmp_path, seconds=120, head=HEAD):
    """Run a script, or the same typed in, and return what it prints."""
    text = head + textwrap.dedent(body)
    script = tmp_path / "script.py"
    script.write_text(text)
    arguments = {"script": [script], "-c": ["-c", text]}[how]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    return done.stdout, done.stderr


@pytest.mark.parametrize("how", ["script", "-c"])
def test_after_pytorch_computed_here_without_a_guard(how, tmp_path):
    said, errors = run(
        how,
        USED_PYTORCH + 'print("once")\ntell(rlnas.make_task(space, evaluate, timeout=60))',
        tmp_path,
    )
    assert said == "once\n601.0 None\n601.0 None\n", errors


def test_after_pytorch_computed_here_on_two_workers_and_in_an_explicit_fork(tmp_path):
    body = """
    tell(rlnas.make_task(space, evaluate, workers=2, timeout=60))
    tell(rlnas.make_task(space, evaluate, timeout=60, start_method="fork"))
    tell(rlnas.make_task(space, lambda text: evaluate(text), timeout=100, start_method="spawn"))
    """
    said, errors = run("script", USED_PYTORCH + textwrap.dedent(body), tmp_path, 250)
    assert said == "601.0 None\n" * 6, errors


def test_lambdas_closures_classes_and_generators_of_numbers_go_along(tmp_path):
    body = """
    import numpy as np
    np.random.seed(3)
    class Model:
        def __init__(self, bias): self.bias = bias
        def __call__(self, text): return helper(text) + self.bias
    def make(k):
        return lambda text: k * helper(text)
    model, table = Model(0.5), np.arange(3.0)
    task = rlnas.make_task(space, lambda text: table.sum() + np.random.random(), timeout=50)
    first = rlnas.make_task(space, model, workers=2)
    def helper(text): return float(len(text))  # after the task was made
    tell(first)
    tell(rlnas.make_task(space, make(2), timeout=50))
    tell(rlnas.make_task(space, make(3), timeout=50))
    tell(task)
    print(3 + np.random.RandomState(3).random_sample())
    """
    said, errors = run("script", body, tmp_path)
    lines = said.splitlines()
    assert lines[:6] == ["17.5 None"] * 2 + ["34.0 None"] * 2 + ["51.0 None"] * 2, errors
    assert lines[6] == lines[7] == f"{lines[8]} None"


def test_what_cannot_be_sent_is_said_when_the_task_is_made(tmp_path):
    body = """
    import socket, threading
    for thing in (threading.Lock(), socket.socket(), (i for i in range(3))):
        try:
            rlnas.make_task(space, lambda text: thing and 1.0, timeout=50)
        except rlnas.errors.InvalidArgumentError as error:
            print(error)
    tell(rlnas.make_task(space, lambda text: thing and 1.0, timeout=50, start_method="fork"))
    """
    begun = time.perf_counter()
    said, errors = run("script", body, tmp_path)
    lines = said.splitlines()
    assert len(lines) == 5, errors
    assert all("cannot pickle" in line and 'start_method="fork"' in line for line in lines[:3])
    assert lines[3:] == ["1.0 None"] * 2
    assert time.perf_counter() - begun < 60


def test_what_cannot_be_loaded_ends_the_search_at_once(tmp_path):
    body = """
    class Fragile:
        def __reduce__(self): return explode, ()
    def explode(): raise OSError("not on this machine")
    thing = Fragile()
    rlnas.get_searcher("random").search(
        rlnas.make_task(space, lambda text: thing and 1.0, timeout=50), 20, seed=0)
    """
    _, errors = run("script", body, tmp_path)
    last = errors.splitlines()[-1]
    assert last.startswith("rlnas.processes.template.IsolationError: The function cannot be loaded")
    assert "OSError: not on this machine" in last


def test_modules_beside_the_script_and_modules_from_elsewhere(tmp_path):
    (tmp_path / "beside.py").write_text("def score(text): return float(len(text))\n")
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "elsewhere.py").write_text(
        "def half(text): return 0.5 * len(text)\ndef score(text): return half(text)\n"
    )
    body = """
    import importlib.util, sys, beside
    spec = importlib.util.spec_from_file_location("elsewhere", "hidden/elsewhere.py")
    elsewhere = sys.modules["elsewhere"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(elsewhere)
    tell(rlnas.make_task(space, beside.score, workers=2))
    tell(rlnas.make_task(space, elsewhere.score, workers=2))
    """
    said, errors = run("script", body, tmp_path)
    assert said == "17.0 None\n17.0 None\n8.5 None\n8.5 None\n", errors


def test_a_module_that_computes_with_pytorch_when_it_is_imported(tmp_path):
    """Threads of PyTorch that began before the fork would be missed after it."""
    (tmp_path / "dataset.py").write_text(
        "import torch\nX = (torch.randn(4_000_000) + 1).sigmoid()\n"
        "def score(text):\n    return float(torch.get_num_threads() + 0 * (X + 1).sum())\n"
    )
    body = "import dataset\ntell(rlnas.make_task(space, dataset.score, timeout=60))"
    said, errors = run("script", body, tmp_path)
    assert said == f"{float(min(2, os.cpu_count()))} None\n" * 2, errors


def test_a_data_loader_with_workers_in_a_worker(tmp_path):
    body = """
    import torch
    def evaluate(text):
        data = torch.utils.data.TensorDataset(torch.arange(32.0))
        loader = torch.utils.data.DataLoader(data, batch_size=4, num_workers=2)
        return sum(float(batch.sum()) for (batch,) in loader)
    for method in (None, "fork"):
        tell(rlnas.make_task(space, evaluate, timeout=100, start_method=method))
    """
    said, errors = run("script", body, tmp_path)
    assert said == "496.0 None\n" * 4, errors


def test_real_training_on_two_workers_without_a_guard(tmp_path):
    pytest.importorskip("sklearn")
    body = """
    print("once")
    from rlnas.training import Recipe, make_training_task
    task = make_training_task("transnas-micro", "digits", "class", Recipe(epochs=1), train_size=64,
                              valid_size=32, test_size=32, workers=2, timeout=200)
    print([e.error for e in task.ledger(2).query_many(some)])
    """
    said, errors = run("script", body, tmp_path, 280)
    assert said == "once\n[None, None]\n", errors


def test_a_matrix_on_two_workers_without_a_guard_and_with_one(tmp_path):
    body = """
    import sys
    print("once")
    from rlnas.processes import worker_pool
    def work():
        with worker_pool(2, []) as pool:
            print(list(pool.map(abs, [-1, -2])))
    work()
    """
    said, errors = run("script", body, tmp_path)
    assert said == "once\n[1, 2]\n", errors
    guarded = body.replace("    work()\n", "    if __name__ == '__main__':\n        work()\n")
    guarded = guarded.replace("map(abs", "map(twice").replace(
        "    def work", "    def twice(n): return 2 * n\n    def work"
    )
    said, errors = run("script", guarded.replace('print("once")', ""), tmp_path)
    assert said == "[-2, -4]\n", errors
