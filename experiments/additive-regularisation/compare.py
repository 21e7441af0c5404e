"""Schedules of regularisation and their rivals on six tables, each with the same trainings.

What many searches ask for at a time is trained together (stack.py), unless ``--alone`` asks for
`train_network`, one after another, which tells the seconds too. Rows go to a CSV file when all
seeds of a table and a share of its training rows are done; what is there is not done again.
"""

import argparse
import csv
import itertools
import math
import threading
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
from stack import Job, train_together

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
from rlnas.training.stability import measure, under_noise

COLUMNS = (
    *("table", "share", "seed", "rows", "method", "trainings", "seconds", "valid", "metric"),
    *("loss", "balanced_accuracy", "average_precision", "parameters", "cut_parameters"),
    *("outputs_apart", "input_noise", "weight_noise", "other_seeds", "other_rows", "schedule"),
)
HERE = Path(__file__).parent
TABLES = ("wine", "breast-cancer", "diabetes", "digits-table", "collinear", "imbalanced")
SHARES = (0.1, 1.0, 0.3)
BUDGETS = (8, 16)  # trainings
NETWORK = "32-relu_32-relu_32-relu"
BASE = DenseSpace()
# A training has 120 to 144 steps, whatever the rows: of many the batches are larger; of few an
# epoch goes through them more often, at least twice.
EPOCHS, LEAST_STEPS, MOST_STEPS, BATCH = 6, 20, 24, 32
# The first four of each are those of eight trainings. Levels of `ScheduleSpace` reach as far.
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
REPEATS = 4  # trainings on other seeds, and on other rows, of a schedule that was chosen


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
    """What a training came to: validation loss, network, CPU seconds where it was alone."""

    loss: float
    network: torch.nn.Module
    seconds: float = math.nan


class Bench:
    """Trains one network on one table by any schedule; the same one once.

    Args:
        data: The table.
        seed: Of first weights, orders and searches.
        ask: Trains pairs of a bench and a schedule; by default each alone.
    """

    def __init__(self, data, seed, ask=None):
        times = max(LEAST_STEPS * BATCH // len(data.train), 2)
        train = data.train
        again = TableSplit(
            train.inputs.repeat(times, 1),
            train.targets.repeat((times,) + (1,) * (train.targets.ndim - 1)),
        )
        self.table, self.data, self.seed = data, replace(data, train=again), seed
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
        self._ask = ask or (lambda pairs: [train_alone(*pair) for pair in pairs])

    def train(self, *schedules):
        """Return what schedules come to."""
        self.asked.update(schedules)
        if new := [s for s in dict.fromkeys(schedules) if s not in self.known]:
            self.known.update(zip(new, self._ask([(self, s) for s in new]), strict=True))
        return [self.known[schedule] for schedule in schedules]

    def best(self, schedules):
        losses = [trained.loss for trained in self.train(*schedules)]
        return schedules[int(np.argmin(losses))]

    def searched(self, knots, searcher, options, trainings):
        space = ScheduleSpace(NETWORK, base=BASE, knots=knots)

        def evaluate(text):
            return -self.train(schedule_of(space, text))[0].loss

        task = make_task(space, evaluate, metric="negative validation loss")
        found = get_searcher(searcher, **options).search(task, trainings, seed=self.seed)
        return schedule_of(space, found.best.architecture)

    def values(self, network, split):
        meter = Meter(self.data.spec)
        with torch.no_grad():
            inputs, targets = split.batch(torch.arange(len(split)))
            meter.update(network.eval()(inputs), targets)
        return meter.values()

    def drawn(self, repeat):
        """Return training rows drawn with replacement."""
        rng = np.random.default_rng([self.seed, repeat])
        count = len(self.data.train)
        return torch.from_numpy(rng.integers(count, size=count))

    def seconds_of(self, choose):
        """Return what a choice comes to, and the CPU seconds it needs alone."""
        before = dict.fromkeys(self.known)
        self.asked = set()
        start = time.process_time()
        chosen = choose()
        seconds = time.process_time() - start
        # What another method had trained before would have to be trained for this one too.
        return chosen, seconds + sum(self.known[s].seconds for s in self.asked if s in before)


def build(data, seed):
    return build_dense_network(BASE, NETWORK, data.spec, seed=seed)


def train_alone(bench, schedule):
    start = time.process_time()
    network = build(bench.data, bench.seed)
    # The test part is measured once, in the end, and not in every epoch.
    nothing = TableSplit(bench.data.valid.inputs[:1], bench.data.valid.targets[:1])
    result = train_network(
        network,
        replace(bench.data, test=nothing),
        replace(bench.recipe, regularisation=schedule),
        seed=bench.seed,
        device="cpu",
        train_metrics=False,
    )
    loss = result.history[-1].valid["loss"]
    return Trained(loss, network, time.process_time() - start)


def train_pairs(pairs):
    """Train pairs of a bench and a schedule, all of one table and one share of its rows."""
    jobs = [Job(bench.data, bench.seed, schedule) for bench, schedule in pairs]
    networks = train_together(jobs, build, pairs[0][0].recipe)
    return [
        Trained(bench.values(network, bench.data.valid)["loss"], network)
        for (bench, _), network in zip(pairs, networks, strict=True)
    ]


class Together:
    """Runs searches in threads, and trains at once what all of them wait for."""

    def __init__(self):
        self._change = threading.Condition()
        self._wanted, self._trained = [], {}
        self._waiting = self._running = self._round = 0

    def ask(self, pairs):
        with self._change:
            self._wanted += pairs
            self._waiting += 1
            now = self._round
            self._change.notify_all()
            self._change.wait_for(lambda: self._round > now)
            return [self._trained[pair] for pair in pairs]

    def run(self, calls):
        """Return what calls return."""
        found = [None] * len(calls)

        def work(place):
            try:
                found[place] = calls[place]()
            finally:
                with self._change:
                    self._running -= 1
                    self._change.notify_all()

        self._running = len(calls)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(len(calls))]
        for thread in threads:
            thread.start()
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting == self._running)
                if not self._running:
                    return found
                pairs = list(dict.fromkeys(self._wanted))
                self._wanted, self._waiting = [], 0
            trained = train_pairs(pairs)
            with self._change:
                self._trained.update(zip(pairs, trained, strict=True))
                self._round += 1
                self._change.notify_all()


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


