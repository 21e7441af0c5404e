"""What searches on shared weights derive on `rooms`, judged by the table of all trained cells.

Usage: ``python search.py [--tasks A …] [--seeds 2] [--seconds 12] [--methods M …] [--out F]``.

Every search has about as many processor seconds: how many steps that are is measured on eight of
its own steps. It names one architecture, without a query; its rank is that of the mean over all of
the table's seeds among all cells. ``random, real`` is who has that many seconds to train drawn
architectures for real, as the table says how long each took, and takes the best by the seed that a
search sees. Random deletion repeats the deletions of SNPS of the same seed. Writes ``rows.csv``, a
row a search; what is there is not searched again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlnas.benchmarks import load_suite
from rlnas.networks import NetworkCounts
from rlnas.one_shot.base import OneShotSearch
from rlnas.one_shot.shrinking import ShrinkingTraining
from rlnas.one_shot.training import train_one_shot
from rlnas.runs.suite_examples import give_examples
from rlnas.search import get_searcher
from rlnas.seeding import generator
from rlnas.tasks import TabularTask, Task
from rlnas.training.objective.examples import SearchExamples

SUITE, BATCH, TRIED = "rooms-micro", 32, 8
PRESSED = {"gamma": 0.02, "alpha_rate": 0.5, "stop": 0.3}
"""SNPS that is pressed from the start: its authors' values need thousands of steps."""
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "snps": ("snps", {}),
    "snps, pressed": ("snps", PRESSED),
    "random deletion": ("random-deletion", {"stop": PRESSED["stop"]}),
    "darts": ("darts", {}),
    "darts, fast α": ("darts", {"alpha_rate": 3e-3}),
    "gdas": ("gdas", {}),
    "single-path": ("single-path", {"looks": 100, "held": 256}),
    "random sharing": ("random-sharing", {"looks": 100, "held": 256}),
    "random, real": ("random", {}),
}


def examples_of(task: str) -> SearchExamples:
    """Return the images that the table's networks learnt from."""
    suite = load_suite(SUITE)
    give_examples(suite, SUITE, [task], "cpu")
    examples = suite[task].examples
    assert isinstance(examples, SearchExamples)
    return examples


def steps_for(name: str, options: dict[str, Any], examples: SearchExamples, seconds: float) -> int:
    """Return how many steps a search takes in so many processor seconds."""
    searcher = get_searcher(name, steps=TRIED + 2, batch_size=BATCH, **options)
    assert isinstance(searcher, OneShotSearch)
    training = searcher.begin(load_suite(SUITE).space, examples, 0)
    for number in range(2):  # the first ones load what is loaded once
        training.step(number)
    began = time.process_time()
    for number in range(2, TRIED + 2):
        training.step(number)
    return max(TRIED, round(seconds * TRIED / (time.process_time() - began)))


def one_shot(
    method: str, examples: SearchExamples, seed: int, seconds: float, deletions: list[int] | None
) -> dict[str, Any]:
    """Return what a search derives, without any query, and what happened in it."""
    name, options = METHODS[method]
    if method == "random deletion":
        options = {**options, "deletions": tuple(deletions or ())}
    space = load_suite(SUITE).space
    steps = steps_for(name, options, examples, seconds)
    searcher = get_searcher(name, steps=steps, batch_size=BATCH, **options)
    assert isinstance(searcher, OneShotSearch)
    began = time.process_time()
    training = searcher.begin(space, examples, seed)
    trace, _ = train_one_shot(training, steps, {}, save_every=steps)
    ledger = Task("nothing", space, Unasked()).ledger(1)
    found = searcher.candidates(training, ledger, generator(seed, "derive"))[0]
    columns = trace.columns()
    row: dict[str, Any] = {
        "architecture": space.format(found.vector),
        "steps": len(trace),
        "cpu_seconds": round(time.process_time() - began, 1),
    }
    if "skips" in columns:
        row["skips"] = round(float(columns["skips"][-1]), 3)
    if isinstance(training, ShrinkingTraining):
        gone = -np.diff([shape.genotype.mask.sum() for shape in training.shapes])
        dates = [shape.step for shape in training.shapes[1:]]
        row["deletions"] = json.dumps(np.repeat(dates, gone).tolist())
        row["shapes"] = len({shape.architecture for shape in training.shapes})
        row["several"] = training.shapes[-1].genotype.several
        row["first_macs"], row["last_macs"] = training.shapes[0].macs, training.shapes[-1].macs
    return row


class Unasked:
    """An objective that nobody may ask."""

    metric = load_suite(SUITE)["class_scene"].metric

    def evaluate(self, architecture: object) -> None:
        """Refuse."""
        raise AssertionError("a search that derives asked for a score")


def really_random(task: str, seed: int, seconds: float) -> dict[str, Any]:
    """Return the best of as many drawn cells as can be trained in so many seconds."""
    seen: TabularTask = load_suite(SUITE, seed="first")[task]
    rng = generator(seed, "random, real")
    costs, spent, best, drawn = seen.costs, 0.0, -1, 0
    assert costs is not None
    for index in rng.permutation(seen.space.size).tolist():
        if drawn and spent + costs[index] > seconds:
            break
        spent, drawn = spent + float(costs[index]), drawn + 1
        if best < 0 or seen.scores[index] > seen.scores[best]:
            best = index
    text = seen.space.format(seen.space.from_index([best])[0])
    return {"architecture": text, "steps": drawn, "cpu_seconds": round(spent, 1)}


def main() -> None:
    """Search what is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", nargs="+", default=["class_scene"])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    asked = parser.parse_args()
    path = asked.out / "rows.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["task"], row["seed"], row["method"], row["seconds"]) for row in rows}
    for task in asked.tasks:
        judge = load_suite(SUITE, seed="mean")[task]
        examples = examples_of(task)
        counts = NetworkCounts(judge.space, examples.spec, examples.config)
        for seed in range(asked.seeds):
            for method in asked.methods:
                if (task, seed, method, asked.seconds) in done:
                    continue
                if method == "random, real":
                    row = really_random(task, seed, asked.seconds)
                else:
                    told = [
                        r["deletions"]
                        for r in rows
                        if (r["task"], r["seed"], r["method"], r["seconds"])
                        == (task, seed, "snps, pressed", asked.seconds)
                    ]
                    deletions = json.loads(told[0]) if told else None
                    row = one_shot(method, examples, seed, asked.seconds, deletions)
                vector = judge.space.parse(row["architecture"])[None]
                score = float(judge.scores[judge.space.index(vector)[0]])
                row |= {
                    "score": round(score, 4),
                    "rank": judge.rank(score),
                    "of": int(np.isfinite(judge.ranked_scores).sum()),
                    "macs": int(counts.values(("macs",), vector)[0, 0]),
                }
                rows.append(
                    {"task": task, "seed": seed, "method": method, "seconds": asked.seconds, **row}
                )
                pd.DataFrame(rows).to_csv(path, index=False)
                print(task, seed, method, row["architecture"], row["rank"], flush=True)


if __name__ == "__main__":
    main()
