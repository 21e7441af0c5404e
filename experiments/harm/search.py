"""Search hostile targets by every registered method; a finished method is a finished file."""

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController, SharedController
from rlnas.atomic import write_text
from rlnas.benchmarks import load_suite
from rlnas.benchmarks.hostile import OF_TASKS, kind_of, origin_of
from rlnas.runs.cell import NO_SOURCE, OTHERS
from rlnas.search import Searcher, SearchResult, get_searcher
from rlnas.search.registry import SEARCHERS
from rlnas.seeding import derive_seed
from rlnas.tasks import Suite, TabularTask
from rlnas.transfer import MethodSettings, Source, SourcePool

QUERIES = 50
CONTROLLER = ControllerConfig(network=PolicyConfig(width=32))
STEPS = 10_000
LEARNING_SEEDS = 3
POSTERIOR_SEEDS = 10
CHEAP_SEEDS = 20
CHEAP = (
    "random",
    "local",
    "regularised-evolution",
    "most-parameters",
    "most-flops",
    "proxy-rank-sum",
    "mean-source-score",
    "round-robin",
)
"""Methods that neither train nor predict: 20 seeds on every target; the others search some."""

POSTERIOR = (
    "transfer-bo",
    "guided-reuse",
    "guided-reuse-random",
    "guided-selection",
    "guided-selection-random",
)
"""Methods in which a posterior chooses: 10 seeds; the others that learn have 3."""

MADE_OF = {
    "transnas-micro": ("class_object",),
    "transnas-macro": ("class_object",),
    "nasbench-201": ("cifar10",),
}
"""Of which tasks those targets are made that the other methods search."""

_log = logging.getLogger("harm")


class Sources:
    """The controllers that methods start from, each trained when it is first asked for.

    Args:
        suite: The source tasks.
        folder: Where they are kept.
    """

    def __init__(self, suite: Suite[TabularTask], folder: Path) -> None:
        self.suite = suite
        self.folder = folder
        self._each: dict[str, PPOController] | None = None

    def label(self, method: str, origin: str | None, seed: int) -> str:
        """Return what a search starts from; from one source, another one with every seed."""
        takes = SEARCHERS.get(method).takes
        if not takes - {"none"}:
            return NO_SOURCE
        names = self._names(origin)
        return OTHERS if "several" in takes else names[seed % len(names)]

    def pool(self, method: str, label: str, origin: str | None) -> SourcePool:
        """Return what a search starts from."""
        trained, names = SEARCHERS.get(method).trained, self._names(origin)
        if label == NO_SOURCE:
            return SourcePool()
        if label != OTHERS:
            return SourcePool((self._source(label, trained),))
        if trained == "joint":
            return SourcePool(joint=self._joint(origin, names))
        if trained == "shared":
            return SourcePool(shared=self._shared(origin, names))
        return SourcePool(tuple(self._source(name, trained) for name in names))

    def _names(self, origin: str | None) -> list[str]:
        return [name for name in self.suite if name != origin]

    def _source(self, name: str, trained: str) -> Source:
        task = self.suite[name]
        if trained == "nothing":
            return Source(name, PPOController(task.space, CONTROLLER), task)
        return Source(name, self._trained()[name], task)

    def _trained(self) -> dict[str, PPOController]:
        if self._each is None:
            folders = {name: self.folder / "sources" / name for name in self.suite}
            if not all(folder.exists() for folder in folders.values()):
                made = PPOController.train_many(
                    list(self.suite.values()), STEPS, config=CONTROLLER, device="cpu"
                )
                for folder, controller in zip(folders.values(), made, strict=True):
                    controller.save(folder, training_state=False)
            self._each = {name: PPOController.load(f) for name, f in folders.items()}
        return self._each

    def _joint(self, origin: str | None, names: Sequence[str]) -> PPOController:
        folder = self.folder / "joint" / f"without-{origin}"
        if not folder.exists():
            tasks = [[self.suite[name] for name in names]]
            (made,) = PPOController.train_many_jointly(
                tasks, STEPS, config=CONTROLLER, device="cpu"
            )
            made.save(folder, training_state=False)
        return PPOController.load(folder)

    def _shared(self, origin: str | None, names: Sequence[str]) -> SharedController:
        folder = self.folder / "shared" / f"without-{origin}"
        if not folder.exists():
            tasks = [[self.suite[name] for name in names]]
            (made,) = SharedController.train_many(tasks, STEPS, config=CONTROLLER, device="cpu")
            made.save(folder)
        return SharedController.load(folder)


