"""Controllers that learnt schedules on three tables, on another: against scratch and random.

Of each table some random schedules are trained once (sources.csv). A ridge regression of their
validation loss stands for the table as a source; a controller learns on the mean of three other
tables'. On the target every query is a training; those of all seeds, methods and controllers go
side by side (stack.py). Rows go to transfer.csv when a target is done; what is there is not done
again.
"""

import argparse
import csv
import itertools
import time
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from compare import BASE, NETWORK, TABLES, Bench, Together, load, train_pairs
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
SOURCE_COLUMNS = ("table", "seed", "schedule", "valid")
AGREEMENT_COLUMNS = ("source", "target", "correlation")


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
        bench = Bench(load(table, SHARE, seed), seed, train_pairs)
        vectors = SPACE.sample(KNOWN, np.random.default_rng(seed))
        trained = bench.train(*(schedule_of(SPACE, vector) for vector in vectors))
        rows = [
            {"table": table, "seed": seed, "schedule": SPACE.format(v), "valid": t.loss}
            for v, t in zip(vectors, trained, strict=True)
        ]
        written(path, SOURCE_COLUMNS, rows)
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

    weights = np.mean([model.coef_ for model in models], axis=0)
    offset = np.mean([model.intercept_ for model in models])

    @cache
    def evaluate(text):
        return float(features([SPACE.parse(text)])[0] @ weights + offset)

    task = make_task(SPACE, evaluate, name="three-tables")
    config = ControllerConfig(network=PolicyConfig(width=64), ppo=PPOConfig(num_envs=32))
    return PPOController.train(task, steps=STEPS, config=config, seed=seed, device="cpu")


def sources_of(table, number):
    """Return the three tables that a controller for a target learns on."""
    others = [other for other in TABLES if other != table]
    rng = np.random.default_rng([TABLES.index(table), number])
    return sorted(rng.choice(others, 3, replace=False).tolist())


def search(bench, method, source):
    """Return the architecture that a search ends with, and its best score after five queries."""
    asked = set()

    def evaluate(text):
        asked.add(text)
        return -bench.train(schedule_of(SPACE, text))[0].loss

    task = make_task(SPACE, evaluate, metric="negative validation loss")
    takes = {} if source is None else {"sources": [source]}
    result = get_searcher(method, **takes).search(task, QUERIES, seed=bench.seed)
    return result.best.architecture, -float(np.nanmax(result.scores[:5])), len(asked)


def on_target(table, sources, seeds):
    """Yield the rows of all searches on a table."""
    trainer = Together()
    benches = [Bench(load(table, SHARE, seed), seed, trainer.ask) for seed in seeds]
    searches = [
        (bench, method, number, source)
        for bench in benches
        for method in METHODS
        for number, source in (sources.items() if method in LEARNT else [("", None)])
    ]
    calls = [partial(search, b, method, source) for b, method, _, source in searches]
    nothing = [partial(bench.train, None) for bench in benches]
    found = trainer.run([*calls, *nothing])
    for (bench, method, number, source), ends in zip(searches, found, strict=False):
        best, start, trainings = ends
        (chosen, none) = bench.train(schedule_of(SPACE, best), None)
        losses = {"valid": chosen.loss, "none": none.loss, "start": start}
        losses |= {"test": bench.values(chosen.network, bench.data.test)["loss"]}
        losses |= {"none_test": bench.values(none.network, bench.data.test)["loss"]}
        about = {"table": table, "seed": bench.seed, "method": method, "queries": QUERIES}
        about |= {"controller": number, "sources": "" if source is None else source.name}
        yield about | losses | {"trainings": trainings}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    torch.set_num_threads(1)
    train_sources(given.out / "sources.csv")
    tables = known(given.out / "sources.csv")
    if not (given.out / "agreement.csv").exists():
        written(given.out / "agreement.csv", AGREEMENT_COLUMNS, list(agreement(tables)))
    models = {table: Ridge(alpha=3.0).fit(*both) for table, both in tables.items()}
    out = given.out / "transfer.csv"
    done = set(pd.read_csv(out)["table"]) if out.exists() else set()
    for table in TABLES:
        if table in done:
            continue
        start = time.perf_counter()
        sources = {}
        for number in range(CONTROLLERS):
            own = sources_of(table, number)
            made = controller([models[other] for other in own], number)
            sources[number] = Source(" + ".join(own), made)
        took = time.perf_counter() - start
        written(out, COLUMNS, list(on_target(table, sources, range(given.seeds))))
        both = f"{time.perf_counter() - start:.0f} s, {took:.0f} s of it learning"
        print(f"{table}: {both}", flush=True)


if __name__ == "__main__":
    main()
