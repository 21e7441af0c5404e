"""What whole files cost: least processor time in ms of writing and reading them, as JSON.

``PYTHONPATH=<tree> python tests/robustness/costs.py`` measures the rlnas of a tree, so that two of
them can be compared in turn.
"""

import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from rlnas import benchmarks
from rlnas.benchmarks.storage import open_table, save_table
from rlnas.checkpoints import read_weights, write_checkpoint
from rlnas.search import SearchResult, get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import Metric


def least(call, times):
    """Return the least processor time of a call in ms."""
    found = []
    for _ in range(times):
        before = time.thread_time()
        call()
        found.append(1e3 * (time.thread_time() - before))
    return round(min(found), 3)


def made_table():
    """Return a table of 28 columns of 32 kB each."""
    source = getattr(benchmarks, "Provenance", None) or benchmarks.Source  # its former name
    rng, tasks = np.random.default_rng(0), [f"t{i}" for i in range(7)]
    columns = [
        benchmarks.Column(task, Metric(name=f"acc{j}"), rng.random(4096))
        for task in tasks
        for j in range(4)
    ]
    space, primary = get_space("transnas-micro"), dict.fromkeys(tasks, "acc0")
    return benchmarks.BenchmarkTable(
        "mine", space, columns, primary=primary, source=source(title="")
    )


def main():
    """Measure and print."""
    torch.set_num_threads(1)
    network = torch.nn.Sequential(*[torch.nn.Linear(256, 256) for _ in range(4)])  # 1 MB
    task = benchmarks.load_suite("synthetic-micro")["synthetic-0"]
    result = get_searcher("random").search(task, 50, seed=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_table(made_table(), folder / "table")
        costs = {
            "checkpoint written": least(
                lambda: write_checkpoint(folder / "c", {"a": 1}, network), 40
            ),
            "weights read": least(lambda: read_weights(folder / "c"), 200),
            "table opened": least(lambda: open_table(folder / "table"), 300),
            "result saved": least(lambda: result.save(folder / "r.parquet"), 60),
            "result loaded": least(lambda: SearchResult.load(folder / "r.parquet"), 100),
        }
    print(json.dumps(costs))


if __name__ == "__main__":
    main()