def plan(
    hostile: Suite[TabularTask], suite: str, methods: Sequence[str]
) -> dict[str, list[tuple[str, int]]]:
    """Return what each method searches: targets and seeds."""
    some = [
        target
        for target in hostile
        if kind_of(target) not in OF_TASKS or origin_of(target) in MADE_OF[suite]
    ]

    def seeds(method: str) -> int:
        if method in CHEAP:
            return CHEAP_SEEDS
        return POSTERIOR_SEEDS if method in POSTERIOR else LEARNING_SEEDS

    return {
        method: [
            (target, seed)
            for target in (hostile if method in CHEAP else some)
            for seed in range(seeds(method))
        ]
        for method in methods
    }


def search(
    method: str,
    cells: Sequence[tuple[str, int]],
    hostile: Mapping[str, TabularTask],
    sources: Sources,
) -> pd.DataFrame:
    """Return a row a search; those that start from the same run side by side."""
    groups: dict[tuple[str, str | None], list[tuple[str, int]]] = {}
    made: dict[tuple[str, str | None], Searcher] = {}
    settings = MethodSettings(controller=CONTROLLER)
    for target, seed in cells:
        label = sources.label(method, origin_of(target), seed)
        key = (label, origin_of(target) if label == OTHERS else None)
        groups.setdefault(key, []).append((target, seed))
        if key not in made:
            pool = sources.pool(method, label, origin_of(target))
            takes = SEARCHERS.get(method).takes
            given = {"sources": pool, "settings": settings} if takes else {}
            made[key] = get_searcher(method, **given)
    rows = []
    for key, group in groups.items():
        tasks = [hostile[target] for target, _ in group]
        seeds = [derive_seed(seed, key[0], target) for target, seed in group]
        start = time.process_time()
        for free in (False, True):  # one of both, as the task says
            own = [n for n, task in enumerate(tasks) if task.canonical_free == free]
            results = made[key].search_many(
                [tasks[n] for n in own], QUERIES, [seeds[n] for n in own]
            )
            for n, result in zip(own, results, strict=True):
                target, seed = group[n]
                cell = {"method": method, "source": key[0], "target": target, "seed": seed}
                rows.append({**cell, **_ranks(result, tasks[n])})
        _log.info("%s from %s: %.0f s", method, key[0], time.process_time() - start)
    return pd.DataFrame(rows)


def _ranks(result: SearchResult, task: TabularTask) -> dict[str, int]:
    reached = result.best_so_far
    early = {f"rank_at_{queries}": task.rank(reached[queries - 1]) for queries in (10, 20)}
    return {**early, "rank": task.rank(reached[-1])}


def main() -> None:
    """Search what has no file yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", required=True, choices=list(MADE_OF))
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--methods", default="all", help="names with commas; by default all")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    names = [*CHEAP, *(name for name in SEARCHERS.names() if name not in CHEAP)]
    if options.methods != "all":
        names = options.methods.split(",")
    suite, hostile = load_suite(options.suite), load_suite(f"hostile-{options.suite}")
    folder = options.out / options.suite
    sources = Sources(suite, folder)
    for method, cells in plan(hostile, options.suite, names).items():
        path = folder / "rows" / f"{method}.csv"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = search(method, cells, hostile, sources)
        write_text(path, rows.to_csv(index=False, lineterminator="\n"))
        behind = np.log10(rows["rank"]).mean()
        _log.info(
            "%s %s: %d searches, mean log10 rank %.2f", options.suite, method, len(rows), behind
        )


if __name__ == "__main__":
    main()
