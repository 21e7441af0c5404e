"""What several queries in flight lose: a simulation with drawn times.

Usage: ``python flight.py --proxies FOLDER [--seeds 5] [--methods …] [--out FOLDER]``. The tasks
and proxies of `search.py`, 100 queries; one query at a time, or eight, of which each is chosen as
if those before it had come to the worst score so far. Training times are drawn, lognormal with a
median of 1 and σ of 0.5, and eight workers wait for the slowest of their batch. Writes
``flight-rows.csv``, a row a search, and ``flight.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from area import Scale, areas
from search import TASKS, proxies_of

from rlnas.benchmarks import load_suite
from rlnas.search import SearchResult, get_searcher
from rlnas.tasks import Evaluation, TabularTask, Task
from rlnas.tasks.proxies import ProxyColumns

QUERIES = 100
WORKERS = (1, 8)
METHODS = {
    "proxybo": ("proxybo", {}),
    "proxybo, gp": ("proxybo", {"surrogate_model": "gp"}),
    "proxybo, gp, lie the mean": ("proxybo", {"surrogate_model": "gp", "liar": "mean"}),
    "bo-gp": ("bo-gp", {}),
}


class Simulated:
    """A table that is asked by several workers at once, and takes drawn times.

    Args:
        task: The table.
        workers: How many.
        seed: Of the times.
    """

    def __init__(self, task: TabularTask, workers: int, seed: int) -> None:
        self.metric, self.in_flight = task.metric, workers
        self.clock: list[float] = []
        self._space, self._scores = task.space, task.scores
        self._rng = np.random.default_rng(seed)
        self._now = 0.0

    def evaluate(self, architecture: np.ndarray) -> Evaluation:
        """Return the score of one."""
        return next(iter(self.evaluate_many([architecture])))

    def evaluate_many(self, architectures: Sequence[np.ndarray]) -> Iterator[Evaluation]:
        """Yield the scores of several, which are done when the last of each eight is."""
        for first in range(0, len(architectures), self.in_flight):
            batch = architectures[first : first + self.in_flight]
            self._now += float(np.exp(0.5 * self._rng.normal(size=len(batch))).max())
            for index in self._space.index(np.array(batch)).tolist():
                self.clock.append(self._now)
                yield Evaluation(float(self._scores[index]))


def row_of(result: SearchResult, task: TabularTask, clock: list[float], scale: Scale) -> dict:
    """Return what is kept of a search."""
    best = result.best_so_far
    ranks = np.array([task.rank(score) for score in best])
    area = {k: round(float(v[0]), 4) for k, v in areas(best[None], ranks[None], scale).items()}
    return {
        "score": area["score"],
        "ahead": area["ahead"],
        "rank": int(ranks[-1]),
        "time": round(clock[len(best) - 1], 2),
    }


def search(folder: Path, methods: Sequence[str], seeds: int, out: Path) -> pd.DataFrame:
    """Run what is missing, and return all rows."""
    path = out / "flight-rows.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame()
    known = set(done.iloc[:, :4].itertuples(index=False, name=None)) if len(done) else set()
    for name, tasks in TASKS.items():
        suite = load_suite(name)
        scales = {task: Scale.of(suite[task], QUERIES) for task in tasks}
        proxies = proxies_of(suite, folder, "real", 0)
        for seed in range(seeds):
            for method in methods:
                searcher, options = METHODS[method]
                for workers in WORKERS:
                    for task in tasks:
                        if (task, method, workers, seed) in known:
                            continue
                        objective = Simulated(suite[task], workers, seed)
                        target = Task(task, suite.space, objective)
                        target.proxies = ProxyColumns(suite.space, proxies[task])
                        result = get_searcher(searcher, **options).search(
                            target, QUERIES, seed=seed, canonical_free=suite[task].canonical_free
                        )
                        row = {"task": task, "method": method, "workers": workers, "seed": seed}
                        row |= row_of(result, suite[task], objective.clock, scales[task])
                        pd.DataFrame([row]).to_csv(
                            path, mode="a", header=not path.exists(), index=False
                        )
            print(name, seed, flush=True)
    return pd.read_csv(path)


def tell(rows: pd.DataFrame) -> str:
    """Return what eight in flight lose, as Markdown; intervals over searches in pairs."""
    rng = np.random.default_rng(0)
    lines = [
        "| method | searches | area of scores, 1 / 8 | loss in % | decades ahead of random, 1 / 8 "
        "| loss in % | last rank, 1 / 8 | time, 1 / 8 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method, own in rows.groupby("method", sort=False):
        numbers = own.drop(columns="method")
        wide = numbers.pivot_table(index=["task", "seed"], columns="workers").dropna()
        cells = [method, str(len(wide))]
        for scale in ("score", "ahead"):
            one, eight = wide[scale][1].to_numpy(), wide[scale][8].to_numpy()
            drawn = rng.integers(len(one), size=(2000, len(one)))
            losses = 100 * (1 - eight[drawn].mean(axis=1) / one[drawn].mean(axis=1))
            low, high = np.quantile(losses, [0.025, 0.975])
            loss = 100 * (1 - eight.mean() / one.mean())
            cells += [f"{one.mean():.3f} / {eight.mean():.3f}"]
            cells += [f"{loss:.1f} [{low:.1f}, {high:.1f}]"]
        for column, form in (("rank", ".3g"), ("time", ".0f")):
            means = wide[column].mean()
            cells.append(f"{means[1]:{form}} / {means[8]:{form}}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Search and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--proxies", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    rows = search(options.proxies, options.methods, options.seeds, options.out)
    (options.out / "flight.md").write_text(tell(rows))


if __name__ == "__main__":
    main()
