"""Schedules of regularisation and their rivals on six tables, each with the same trainings.

Rows go to rows.csv as cells are done; what is there is not done again.
"""

import argparse
import csv
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier

from rlnas.datasets.tables import TableOptions, TableSplit, load_table_data
from rlnas.networks import build_dense_network
from rlnas.networks.cutting import cut_network, mask_units
from rlnas.search import get_searcher
from rlnas.spaces import DenseSpace, ScheduleSpace
from rlnas.tasks import make_task
from rlnas.training import Recipe, train_network
from rlnas.training.metrics import Meter
from rlnas.training.regularisation import (
    ExpertSchedule,
    Schedule,
    Term,
    expert_names,
    schedule_of,
    search_masks,
)
from rlnas.training.stability import trained_again, under_noise

COLUMNS = (
    *("table", "share", "seed", "rows", "method", "trainings", "valid", "metric", "loss"),
    *("balanced_accuracy", "average_precision", "parameters", "cut_parameters"),
    *("outputs_apart", "input_noise", "weight_noise", "resampled", "schedule"),
)
HERE = Path(__file__).parent
TABLES = ("wine", "breast-cancer", "diabetes", "digits-table", "collinear", "imbalanced")
SHARES = (0.1, 0.3, 1.0)
TRAININGS = 8
NETWORK = "32-relu_32-relu_32-relu"
BASE = DenseSpace()
EPOCHS, STEPS, BATCH, MOST_ROWS = 12, 10, 32, 384
STRENGTHS = {"l2": (0.3, 1.0, 3.0, 10.0), "group": (0.03, 0.1, 0.3, 1.0)}


def collinear(seed):
    """2,000 rows of 30 columns: 6 independent ones, the rest copies of them with 0.7 in common.

    A generator of our own after the description of the authors' synthetic table ("adeq_correl"):
    the target is the sum of the first two columns.
    """
    rng = np.random.default_rng([seed, 1])
    own = rng.normal(size=(2000, 6))
    copies = 0.7 * own[:, rng.integers(6, size=24)] + 0.3 * rng.normal(size=(2000, 24))
    frame = pd.DataFrame(np.concatenate([own, copies], axis=1)).add_prefix("x")
    frame["y"] = own[:, 0] + own[:, 1]
    return frame


def imbalanced(seed):
    """1,500 rows of 20 columns, 3.6 % of them positive."""
    inputs, labels = make_classification(
        1500, 20, n_informative=6, weights=[0.964], flip_y=0, class_sep=1.2, random_state=seed
    )
    frame = pd.DataFrame(inputs).add_prefix("x")
    frame["y"] = np.where(labels == 1, "yes", "no")
    return frame


def load(table, share, seed):
    made = {"collinear": collinear, "imbalanced": imbalanced}.get(table)
    if made is None:
        options = TableOptions(table=table, seed=seed)
    else:
        options = TableOptions(table=table, target="y", frame=made(seed), seed=seed)
    rows = len(load_table_data(options).train)
    if table != "imbalanced":  # of whose few positives none shall be missing
        rows = min(rows, MOST_ROWS)
    return load_table_data(replace(options, train_size=max(round(share * rows), 12)))


