"""ProxyBO on `rooms-micro` with its own proxies, read from the table or computed as it goes.

Usage: ``python rooms.py [--seeds 5] [--out FOLDER]``. 100 queries a search on each of the seven
tasks. ``live`` is what a search on images can do: proxies of 200 architectures are known, and
their seconds count. What they would take is measured on eight networks of each task. Writes
``rooms-rows.csv``, a row a search, and ``rooms.md``; what is there is not searched again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.benchmarks import load_suite
from rlnas.datasets import load_task_data
from rlnas.networks import SkeletonConfig
from rlnas.proxies import proxy_scores
from rlnas.search import get_searcher
from rlnas.search.proxies.proxy_bo import PUBLISHED
from rlnas.tasks import TabularTask
from rlnas.tasks.proxies import ProxyColumns

SUITE, QUERIES, POINTS, MEASURED = "rooms-micro", 100, (20, 50, 100), 8
LIVE = 2 * QUERIES
"""Architectures whose proxies are computed in so long a search."""
METHODS = {
    "random": ("random", {}),
    "regularised-evolution": ("regularised-evolution", {}),
    "bo-forest": ("bo-forest", {}),
    "bo-gp": ("bo-gp", {}),
    "proxy-rank": ("proxy-rank", {}),
    "proxybo": ("proxybo", {}),
    "proxybo, live": ("proxybo", {}),
    "proxybo, gp": ("proxybo", {"surrogate_model": "gp"}),
    "proxybo, gp, live": ("proxybo", {"surrogate_model": "gp"}),
}


class Computed(ProxyColumns):
    """Columns of a table that stand for what would be computed."""

    free = False


def seconds_of_proxies(task: str) -> float:
    """Return processor seconds that the three proxies of one architecture take."""
    data = load_task_data("rooms", task, seed=0, train_size=64, valid_size=32, test_size=32)
    space, rng = load_suite(SUITE).space, np.random.default_rng(0)
    config = SkeletonConfig(
        width=8, modules="141", cells_per_module=1, decoder="light", decoder_width=8
    )
    vectors = space.sample(MEASURED + 1, rng)
    for number, vector in enumerate(vectors):
        proxy_scores(space, space.format(vector), data, config, names=PUBLISHED, batch_size=32)
        if not number:  # the first one loads what is loaded once
            began = time.process_time()
    return (time.process_time() - began) / MEASURED


def search(path: Path, seeds: int) -> pd.DataFrame:
    """Run what is missing, and return all rows."""
    suite = load_suite(SUITE)
    done = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["task", "method", "seed"])
    known = set(zip(done["task"], done["method"], done["seed"], strict=True))
    seconds = done.groupby("task")["proxy_seconds"].max().to_dict() if len(done) else {}
    for seed in range(seeds):
        for name in suite:
            for method, (searcher, options) in METHODS.items():
                if (name, method, seed) in known:
                    continue
                if name not in seconds:
                    seconds[name] = round(seconds_of_proxies(name), 4)
                task = suite[name]
                task.proxies = _columns(task, "live" in method)
                result = get_searcher(searcher, **options).search(task, QUERIES, seed=seed)
                row = {"task": name, "method": method, "seed": seed}
                row |= {f"rank_at_{q}": task.rank(result.best_so_far[q - 1]) for q in POINTS}
                costs = np.cumsum([record.evaluation.cost for record in result.records])
                row |= {f"seconds_at_{q}": round(float(costs[q - 1]), 1) for q in POINTS}
                row["proxy_seconds"] = seconds[name]
                pd.DataFrame([row]).to_csv(path, mode="a", header=not path.exists(), index=False)
        print("seed", seed, flush=True)
    return pd.read_csv(path)


def _columns(task: TabularTask, computed: bool) -> ProxyColumns:
    values = task.proxies.values(PUBLISHED, task.space.arrays)
    kind = Computed if computed else ProxyColumns
    return kind(task.space, dict(zip(PUBLISHED, values, strict=True)))


def tell(rows: pd.DataFrame) -> str:
    """Return the table as Markdown."""
    points = " / ".join(map(str, POINTS))
    lines = [
        f"| method | searches | mean rank @{points} ± one standard error over seeds "
        f"| mean log₁₀ rank @{points} | training, seconds @{points} | proxies, seconds |",
        "|---|---|---|---|---|---|",
    ]
    for method in METHODS:
        own = rows[rows["method"] == method]
        ranks, logs, spent = [], [], []
        for q in POINTS:
            found = own[f"rank_at_{q}"]
            seeds = found.groupby(own["seed"]).mean()
            ranks.append(f"{found.mean():.3g} ± {seeds.sem():.2g}")
            logs.append(f"{np.log10(found).mean():.2f}")
            spent.append(f"{own[f'seconds_at_{q}'].mean():.0f}")
        computed = f"{LIVE * own['proxy_seconds'].mean():.0f}" if "live" in method else "0"
        cells = [method, str(len(own)), " / ".join(ranks), " / ".join(logs), " / ".join(spent)]
        lines.append("| " + " | ".join([*cells, computed]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    rows = search(options.out / "rooms-rows.csv", options.seeds)
    (options.out / "rooms.md").write_text(tell(rows))


if __name__ == "__main__":
    main()
