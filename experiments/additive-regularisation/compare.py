"""Schedules of regularisation and their rivals on six tables, each with the same trainings.

Rows go to a CSV file as cells are done; what is there is not done again.
"""

import argparse
import csv
import itertools
import math
import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn import ensemble, linear_model, neural_network
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning

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
    *("table", "share", "seed", "rows", "method", "trainings", "seconds", "valid", "metric"),
    *("loss", "balanced_accuracy", "average_precision", "parameters", "cut_parameters"),
    *("outputs_apart", "input_noise", "weight_noise", "other_seeds", "other_rows", "schedule"),
)
HERE = Path(__file__).parent
TABLES = ("wine", "breast-cancer", "diabetes", "digits-table", "collinear", "imbalanced")
SHARES = (0.1, 0.3, 1.0)
NETWORK = "32-relu_32-relu_32-relu"
BASE = DenseSpace()
# A training has 120 to 144 steps, whatever the rows: of many the batches are larger; of few an
# epoch goes through them more often, at least twice.
EPOCHS, LEAST_STEPS, MOST_STEPS, BATCH = 6, 20, 24, 32
# The first eight are those of eight trainings. Levels of `ScheduleSpace` reach as far.
STRENGTHS = {
    "l2": (0.3, 1.0, 3.0, 10.0, 0.1, 0.55, 1.7, 5.5),
    "group": (0.03, 0.1, 0.3, 1.0, 0.01, 0.055, 0.17, 0.55),
}
TIMES_USUAL = (1.0, 3.0, 1 / 3, 10.0)  # strengths of the named schedules, in the order of trial
SEARCHES = (
    ("by layer, random", 1, "random", {}),
    ("schedule, random", 3, "random", {}),
    ("schedule, genetic", 3, "genetic", {"population": 4}),
    ("schedule, evolution", 3, "regularised-evolution", {"population": 4, "sample": 2}),
    ("schedule, PPO controller", 3, "scratch", {}),
)
# Trained on other seeds and on other rows: of the fewest rows, where chance matters most.
REPEATS, REPEATED_SHARE = 2, 0.1
REPEATED = (
    "none",
    "fixed, tuned",
    "named, chosen",
    "schedule, genetic",
    "schedule, PPO controller",
)


def collinear(seed):
    """2,000 rows of 30 columns: 6 independent ones, the rest copies of them with 0.7 in common.

    A generator of our own after the description of the authors' synthetic table ("adeq_correl"):
    the target is the sum of the first two columns; the noise is ours, 11 % of its variance.
    """
    rng = np.random.default_rng([seed, 1])
    own = rng.normal(size=(2000, 6))
    copies = 0.7 * own[:, rng.integers(6, size=24)] + 0.3 * rng.normal(size=(2000, 24))
    frame = pd.DataFrame(np.concatenate([own, copies], axis=1)).add_prefix("x")
    frame["y"] = own[:, 0] + own[:, 1] + 0.5 * rng.normal(size=2000)
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
    if table == "collinear":
        options = TableOptions(table=table, target="y", frame=collinear(seed), seed=seed)
    elif table == "imbalanced":
        frame = imbalanced(seed)
        options = TableOptions(
            table=table, target="y", frame=frame, seed=seed, metric="average-precision"
        )
    else:
        options = TableOptions(table=table, seed=seed)
    rows = len(load_table_data(options).train)
    return load_table_data(replace(options, train_size=max(round(share * rows), 12)))


@dataclass
class Trained:
    """What a training came to: validation loss, CPU seconds, the network."""

    loss: float
    seconds: float
    network: torch.nn.Module