def row_of(bench, network, noisy=True):
    small = cut_network(network.eval())
    inputs = bench.data.test.batch(torch.arange(len(bench.data.test)))[0]
    with torch.no_grad():
        outputs = network(inputs)
        apart = float((small(inputs) - outputs).abs().max() / outputs.abs().max().clamp_min(1))
    found = bench.values(network, bench.data.test)
    row = {name: found[name] for name in ("metric", "loss")}
    row |= {name: found.get(name, "") for name in ("balanced_accuracy", "average_precision")}
    row |= {"parameters": network.parameters_in_use, "cut_parameters": small.parameters_in_use}
    if noisy:
        noise = partial(under_noise, network, bench.data.test, bench.data.spec, scale=0.2)
        row |= {f"{on[:-1]}_noise": noise(on=on, repeats=5).spread for on in ("inputs", "weights")}
    return row | {"outputs_apart": apart}


def masked(bench, schedule):
    """Return a network by a schedule without the neurons that a search over masks takes out."""
    network = build(bench.data, bench.seed)
    network.load_state_dict(bench.train(schedule)[0].network.state_dict())
    found = search_masks(network, bench.data.valid, size_weight=0.02, seed=bench.seed)
    mask_units(network, found.masks)
    return network, found.loss


def stability(chosen):
    """Return spreads of the test metric by (bench, schedule): other seeds, and other rows."""
    jobs, recipe = [], chosen[0][0].recipe
    rows = {(b, repeat): b.drawn(repeat) for b, _ in chosen for repeat in range(REPEATS)}
    for bench, schedule in chosen:
        for repeat in range(REPEATS):
            jobs.append(Job(bench.data, 1000 + 10 * bench.seed + repeat, schedule))
            jobs.append(Job(bench.data, bench.seed, schedule, rows[bench, repeat]))
    networks = train_together(jobs, build, recipe)
    metrics = [
        measure(network, job.data.test, job.data.spec)
        for job, network in zip(jobs, networks, strict=True)
    ]
    spreads = np.std(np.reshape(metrics, (len(chosen), REPEATS, 2)), axis=1, ddof=1)
    return {
        pair: {"other_seeds": float(seeds), "other_rows": float(rows)}
        for pair, (seeds, rows) in zip(chosen, spreads, strict=True)
    }


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


