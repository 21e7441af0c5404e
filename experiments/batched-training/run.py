"""Architectures per minute and scores: trained one by one, and stacked; see README.md.

Usage: python run.py speed|agreement OUT [--device auto] [--count N] [--chunks 8 16 64]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from rlnas.atomic import write_json, write_text
from rlnas.benchmarks.builtin import built_in_folder
from rlnas.datasets import TaskData, load_task_data
from rlnas.devices import describe_device
from rlnas.networks import SkeletonConfig, build_network
from rlnas.processes import worker_pool
from rlnas.seeding import generator
from rlnas.spaces import get_space
from rlnas.training import Recipe, choose_device, recipe_for, train_network, train_stacked

SPACE, TASK = "transnas-micro", "class_object"
# The networks of the built-in suite and their recipe; for the speed an eighth of its steps.
SKELETON = SkeletonConfig(
    **json.loads((built_in_folder("rooms-micro") / "plan.json").read_text())["config"]
)
FULL = recipe_for("rooms", TASK)
RECIPES = {"speed": replace(FULL, epochs=4, epoch_examples=512), "agreement": FULL}
COUNTS = {"speed": 64, "agreement": 16}


@dataclass(frozen=True)
class Way:
    """A way to train many architectures.

    Attributes:
        chunk: Networks in a stack; 0: one by one with `train_network`.
        processes: Processes that share the work.
    """

    chunk: int
    processes: int

    @property
    def name(self) -> str:
        """How tables call it."""
        how = f"stacks of {self.chunk}" if self.chunk else "one by one"
        return f"{how}, {self.processes} process{'es' if self.processes > 1 else ''}"


@lru_cache(maxsize=1)
def load() -> TaskData:
    """Return the data; a process loads them once."""
    return load_task_data("rooms", TASK, train_size=2048, valid_size=1024, test_size=64)


def draw(count: int) -> list[str]:
    """Return architectures with different canonical cells."""
    space = get_space(SPACE)
    rows = generator(0, "batched-training").permutation(np.unique(space.canonical_index))
    return [space.format(vector) for vector in space.from_index(rows[:count])]


def train(
    architectures: Sequence[str],
    *,
    seed: int,
    stacked: bool,
    nudged: bool,
    recipe: Recipe,
    device: str,
) -> tuple[list[float], float]:
    """Return the validation scores, and the processor's seconds."""
    begun = time.process_time()
    networks = [build_network(SPACE, a, load().spec, SKELETON, seed=seed) for a in architectures]
    if nudged:
        with torch.no_grad():
            for parameter in (p for network in networks for p in network.parameters()):
                parameter.copy_(torch.nextafter(parameter, torch.tensor(torch.inf)))
    options = {"seed": seed, "device": device, "train_metrics": False}
    if stacked:
        found = train_stacked(networks, load(), recipe, **options)
    else:
        found = [train_network(network, load(), recipe, **options) for network in networks]
    return [result.score for result in found], time.process_time() - begun


def warm_up(device: str, architectures: Sequence[str]) -> None:
    """Let a process load what it needs, so that no clock sees it."""
    torch.set_num_threads(1)
    network = build_network(SPACE, architectures[0], load().spec, SKELETON)
    train_network(network, load(), replace(FULL, epochs=1, epoch_examples=64), device=device)
    time.sleep(0.5)  # so that each process of the pool gets one of these calls


def measure(
    pool: ProcessPoolExecutor,
    way: Way,
    architectures: Sequence[str],
    *,
    seed: int,
    nudged: bool,
    recipe: Recipe,
    device: str,
) -> dict[str, object]:
    """Train all architectures in one way, and return what it took and came to."""
    list(pool.map(partial(warm_up, device), [architectures] * way.processes))
    size = way.chunk or 4
    chunks = [architectures[n : n + size] for n in range(0, len(architectures), size)]
    options = {"seed": seed, "nudged": nudged, "recipe": recipe, "device": device}
    work = partial(train, stacked=bool(way.chunk), **options)
    start = time.perf_counter()
    parts = list(pool.map(work, chunks))
    seconds = time.perf_counter() - start
    measured = {
        "way": way.name,
        "seed": seed,
        "nudged": nudged,
        "seconds": seconds,
        "processor_seconds": sum(used for _, used in parts),
        "scores": [score for scores, _ in parts for score in scores],
    }
    print(f"{way.name}, seed {seed}: {seconds:.1f} s", flush=True)
    return measured