class Bench:
    """Trains one network on one table by any schedule; the same one once."""

    def __init__(self, data, seed):
        times = max(LEAST_STEPS * BATCH // len(data.train), 2)
        train = data.train
        again = TableSplit(
            train.inputs.repeat(times, 1),
            train.targets.repeat((times,) + (1,) * (train.targets.ndim - 1)),
        )
        self.data, self.seed = replace(data, train=again), seed
        self.recipe = Recipe(
            epochs=EPOCHS,
            batch_size=max(BATCH, math.ceil(len(again) / MOST_STEPS)),
            optimizer="adamw",
            learning_rate=8e-3,
            weight_decay=0.0,
            warmup=0.1,
            precision="float32",
        )
        self.known = {}
        self.asked = set()
        self._stability = {}

    def build(self, seed):
        return build_dense_network(BASE, NETWORK, self.data.spec, seed=seed)

    def train(self, schedule):
        self.asked.add(schedule)
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
            loss = result.history[-1].valid["loss"]
            self.known[schedule] = Trained(loss, time.process_time() - start, network)
        return self.known[schedule]

    def seconds_of(self, choose):
        """Return what a choice comes to, and the CPU seconds it needs alone."""
        before = dict.fromkeys(self.known)
        self.asked = set()
        start = time.process_time()
        chosen = choose()
        seconds = time.process_time() - start
        # What another method had trained before would have to be trained for this one too.
        return chosen, seconds + sum(self.known[s].seconds for s in self.asked if s in before)

    def best(self, schedules):
        return min(schedules, key=lambda schedule: self.train(schedule).loss)

    def searched(self, knots, searcher, options, trainings):
        space = ScheduleSpace(NETWORK, base=BASE, knots=knots)

        def evaluate(text):
            return -self.train(schedule_of(space, text)).loss

        task = make_task(space, evaluate, metric="negative validation loss")
        found = get_searcher(searcher, **options).search(task, trainings, seed=self.seed)
        return schedule_of(space, found.best.architecture)

    def test(self, network):
        meter = Meter(self.data.spec)
        with torch.no_grad():
            inputs, targets = self.data.test.batch(torch.arange(len(self.data.test)))
            meter.update(network.eval()(inputs), targets)
        return meter.values()

    def stability(self, schedule):
        """Return spreads of the test metric: other first weights and orders; other rows."""
        if schedule not in self._stability:
            recipe = replace(self.recipe, regularisation=schedule)
            again = partial(trained_again, self.build, self.data, recipe, device="cpu")
            self._stability[schedule] = {
                "other_seeds": again(over="seeds", repeats=REPEATS, seed=1000 + self.seed).spread,
                "other_rows": again(over="rows", repeats=REPEATS, seed=self.seed).spread,
            }
        return self._stability[schedule]


def fixed(what, strength):
    part = "layers" if what == "group" else "all"
    return Schedule((Term(what, part, (0.0, 1.0), (strength, strength)),))


def fixed_strengths(trainings):
    each = trainings // len(STRENGTHS)
    return [fixed(what, strength) for what in STRENGTHS for strength in STRENGTHS[what][:each]]


def named_schedules(trainings):
    """Return all but the constant one at their usual strengths, then at three times, …"""
    usual = [ExpertSchedule(name) for name in expert_names()[1:]]
    found = [ExpertSchedule(e.name, times * e.strength) for times in TIMES_USUAL for e in usual]
    return found[:trainings]


def methods(bench, trainings):
    """Yield (method, trainings, how it chooses a schedule on the validation rows)."""
    yield "none", 1, lambda: bench.best([None])
    yield "fixed, tuned", trainings, lambda: bench.best(fixed_strengths(trainings))
    for name in expert_names()[1:]:
        yield f"named {name}", 1, lambda name=name: bench.best([ExpertSchedule(name)])
    yield "named, chosen", trainings, lambda: bench.best(named_schedules(trainings))
    for name, *search in SEARCHES:
        yield name, trainings, lambda search=search: bench.searched(*search, trainings)


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


def masked(bench, schedule):
    """Return a network by a schedule without the neurons that a search over masks takes out."""
    network = bench.build(bench.seed)
    network.load_state_dict(bench.train(schedule).network.state_dict())
    found = search_masks(network, bench.data.valid, size_weight=0.02, seed=bench.seed)
    mask_units(network, found.masks)
    return network, found.loss


def scikit(data, seed):
    """Yield (name, trainings, models) of scikit-learn's: defaults, and one with its strength tuned.

    Of several models the best on the validation rows counts.
    """
    layers = {"hidden_layer_sizes": (32, 32, 32), "random_state": seed}
    strengths = np.logspace(-3, 4, 8)
    if data.spec.classes:
        logistic = [linear_model.LogisticRegression(C=1 / s, max_iter=1000) for s in strengths]
        yield "linear", 1, [linear_model.LogisticRegression(max_iter=1000)]
        yield "linear, tuned", len(strengths), logistic
        yield "MLP", 1, [neural_network.MLPClassifier(**layers)]
        yield "random forest", 1, [ensemble.RandomForestClassifier(random_state=seed)]
        yield "gradient boosting", 1, [ensemble.HistGradientBoostingClassifier(random_state=seed)]
    else:
        yield "linear", 1, [linear_model.Ridge()]
        yield "linear, tuned", len(strengths), [linear_model.Ridge(alpha=s) for s in strengths]
        yield "MLP", 1, [neural_network.MLPRegressor(**layers)]
        yield "random forest", 1, [ensemble.RandomForestRegressor(random_state=seed)]
        yield "gradient boosting", 1, [ensemble.HistGradientBoostingRegressor(random_state=seed)]


def scikit_values(data, split, model):
    meter = Meter(data.spec)
    inputs = split.inputs.numpy()
    if data.spec.classes:
        shares = np.full((len(inputs), len(data.spec.classes)), 1e-7)
        shares[:, model.classes_] = model.predict_proba(inputs).clip(1e-7)
        outputs = torch.from_numpy(np.log(shares))
    else:
        outputs = torch.from_numpy(model.predict(inputs))[:, None]
    meter.update(outputs.float(), split.targets)
    return meter.values()


def scikit_row(data, models):
    start = time.process_time()
    inputs, targets = (part.numpy() for part in (data.train.inputs, data.train.targets))
    targets = targets if data.spec.classes else targets[:, 0]
    with warnings.catch_warnings():  # of a thousand steps that were not enough
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = [model.fit(inputs, targets) for model in models]
    losses = [scikit_values(data, data.valid, model)["loss"] for model in fitted]
    seconds = time.process_time() - start
    found = scikit_values(data, data.test, fitted[int(np.argmin(losses))])
    names = ("metric", "loss", "balanced_accuracy", "average_precision")
    row = {name: found.get(name, "") for name in names}
    return {"seconds": seconds, "valid": min(losses), **row}


def cell(table, share, seed, trainings):
    """Yield the rows of one table, share of the training rows, and seed."""
    data = load(table, share, seed)
    bench = Bench(data, seed)
    about = {"table": table, "share": share, "seed": seed, "rows": len(data.train)}
    for method, count, choose in methods(bench, trainings):
        schedule, seconds = bench.seconds_of(choose)
        trained = bench.known[schedule]
        repeated = method in REPEATED and share == REPEATED_SHARE
        yield (
            about
            | {"method": method, "trainings": count, "seconds": seconds, "valid": trained.loss}
            | row_of(bench, trained.network)
            | (bench.stability(schedule) if repeated else {})
            | {"schedule": "" if schedule is None else str(schedule.to_dict())}
        )
        if method in ("none", "fixed, tuned"):
            (network, loss), more = bench.seconds_of(partial(masked, bench, schedule))
            more += seconds - trained.seconds  # which is in both
            also = {"method": f"{method} + masks", "trainings": count, "seconds": more}
            yield about | also | {"valid": loss} | row_of(bench, network)
    for name, count, models in scikit(data, seed):
        method = {"method": f"scikit-learn {name}", "trainings": count}
        yield about | method | scikit_row(data, models)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--trainings", type=int, default=8, help="8 or 16")
    parser.add_argument("--out", type=Path, default=HERE / "rows.csv")
    given = parser.parse_args()
    torch.set_num_threads(1)
    done = set()
    if given.out.exists():
        kept = pd.read_csv(given.out)
        done = set(zip(kept["table"], kept["share"], kept["seed"], strict=True))
    # Seeds go round last, so that what is there is of as many seeds everywhere.
    seeds = range(given.first, given.first + given.seeds)
    for seed, share, table in itertools.product(seeds, given.shares, TABLES):
        if (table, share, seed) in done:
            continue
        start = time.perf_counter()
        rows = list(cell(table, share, seed, given.trainings))
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
