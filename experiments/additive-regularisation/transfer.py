"""A controller that learnt schedules on three tables, on the fourth: against scratch and random.

Of each table some random schedules are trained once. A linear model of their validation loss stands
for the table as a source; the controller learns on the mean of three. On the fourth every query is
a training. Rows go to transfer.csv.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch
from compare import BASE, NETWORK, Bench, load

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.search import get_searcher
from rlnas.spaces import ScheduleSpace
from rlnas.tasks import make_task
from rlnas.training.regularisation import schedule_of
from rlnas.transfer import Source

HERE = Path(__file__).parent
TABLES = ("wine", "breast-cancer", "diabetes", "collinear")
SHARE, KNOWN, QUERIES, STEPS = 0.3, 80, 20, 20_000
SPACE = ScheduleSpace(NETWORK, base=BASE)
METHODS = ("random", "regularised-evolution", "scratch", "zero-shot", "weight-init")
COLUMNS = ("table", "seed", "method", "queries", "valid", "test", "none", "none_test", "start")


def one_hot(vectors):
    flags = np.eye(SPACE.num_operations)[np.asarray(vectors)]
    return np.concatenate([flags.reshape(len(vectors), -1), np.ones((len(vectors), 1))], axis=1)


def linear_model(table):
    """Return weights that say the standardised negative loss of a schedule on a table."""
    bench = Bench(load(table, SHARE, 1000), 1000)  # a split and first weights of its own
    vectors = SPACE.sample(KNOWN, np.random.default_rng(0))
    losses = np.array([bench.train(schedule_of(SPACE, vector))[0] for vector in vectors])
    scores = -np.log(losses)
    scores = (scores - scores.mean()) / scores.std()
    inputs = one_hot(vectors)
    return np.linalg.solve(inputs.T @ inputs + 3.0 * np.eye(inputs.shape[1]), inputs.T @ scores)


def controller(weights):
    def evaluate(text):
        return float(one_hot([SPACE.parse(text)])[0] @ weights)

    task = make_task(SPACE, evaluate, name="three-tables")
    config = ControllerConfig(network=PolicyConfig(width=64), ppo=PPOConfig(num_envs=32))
    return PPOController.train(task, steps=STEPS, config=config, seed=0, device="cpu")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=HERE / "transfer.csv")
    given = parser.parse_args()
    torch.set_num_threads(1)
    models = {}
    for table in TABLES:
        models[table] = linear_model(table)
        print(f"known: {table}", flush=True)
    sources = {}
    for table in TABLES:
        own = controller(np.mean([models[other] for other in TABLES if other != table], axis=0))
        sources[table] = Source(f"without {table}", own)
        print(f"learnt: {table}", flush=True)
    new = not given.out.exists()
    with given.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        for seed in range(given.seeds):
            for table in TABLES:
                start = time.perf_counter()
                for row in searched(table, seed, sources[table]):
                    writer.writerow(
                        {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
                    )
                file.flush()
                print(f"{table} seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)


def searched(table, seed, source):
    bench = Bench(load(table, SHARE, seed), seed)
    none, network = bench.train(None)
    about = {"table": table, "seed": seed, "queries": QUERIES, "none": none}
    about["none_test"] = bench.test(network)["loss"]
    for method in METHODS:
        takes = {"sources": [source]} if method in ("zero-shot", "weight-init") else {}
        result = get_searcher(method, **takes).search(bench.task(SPACE), QUERIES, seed=seed)
        valid, network = bench.train(schedule_of(SPACE, result.best.architecture))
        yield about | {
            "method": method,
            "valid": valid,
            "test": bench.test(network)["loss"],
            "start": -float(np.nanmax(result.scores[:5])),  # the best of the first five
        }


if __name__ == "__main__":
    main()