def together(table, share, seeds, budgets):
    """Yield the rows of a table and a share of its training rows, all seeds at once."""
    trainer = Together()
    benches = [Bench(load(table, share, seed), seed, trainer.ask) for seed in seeds]
    asked = [
        (bench, method, count, choose)
        for bench in benches
        for budget in budgets
        for method, count, choose in methods(bench, budget)
        if budget == budgets[0] or count == budget
    ]
    schedules = trainer.run([choose for *_, choose in asked])
    repeated = {
        (bench, schedule)
        for (bench, method, count, _), schedule in zip(asked, schedules, strict=True)
        if count in (1, budgets[0]) and not method.startswith("named ")
    }
    spreads = stability(sorted(repeated, key=lambda pair: (pair[0].seed, str(pair[1]))))
    for (bench, method, count, _), schedule in zip(asked, schedules, strict=True):
        about = about_cell(table, share, bench) | {"method": method, "trainings": count}
        yield from rows_of(bench, about, schedule, spreads)
    for bench in benches:
        yield from scikit_rows(table, share, bench)


def about_cell(table, share, bench):
    rows = {"rows": len(bench.table.train)}
    return {"table": table, "share": share, "seed": bench.seed} | rows


def rows_of(bench, about, schedule, spreads=None):
    (trained,) = bench.train(schedule)
    first, method = about["trainings"] != BUDGETS[-1], about["method"]
    yield (
        about
        | {"valid": trained.loss}
        | row_of(bench, trained.network, first)
        | ({} if spreads is None else spreads.get((bench, schedule), {}))
        | {"schedule": "" if schedule is None else str(schedule.to_dict())}
    )
    if method in ("none", "fixed, tuned") and first:
        start = time.process_time()
        network, loss = masked(bench, schedule)
        also = {"method": f"{method} + masks", "valid": loss}
        if "seconds" in about:
            also["seconds"] = about["seconds"] + time.process_time() - start
        yield about | also | row_of(bench, network)


def scikit_rows(table, share, bench):
    about = about_cell(table, share, bench)
    for name, count, models in scikit(bench.table, bench.seed):
        method = {"method": f"scikit-learn {name}", "trainings": count}
        yield about | method | scikit_row(bench.table, models)


def alone(table, share, seeds, budgets):
    """Yield the rows of a table and a share of its training rows, one training after another."""
    for seed in seeds:
        bench = Bench(load(table, share, seed), seed)
        for method, count, choose in methods(bench, budgets[0]):
            schedule, seconds = bench.seconds_of(choose)
            about = about_cell(table, share, bench) | {"method": method, "trainings": count}
            yield from rows_of(bench, about | {"seconds": seconds}, schedule)
        yield from scikit_rows(table, share, bench)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--alone", action="store_true", help="each training by itself, timed")
    parser.add_argument("--out", type=Path, default=HERE / "rows.csv")
    given = parser.parse_args()
    torch.set_num_threads(1)
    done = set()
    if given.out.exists():
        kept = pd.read_csv(given.out)
        done = set(zip(kept["table"], kept["share"], strict=True))
    for share, table in itertools.product(given.shares, TABLES):
        if (table, share) in done:
            continue
        start, used = time.perf_counter(), time.process_time()
        budgets = BUDGETS if share == min(SHARES) else BUDGETS[:1]  # more where it matters most
        rows = list((alone if given.alone else together)(table, share, range(given.seeds), budgets))
        new = not given.out.exists()
        with given.out.open("a", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="")
            if new:
                writer.writeheader()
            for row in rows:
                writer.writerow(
                    {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
                )
        took = (time.perf_counter() - start, time.process_time() - used)
        print(f"{table} {share:.0%}: {took[0]:.0f} s, {took[1]:.0f} s of the CPU", flush=True)


if __name__ == "__main__":
    main()
