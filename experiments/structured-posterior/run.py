"""Leave one task out: searches by the structured posterior, and without each of its parts.

Usage: ``python run.py SUITE [--seeds 20] [--variants full no-distrust …] [--out FOLDER]``. Writes
``SUITE-rows.csv``, a row a search; what is there already is not searched again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.search.bayesian.distrust import STRUCTURED
from rlnas.statistics.random_line import random_line
from rlnas.tasks import TabularTask
from rlnas.transfer import Source, TransferBO
from rlnas.transfer.methods.transfer_bo import CANDIDATES

FURTHER = {
    "transnas-micro": ("nasbench-201", "rooms-micro"),
    "rooms-micro": ("nasbench-201", "transnas-micro"),
}
QUERIES = (10, 20, 50)
VARIANTS = {
    "full": {},
    "own sources only": {"further": ()},
    "never doubts": {"trusting": None},
    "prior not chosen": {"choose": False},
    "full prior mean": {"priors": tuple(replace(c, prior_mean=1.0) for c in CANDIDATES)},
    "no structure": {"priors": tuple(replace(c, structure=0.0) for c in CANDIDATES)},
    "one edit for structure": {
        "priors": tuple(replace(c, structure=0.0, operations=0.3) for c in CANDIDATES)
    },
    "little noise": {"priors": tuple(replace(c, noise=0.05) for c in CANDIDATES)},
    "opening of 4": {"opening": 4},
    "no log rank": {"priors": (STRUCTURED, replace(STRUCTURED, exploration=1.0))},
}


def hostile(task: TabularTask, kind: str, rng: np.random.Generator) -> TabularTask:
    """Return a target that its sources do not resemble: ``negated`` or ``permuted``."""
    if kind == "negated":
        scores = -task.scores
    else:
        networks = np.unique(task.space.canonical_index)
        place = np.searchsorted(networks, task.space.canonical_index)
        scores = task.scores[networks[rng.permutation(len(networks))]][place]
    return TabularTask(f"{task.name}-{kind}", task.space, scores, task.metric)


def _target(task: TabularTask, kind: str) -> TabularTask:
    return task if kind == "as it is" else hostile(task, kind, np.random.default_rng(len(kind)))


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--targets", nargs="+", default=["as it is", "negated", "permuted"])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    suite = load_suite(options.suite)
    path = options.out / f"{options.suite}-rows.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame()
    for variant in options.variants:
        settings = {"further": FURTHER.get(options.suite, ()), **VARIANTS[variant]}
        for left_out in suite:
            controller = PPOController(suite.space)
            sources = [Source(t, controller, suite[t]) for t in suite if t != left_out]
            method = TransferBO(sources, **settings)
            for kind in options.targets:
                if (
                    len(done)
                    and len(
                        done.query("variant == @variant and target == @left_out and kind == @kind")
                    )
                    >= options.seeds
                ):
                    continue
                task = _target(suite[left_out], kind)
                began = time.process_time()
                results = method.search_many(
                    [task] * options.seeds, max(QUERIES), range(options.seeds)
                )
                seconds = (time.process_time() - began) / options.seeds
                rows = [
                    {"variant": variant, "target": left_out, "kind": kind, "seed": seed}
                    | {f"rank_at_{q}": task.rank(result.best_so_far[q - 1]) for q in QUERIES}
                    | {"seconds": seconds}
                    for seed, result in enumerate(results)
                ]
                done = pd.concat([done, pd.DataFrame(rows)], ignore_index=True)
                done.to_csv(path, index=False, float_format="%.6g")
        told = done[done["variant"] == variant].groupby("kind")[[f"rank_at_{q}" for q in QUERIES]]
        print(variant, told.mean().round(1).to_string(), sep="\n", flush=True)
    for kind in options.targets:
        tasks = [_target(task, kind) for task in suite.values()]
        exact = [np.mean([random_line(t.scores, q).rank for t in tasks]) for q in QUERIES]
        print(f"random, exact, {kind}: {np.round(exact, 1).tolist()}")


if __name__ == "__main__":
    main()