class Bench:
    """Trains one network on one table by any schedule; the same one once."""

    def __init__(self, data, seed):
        # An epoch of few rows goes through them several times.
        times = max(STEPS * BATCH // len(data.train), 1)
        train = data.train
        again = TableSplit(
            train.inputs.repeat(times, 1),
            train.targets.repeat((times,) + (1,) * (train.targets.ndim - 1)),
        )
        self.data, self.seed = replace(data, train=again), seed
        self.recipe = Recipe(
            epochs=EPOCHS,
            batch_size=BATCH,
            optimizer="adamw",
            learning_rate=8e-3,
            weight_decay=0.0,
            warmup=0.1,
            precision="float32",
        )
        self.known = {}
        self.seconds = 0.0

    def build(self, seed):
        return build_dense_network(BASE, NETWORK, self.data.spec, seed=seed)

    def train(self, schedule):
        """Return the validation loss and the network of a schedule."""
        if schedule not in self.known:
            start = time.process_time()
            network = self.build(self.seed)
            recipe = replace(self.recipe, regularisation=schedule)
            # The test part is measured once, by `test`, and not in every epoch.
            nothing = TableSplit(self.data.valid.inputs[:1], self.data.valid.targets[:1])
            blind = replace(self.data, test=nothing)
            result = train_network(
                network, blind, recipe, seed=self.seed, device="cpu", train_metrics=False
            )
            self.known[schedule] = (result.history[-1].valid["loss"], network)
            self.seconds += time.process_time() - start
        return self.known[schedule]

    def best(self, schedules):
        return min(schedules, key=lambda schedule: self.train(schedule)[0])

    def task(self, space):
        def evaluate(text):
            return -self.train(schedule_of(space, text))[0]

        return make_task(space, evaluate, metric="negative validation loss")

    def test(self, network):
        meter = Meter(self.data.spec)
        with torch.no_grad():
            inputs, targets = self.data.test.batch(torch.arange(len(self.data.test)))
            meter.update(network.eval()(inputs), targets)
        return meter.values()


def fixed(what, strength):
    part = "layers" if what == "group" else "all"
    return Schedule((Term(what, part, (0.0, 1.0), (strength, strength)),))


def methods(bench):
    """Yield (method, trainings, schedule chosen on validation)."""
    yield "none", 1, None
    rivals = [fixed(what, s) for what, strengths in STRENGTHS.items() for s in strengths]
    yield "fixed, tuned", TRAININGS, bench.best(rivals)
    for name in expert_names()[1:]:
        yield f"expert {name}", 1, ExpertSchedule(name)
    some = [ExpertSchedule(name) for name in expert_names()[1:]]
    yield "experts, chosen", len(some), bench.best(some)
    searches = [
        ("by layer, random", 1, "random", {}),
        ("schedule, random", 3, "random", {}),
        ("schedule, genetic", 3, "genetic", {"population": 4}),
        ("schedule, evolution", 3, "regularised-evolution", {"population": 4, "sample": 2}),
    ]
    for name, knots, searcher, options in searches:
        space = ScheduleSpace(NETWORK, base=BASE, knots=knots)
        result = get_searcher(searcher, **options).search(
            bench.task(space), TRAININGS, seed=bench.seed
        )
        yield name, TRAININGS, schedule_of(space, result.best.architecture)


def row_of(bench, network):
    small = cut_network(network.eval())
    inputs = bench.data.test.batch(torch.arange(len(bench.data.test)))[0]
    with torch.no_grad():
        outputs = network(inputs)
        apart = float((small(inputs) - outputs).abs().max() / outputs.abs().max().clamp_min(1))
    found = bench.test(network)
    noise = partial(under_noise, network, bench.data.test, bench.data.spec, repeats=5)
    return {
        "metric": found["metric"],
        "loss": found["loss"],
        "balanced_accuracy": found.get("balanced_accuracy", ""),
        "average_precision": found.get("average_precision", ""),
        "parameters": network.parameters_in_use,
        "cut_parameters": small.parameters_in_use,
        "outputs_apart": apart,
        "input_noise": noise(on="inputs", scale=0.2).spread,
        "weight_noise": noise(on="weights", scale=0.2).spread,
    }


def scikit(data, seed):
    """Yield (name, predictor) of scikit-learn's defaults, fitted on the same rows."""
    from sklearn import ensemble, linear_model, neural_network

    inputs, targets = (part.numpy() for part in (data.train.inputs, data.train.targets))
    layers = {"hidden_layer_sizes": (32, 32, 32), "random_state": seed}
    if data.spec.classes:
        made = (
            ("logistic regression", linear_model.LogisticRegression(max_iter=1000)),
            ("MLP", neural_network.MLPClassifier(**layers)),
            ("random forest", ensemble.RandomForestClassifier(random_state=seed)),
            ("gradient boosting", ensemble.HistGradientBoostingClassifier(random_state=seed)),
        )
    else:
        targets = targets[:, 0]
        made = (
            ("ridge regression", linear_model.Ridge()),
            ("MLP", neural_network.MLPRegressor(**layers)),
            ("random forest", ensemble.RandomForestRegressor(random_state=seed)),
            ("gradient boosting", ensemble.HistGradientBoostingRegressor(random_state=seed)),
        )
    for name, model in made:
        # Of few rows of a rare class there may be none.
        alone = data.spec.classes and len(np.unique(targets)) == 1
        yield f"scikit-learn {name}", (DummyClassifier() if alone else model).fit(inputs, targets)


def scikit_row(data, model):
    meter = Meter(data.spec)
    inputs = data.test.inputs.numpy()
    if data.spec.classes:
        shares = np.full((len(inputs), len(data.spec.classes)), 1e-7)
        shares[:, model.classes_] = model.predict_proba(inputs).clip(1e-7)
        outputs = torch.from_numpy(np.log(shares))
    else:
        outputs = torch.from_numpy(model.predict(inputs))[:, None]
    meter.update(outputs.float(), data.test.targets)
    found = meter.values()
    names = ("metric", "loss", "balanced_accuracy", "average_precision")
    return {name: found.get(name, "") for name in names}


def cell(table, share, seed):
    """Return the rows of one table, share of the training rows, and seed."""
    data = load(table, share, seed)
    bench = Bench(data, seed)
    rows, resampled = [], {}
    about = {"table": table, "share": share, "seed": seed, "rows": len(data.train)}
    for method, trainings, schedule in methods(bench):
        valid, network = bench.train(schedule)
        if method in ("none", "fixed, tuned", "schedule, genetic"):
            recipe = replace(bench.recipe, regularisation=schedule)
            resampled[method] = trained_again(
                bench.build, bench.data, recipe, over="rows", repeats=2, seed=seed, device="cpu"
            ).spread
        chosen = "" if schedule is None else str(schedule.to_dict())
        rows.append(
            about
            | {"method": method, "trainings": trainings, "valid": valid}
            | row_of(bench, network)
            | {"resampled": resampled.get(method, ""), "schedule": chosen}
        )
        if method == "none":
            own = bench.build(seed)
            own.load_state_dict(network.state_dict())
            masks = search_masks(own, data.valid, size_weight=0.02, seed=seed)
            mask_units(own, masks.masks)
            also = {"method": f"{method} + masks", "trainings": trainings, "valid": masks.loss}
            rows.append(about | also | row_of(bench, own))
    for name, model in scikit(data, seed):
        rows.append(about | {"method": name, "trainings": 1} | scikit_row(data, model))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--out", type=Path, default=HERE / "rows.csv")
    given = parser.parse_args()
    torch.set_num_threads(1)
    done = set()
    if given.out.exists():
        kept = pd.read_csv(given.out)
        done = set(zip(kept["table"], kept["share"], kept["seed"], strict=True))
    # Seeds go round last, so that what is there is of as many seeds everywhere; 30 % comes later.
    seeds = range(given.first, given.first + given.seeds)
    cells = [(t, share, seed) for seed in seeds for share in given.shares for t in TABLES]
    cells.sort(key=lambda cell: cell[2] + 3 * (cell[1] == 0.3))
    for table, share, seed in cells:
        if (table, share, seed) in done:
            continue
        start = time.perf_counter()
        rows = cell(table, share, seed)
        new = not given.out.exists()
        with given.out.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            if new:
                writer.writeheader()
            for row in rows:
                writer.writerow(
                    {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
                )
        print(f"{table} {share:.0%} seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