def speeds(measured: Sequence[dict[str, object]], count: int) -> pd.DataFrame:
    """Return architectures per minute by way."""
    rows = []
    for item in measured:
        seconds, used = float(item["seconds"]), float(item["processor_seconds"])
        rows.append(
            {
                "way": item["way"],
                "architectures/min": round(60 * count / seconds, 1),
                "× one by one, 1 process": round(float(measured[0]["seconds"]) / seconds, 2),
                "architectures/min of processor time": round(60 * count / used, 1),
                "× likewise": round(float(measured[0]["processor_seconds"]) / used, 2),
            }
        )
    return pd.DataFrame(rows)


def differences(pairs: dict[str, tuple[Sequence[float], Sequence[float]]]) -> pd.DataFrame:
    """Return how far apart the scores of the same architectures are."""
    rows = []
    for name, (one, two) in pairs.items():
        apart = np.subtract(two, one)
        rows.append(
            {
                "scores, in percentage points": name,
                "mean difference": f"{apart.mean():+.2f}",
                "± its standard error": round(apart.std(ddof=1) / len(apart) ** 0.5, 2),
                "mean size": round(float(np.abs(apart).mean()), 2),
                "standard deviation": round(float(apart.std(ddof=1)), 2),
                "largest": round(float(np.abs(apart).max()), 2),
                "Spearman": round(float(spearmanr(one, two).statistic), 3),
            }
        )
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """Return a table for the README."""
    cells = [list(table.columns), ["---"] * len(table.columns), *table.values.tolist()]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in cells) + "\n"


def main() -> int:
    """Measure all ways."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=sorted(RECIPES))
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--count", type=int)
    parser.add_argument("--chunks", type=int, nargs="+", default=[8, 16, 64])
    options = parser.parse_args()
    device = choose_device(options.device)
    architectures = draw(options.count or COUNTS[options.part])

    def run(
        chunk: int, processes: int = 1, seed: int = 0, nudged: bool = False
    ) -> dict[str, object]:
        with worker_pool(processes, ["rlnas.training.single", "rlnas.training.stacked"]) as pool:
            return measure(
                pool,
                Way(chunk, processes),
                architectures,
                seed=seed,
                nudged=nudged,
                recipe=RECIPES[options.part],
                device=str(device),
            )

    single = run(0)
    if options.part == "speed":
        stacks = [run(chunk) for chunk in options.chunks]
        measured = [single, *stacks]
        best = min(range(len(stacks)), key=lambda n: float(stacks[n]["processor_seconds"]))
        if device.type == "cpu":  # a core each; on a GPU they would take turns
            measured += [run(0, 2), run(options.chunks[best], 2)]
        table = speeds(measured, len(architectures))
    else:
        count = len(architectures)
        stack, nudged, other = run(count), run(count, nudged=True), run(count, seed=1)
        measured = [single, stack, nudged, other]
        table = differences(
            {
                "stacked − one by one": (single["scores"], stack["scores"]),
                "stacked, first weights off by a last bit − as they are": (
                    stack["scores"],
                    nudged["scores"],
                ),
                "stacked, another seed − the first": (stack["scores"], other["scores"]),
            }
        )
    kept = {
        "architectures": architectures,
        "device": describe_device(device),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "measured": measured,
    }
    write_json(options.out / f"{options.part}.json", kept, indent=1)
    write_text(options.out / f"{options.part}.md", markdown(table))
    scores = np.array(single["scores"])
    print(
        f"{markdown(table)}Scores: {scores.min():.1f} … {scores.max():.1f}, "
        f"standard deviation {scores.std(ddof=1):.1f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
