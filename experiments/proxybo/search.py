"""Searches of ProxyBO and its peers, 200 queries each.

Usage: ``python search.py SUITE --proxies FOLDER [--seeds 10] [--out FOLDER]``. Writes
``SUITE-rows.csv``, a row a search with every improvement of its best score and rank, and
``SUITE-influence.csv``, what ProxyBO thought of each predictor. What is there is not searched
again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.benchmarks import load_suite
from rlnas.search import SearchResult, get_searcher
from rlnas.tasks import Suite, TabularTask
from rlnas.tasks.proxies import ProxyColumns

QUERIES = 200
TASKS = {
    "nasbench-201": ("cifar10", "cifar100", "ImageNet16-120"),
    "transnas-micro": ("class_scene", "class_object", "jigsaw", "room_layout"),
}
PUBLISHED = ("snip", "jacov", "synflow")
METHODS: dict[str, tuple[str, dict[str, object], str]] = {
    # name: searcher, options, which proxies
    "random": ("random", {}, "real"),
    "local": ("local", {}, "real"),
    "regularised-evolution": ("regularised-evolution", {}, "real"),
    "proxy-rank": ("proxy-rank", {}, "real"),
    "proxy-evolution": ("proxy-evolution", {}, "real"),
    "robot": ("robot", {}, "real"),
    "bo-forest": ("bo-forest", {}, "real"),
    "bo-gp": ("bo-gp", {}, "real"),
    "brp": ("brp", {}, "real"),
    "proxybo": ("proxybo", {}, "real"),
    "proxybo, drawn": ("proxybo", {"combine": "sample"}, "real"),
    "proxybo, gp": ("proxybo", {"surrogate_model": "gp"}, "real"),
    "proxybo, τ₀ = 0.2": ("proxybo", {"temperature": 0.2}, "real"),
    "proxybo, τ₀ = 0.2, spoiled": ("proxybo", {"temperature": 0.2}, "spoiled"),
    "proxybo, gp, τ₀ = 0.2": ("proxybo", {"surrogate_model": "gp", "temperature": 0.2}, "real"),
    "proxybo, gp, τ₀ = 0.2, spoiled": (
        "proxybo",
        {"surrogate_model": "gp", "temperature": 0.2},
        "spoiled",
    ),
    "proxybo, fixed": ("proxybo", {"influence": "fixed"}, "real"),
    "proxybo, proxies only": ("proxybo", {"surrogate_model": "none"}, "real"),
    "proxybo, negated too": ("proxybo", {"negated": True}, "real"),
    "proxybo, jacov alone": ("proxybo", {"proxies": ("jacov",)}, "real"),
    "proxybo, spoiled": ("proxybo", {}, "spoiled"),
    "proxybo, spoiled, negated too": ("proxybo", {"negated": True}, "spoiled"),
    "proxybo, spoiled, fixed": ("proxybo", {"influence": "fixed"}, "spoiled"),
    "proxybo, gp, spoiled": ("proxybo", {"surrogate_model": "gp"}, "spoiled"),
    "proxybo, gp, spoiled, negated too": (
        "proxybo",
        {"surrogate_model": "gp", "negated": True},
        "spoiled",
    ),
}


def proxies_of(
    suite: Suite[TabularTask], folder: Path, kind: str, seed: int
) -> dict[str, dict[str, np.ndarray]]:
    """Return snip, jacov and synflow of each task; spoiled: noise for snip, synflow reversed."""
    found = {}
    for task in TASKS[suite.name]:
        columns = (
            _of_nasbench_201(suite, folder, task)
            if suite.name == "nasbench-201"
            else _of_micro(suite, task)
        )
        if kind == "spoiled":
            columns["snip"] = np.random.default_rng(seed).normal(size=suite.space.size)
            columns["synflow"] = -columns["synflow"]
        found[task] = columns
    return found


def _of_nasbench_201(suite: Suite[TabularTask], folder: Path, task: str) -> dict[str, np.ndarray]:
    """Published values; CIFAR-100 has none of its own and gets those on CIFAR-10."""
    cifar = pd.read_csv(folder / "nb201_zc_proxies.csv")
    index = suite.space.index(np.array([suite.space.parse(text) for text in cifar["net_str"]]))
    frame = cifar
    if task == "ImageNet16-120":
        frame = pd.read_csv(folder / "nb201_ImageNet16-120_zc_proxies.csv")
        index = frame["net"].map(dict(zip(cifar["net"], index, strict=True))).to_numpy()
    columns = {}
    for proxy in PUBLISHED:
        columns[proxy] = np.full(suite.space.size, np.nan)
        columns[proxy][index] = frame[proxy]
    return columns


def _of_micro(suite: Suite[TabularTask], task: str) -> dict[str, np.ndarray]:
    """synflow as published; snip and jacov of the same cells on the rooms of the same task."""
    rooms = load_suite("rooms-micro")[task].proxies
    (synflow,) = suite[task].proxies.values(["synflow"], suite.space.arrays)
    snip, jacov = rooms.values(["snip", "jacov"], suite.space.arrays)
    return {"snip": snip, "jacov": jacov, "synflow": synflow}


def row_of(result: SearchResult, task: TabularTask, seconds: float) -> dict[str, object]:
    """Return what is kept of a search."""
    best = result.best_so_far
    better = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    parts = [f"{q + 1}:{best[q]:.6f}:{task.rank(best[q])}" for q in better]
    return {"seconds": seconds, "improvements": " ".join(parts)}


def main() -> None:
    """Run what is missing, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=list(TASKS))
    parser.add_argument("--proxies", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    suite = load_suite(options.suite)
    path = options.out / f"{options.suite}-rows.csv"
    traces = options.out / f"{options.suite}-influence.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["task", "method", "seed"])
    known = set(zip(done["task"], done["method"], done["seed"], strict=True))
    for seed in range(options.seeds):
        kinds = {k: proxies_of(suite, options.proxies, k, seed) for k in ("real", "spoiled")}
        for method in options.methods:
            for name in TASKS[options.suite]:
                if (name, method, seed) in known:
                    continue
                searcher, settings, kind = METHODS[method]
                task = suite[name]
                task.proxies = ProxyColumns(suite.space, kinds[kind][name])
                began = time.process_time()
                result = get_searcher(searcher, **settings).search(task, QUERIES, seed=seed)
                seconds = time.process_time() - began
                row = {"task": name, "method": method, "seed": seed}
                _append(path, [{**row, **row_of(result, task, round(seconds, 3))}])
                if method in ("proxybo", "proxybo, spoiled"):
                    _append(traces, _trace(row, result))
        print(options.suite, "seed", seed, "done", flush=True)


def _trace(row: dict[str, object], result: SearchResult) -> list[dict[str, object]]:
    """Return ability and influence of every predictor after every tenth query."""
    rows = []
    for record in result.records[10::10]:
        names = [n.removeprefix("ability/") for n in record.notes if n.startswith("ability/")]
        for name in names:
            known = {k: round(record.notes[f"{k}/{name}"], 4) for k in ("ability", "influence")}
            rows.append({**row, "query": record.query, "predictor": name, **known})
    return rows


def _append(path: Path, rows: list[dict[str, object]]) -> None:
    pd.DataFrame(rows).to_csv(path, mode="a", header=not path.exists(), index=False)


if __name__ == "__main__":
    main()
