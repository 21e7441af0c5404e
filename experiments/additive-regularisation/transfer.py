"""Controllers that learnt schedules on three tables, on another: against scratch and random.

Of each table some random schedules are trained once (sources.csv). A ridge regression of their
validation loss stands for the table as a source; a controller learns on the mean of three other
tables'. On the target every query is a training. Rows go to transfer.csv, piece by piece.
"""

import argparse
import csv
import itertools
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from compare import BASE, NETWORK, TABLES, Bench, load
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.search import get_searcher
from rlnas.spaces import ScheduleSpace
from rlnas.tasks import make_task
from rlnas.training.regularisation import schedule_of
from rlnas.transfer import Source

HERE = Path(__file__).parent
SHARE, QUERIES, STEPS, CONTROLLERS = 0.3, 20, 20_000, 3
KNOWN, SPLITS = 80, (1000, 1001)  # schedules of each split of a source
SPACE = ScheduleSpace(NETWORK, base=BASE)
METHODS = ("random", "regularised-evolution", "scratch", "zero-shot", "weight-init")
LEARNT = ("zero-shot", "weight-init")
COLUMNS = ("table", "seed", "controller", "sources", "method", "queries", "valid", "test")
COLUMNS += ("none", "none_test", "start", "trainings")


def written(path, columns, rows):
    """Add rows to a file, and a header to a new one."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, columns)
        if new:
            writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})


def features(vectors):
    """Return how strongly each part is asked for what when, and the squares, ``(N, F)``."""
    vectors = np.asarray(vectors, dtype=int).reshape(len(vectors), len(SPACE.parts), -1)
    penalties = len(SPACE.penalties)
    levels = (vectors[..., 1:] - penalties) / (len(SPACE.levels) - 1)
    of_penalty = np.eye(penalties)[vectors[..., 0]][..., None] * levels[..., None, :]
    flat = of_penalty.reshape(len(vectors), -1)
    return np.concatenate([flat, flat**2], axis=1)


def train_sources(path):
    """Train random schedules of every table on splits and first weights of their own."""
    done = set()
    if path.exists():
        kept = pd.read_csv(path)
        done = set(zip(kept["table"], kept["seed"], strict=True))
    for table, seed in itertools.product(TABLES, SPLITS):
        if (table, seed) in done:
            continue
        bench = Bench(load(table, SHARE, seed), seed)
        vectors = SPACE.sample(KNOWN, np.random.default_rng(seed))
        rows = [
            {
                "table": table,
                "seed": seed,
                "schedule": SPACE.format(vector),
                "valid": bench.train(schedule_of(SPACE, vector)).loss,
            }
            for vector in vectors
        ]
        written(path, ("table", "seed", "schedule", "valid"), rows)
        print(f"known: {table} {seed}", flush=True)


def known(path):
    """Return each table's schedules as features, and their standardised scores."""
    found = {}
    for table, own in pd.read_csv(path).groupby("table"):
        scores = -np.log(own["valid"])
        by_split = scores.groupby(own["seed"])
        scores = (scores - by_split.transform("mean")) / by_split.transform("std")
        vectors = [SPACE.parse(text) for text in own["schedule"]]
        found[table] = (features(vectors), scores.to_numpy())
    return found


def agreement(known):
    """Return rank correlations of a table's scores with predictions, by table that predicts.

    Of a table by itself they are out of ten folds.
    """
    for (one, (inputs, scores)), (other, (theirs, real)) in itertools.product(
        known.items(), known.items()
    ):
        model = Ridge(alpha=3.0)
        if one == other:
            told = cross_val_predict(model, inputs, scores, cv=10)
        else:
            told = model.fit(inputs, scores).predict(theirs)
        yield {"source": one, "target": other, "correlation": float(spearmanr(told, real)[0])}


def controller(models, seed):
    """Return a controller that learnt on the mean of models."""

    @cache
    def evaluate(text):
        inputs = features([SPACE.parse(text)])
        return float(np.mean([model.predict(inputs)[0] for model in models]))

    task = make_task(SPACE, evaluate, name="three-tables")
    config = ControllerConfig(network=PolicyConfig(width=64), ppo=PPOConfig(num_envs=32))
    return PPOController.train(task, steps=STEPS, config=config, seed=seed, device="cpu")


def sources_of(table, number):
    """Return the three tables that a controller for a target learns on."""
    others = [other for other in TABLES if other != table]
    rng = np.random.default_rng([TABLES.index(table), number])
    return sorted(rng.choice(others, 3, replace=False).tolist())


def searched(table, seed, number, source):
    bench = Bench(load(table, SHARE, seed), seed)
    none = bench.train(None)
    about = {"table": table, "seed": seed, "controller": number, "sources": source.name}
    about |= {"queries": QUERIES, "none": none.loss, "none_test": bench.test(none.network)["loss"]}

    def evaluate(text):
        return -bench.train(schedule_of(SPACE, text)).loss

    for method in METHODS:
        bench.asked = set()
        task = make_task(SPACE, evaluate, metric="negative validation loss")
        takes = {"sources": [source]} if method in LEARNT else {}
        result = get_searcher(method, **takes).search(task, QUERIES, seed=seed)
        best = bench.train(schedule_of(SPACE, result.best.architecture))
        yield about | {
            "method": method,
            "valid": best.loss,
            "test": bench.test(best.network)["loss"],
            "start": -float(np.nanmax(result.scores[:5])),  # the best of the first five
            "trainings": len(bench.asked),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    torch.set_num_threads(1)
    train_sources(given.out / "sources.csv")
    tables = known(given.out / "sources.csv")
    if not (given.out / "agreement.csv").exists():
        rows = list(agreement(tables))
        written(given.out / "agreement.csv", ("source", "target", "correlation"), rows)
    models = {table: Ridge(alpha=3.0).fit(*both) for table, both in tables.items()}
    out, learnt, done = given.out / "transfer.csv", {}, set()
    if out.exists():
        kept = pd.read_csv(out)
        done = set(zip(kept["table"], kept["seed"], strict=True))
    for seed, table in itertools.product(range(given.seeds), TABLES):
        if (table, seed) in done:
            continue
        start = time.perf_counter()
        number = seed % CONTROLLERS
        if (table, number) not in learnt:
            own = sources_of(table, number)
            made = controller([models[other] for other in own], number)
            learnt[table, number] = Source(" + ".join(own), made)
        took = time.perf_counter() - start
        written(out, COLUMNS, list(searched(table, seed, number, learnt[table, number])))
        both = f"{time.perf_counter() - start:.0f} s, {took:.0f} s of it learning"
        print(f"{table} seed {seed}: {both}", flush=True)


if __name__ == "__main__":
    main()
