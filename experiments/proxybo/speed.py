"""Processor milliseconds that ProxyBO takes to choose a query, on one core.

Usage: ``OMP_NUM_THREADS=1 python speed.py [--repeats 9] [--out FOLDER]``. After so many random
observations choices are made and queried one after the other; `speed.csv` has the median and the
least of them, by the time of the thread, which other programs lengthen a little but do not add to.
The tables are NAS-Bench-201's with three made-up proxies, as the time does not depend on their
values, and a cell space of 1.2 × 10⁹ architectures with proxies that are computed (of 100, once).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.benchmarks import load_suite
from rlnas.search.bayesian.optimisation import Observed
from rlnas.search.proxies.proxy_bo import ProxyBO
from rlnas.spaces import CellSpace
from rlnas.tasks import Task, make_task
from rlnas.tasks.proxies import ProxyColumns

CASES = ((50, 9), (200, 9), (500, 5), (1000, 5), (2000, 3))
"""Observations, and choices that are measured."""
LARGE = "cells-of-speed"


def listed() -> Task:
    """Return CIFAR-10 of NAS-Bench-201 with made-up proxies."""
    suite, rng = load_suite("nasbench-201"), np.random.default_rng(0)
    task = suite["cifar10"]
    scores = (task.scores - task.scores.mean()) / task.scores.std()
    noise = {"snip": 1.0, "jacov": 0.7, "synflow": 1.5}
    task.proxies = ProxyColumns(
        suite.space, {n: scores + k * rng.normal(size=len(scores)) for n, k in noise.items()}
    )
    return task


class Counted:
    """Proxies that are computed: how often each of three operations comes."""

    names = ("snip", "jacov", "synflow")
    free = False

    def values(self, names: tuple[str, ...], vectors: np.ndarray) -> np.ndarray:
        """Return counts."""
        return np.array([(vectors == self.names.index(n)).sum(axis=1) for n in names], dtype=float)


def unlisted(proxies: bool) -> Task:
    """Return a task on a space of 8^10 cells."""
    edges = [(a, b) for b in range(5) for a in range(b)]
    space = CellSpace(LARGE, edges, [f"op{n}" for n in range(8)])
    weights = np.arange(space.num_positions)
    task = make_task(space, lambda vector: float((vector == 3) @ weights), pass_as="vector")
    if proxies:
        task.proxies = Counted()
    return task


def measure(task: Task, method: ProxyBO, observations: int, repeats: int) -> tuple[float, float]:
    """Return median and least milliseconds of a choice after some observations."""
    ledger = task.ledger(observations + repeats + 1)
    rng = np.random.default_rng(1)
    while ledger.queries < observations:
        ledger.query_many(task.space.sample(observations - ledger.queries, rng))
    search = method._begin(ledger, np.random.default_rng(2))
    taken = []
    for _ in range(repeats + 1):
        scores = ledger.scores()
        began = time.thread_time()
        batch = method._batch(search, Observed(ledger.vectors(), scores, len(scores)))
        taken.append(1000 * (time.thread_time() - began))
        ledger.query_many(batch)
    return float(np.median(taken[1:])), min(taken[1:])  # the first one loads what is loaded once


def main() -> None:
    """Measure and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    path = parser.parse_args().out / "speed.csv"
    cells = unlisted(False)
    places = {
        f"{cells.space.size:.1e} cells, no proxies": cells,
        f"{cells.space.size:.1e} cells, computed proxies": unlisted(True),
        "NAS-Bench-201": listed(),
    }
    rows = []
    for place, task in places.items():
        for model in ("forest", "gp"):
            for observations, repeats in CASES:
                if "cells" in place and (observations > 500 or model == "gp"):
                    continue
                found = measure(task, ProxyBO(surrogate_model=model), observations, repeats)
                rows.append(
                    {"space": place, "surrogate": model, "observations": observations}
                    | dict(zip(("median_ms", "least_ms"), np.round(found, 1), strict=True))
                )
                print(rows[-1], flush=True)
    pd.DataFrame(rows).to_csv(path, index=False)


if __name__ == "__main__":
    main()
