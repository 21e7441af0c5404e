"""Users' functions that go wrong in every way, and searches with them: counts of what became of it.

As a script: ``python tests/robustness/functions.py [functions] [seed]``.
"""

from __future__ import annotations

import builtins
import collections
import decimal
import fractions
import json
import math
import os
import random
import runpy
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import rlnas
from rlnas.search import SearchResult
from rlnas.spaces import CellSpace
from rlnas.tasks import Budget, Evaluation, Metric, Task

SPACE = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)
QUERIES = 8


class Mute(Exception):
    def __str__(self):
        raise ValueError("no text")


class NoText(Exception):
    def __str__(self):
        return 3  # noqa: PLE0307


class Odd(BaseException):
    pass


class OddText(str):
    def __len__(self):
        raise RuntimeError("no length")


class Hostile:
    """Whatever is asked of it, it raises."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")

    def __repr__(self):
        raise RuntimeError("no repr")

    def __float__(self):
        raise RuntimeError("no float")


class FakeMapping(collections.abc.Mapping):
    def __getitem__(self, key):
        raise OSError("gone")

    def __iter__(self):
        return iter(["score"])

    def __len__(self):
        return 1


NUMBERS = [
    0.5, 1, -3, 0, 10**30, np.float32(0.5), np.float64(2), np.int8(3), np.array(0.25),
    decimal.Decimal("0.1"), fractions.Fraction(1, 3), np.array(3, dtype=np.uint8),
]  # fmt: skip
NO_NUMBERS = [
    None, "x", "0.5", "", b"1", True, False, np.True_, math.nan, math.inf, -math.inf, 10**400,
    10**5000, 1j, np.complex64(1), [], [0.5], (1,), {}, {1}, np.array([0.5]), np.zeros((3, 2)),
    np.array("x"), np.array(None), np.datetime64("2020"), decimal.Decimal("nan"), object(),
    Hostile(), float, (n for n in range(3)), lambda: 1, Evaluation, np.ma.masked, OddText("x"),
    "\ud800", "x" * 100_000, range(10**12), sys, NotImplemented, ...,
]  # fmt: skip
RAISED = [
    (ValueError, "bad"), (KeyError, "k"), (Mute,), (NoText,), (SystemExit, 3), (SystemExit, "bye"),
    (GeneratorExit,), (Odd, "odd"), (StopIteration,), (StopAsyncIteration,), (MemoryError,),
    (RecursionError,), (RuntimeError, "\ud800 lone"), (OSError, "x" * 10**6), (AssertionError,),
    (ValueError, "\0\n\r\t\x1b[31m"), (UnicodeDecodeError, "utf-8", b"\xff", 0, 1, "x"),
    (rlnas.errors.BudgetExhaustedError, "mine"), (rlnas.errors.LeakageError, "mine"),
    (BrokenPipeError,), (EOFError,), (Warning, "w"), (getattr(builtins, "ExceptionGroup", OSError),
    "many", [ValueError(1)]),
]  # fmt: skip
NAMES = ["latency", "", 1, None, ("a",), "\ud800", "a\nb", "x" * 1000, "metric/x", "score ", b"b"]


def outcome(rng):
    """Return a function without arguments that gives or raises something."""
    kind = rng.choice(
        ["number", "number", "number", "wrong", "raise", "mapping", "evaluation", "metrics", "fake"]
    )
    number, wrong = rng.choice(NUMBERS), rng.choice(NO_NUMBERS)
    if kind == "number":
        return lambda: number
    if kind == "wrong":
        return lambda: wrong
    if kind == "raise":
        error, *arguments = rng.choice(RAISED)

        def fail():
            raise error(*arguments)

        return fail
    if kind == "fake":
        return FakeMapping
    score = rng.choice([number, number, wrong])
    cost = rng.choice([0.0, 1, -1, wrong, number])
    metrics = {rng.choice(NAMES): rng.choice([number, wrong]) for _ in range(rng.randint(0, 2))}
    if kind == "mapping":
        return lambda: {"score": score, "cost": cost, **metrics}
    if kind == "metrics":
        return lambda: Evaluation(number, 1.0, None, wrong)
    error = rng.choice([None, None, None, "failed", wrong, ValueError("x"), Mute()])
    return lambda: Evaluation(score, cost, error, metrics)


class Batch:
    """An objective that works on several at once, and gives what a function gives."""

    metric = Metric(name="odd")
    in_flight = 3

    def __init__(self, function):
        self.function = function

    def evaluate(self, architecture):
        return self.function(architecture)

    def evaluate_many(self, architectures):
        return (self.function(architecture) for architecture in architectures)


def check(result, folder):
    """Raise AssertionError unless every record can be ranked, shown, saved and read again."""
    for record in result.records:
        made = record.evaluation
        assert type(made) is Evaluation
        assert type(made.score) is type(made.cost) is float
        assert made.failed == math.isnan(made.score)
        assert math.isfinite(made.cost)
        assert made.cost >= 0
        assert made.error is None or (type(made.error) is str and len(made.error) < 15_000)
        assert all(type(n) is str and type(v) is float for n, v in made.metrics.items())
        json.dumps([made.error, dict(made.metrics)], ensure_ascii=False).encode("utf-8")
    loaded = SearchResult.load(result.save(folder / "result.parquet"))
    assert [r.evaluation.error for r in loaded.records] == [
        r.evaluation.error for r in result.records
    ]
    result.to_frame()


def search_with(seed, folder, isolated=False):
    """Search with the function of a seed; return how many of its queries succeeded and failed."""
    rng = random.Random(seed)
    deeds = [outcome(rng) for _ in range(rng.randint(1, 4))]

    def function(text):
        return deeds[sum(map(ord, str(text))) % len(deeds)]()

    name = rng.choice(["random", "local", "regularised-evolution"])
    if not isolated and rng.random() < 0.4:
        task = Task("odd", SPACE, Batch(function))
    else:
        direction = rng.choice(["max", "min"])
        options = {"timeout": 20.0, "workers": 2} if isolated else {}
        if isolated:  # what cannot be sent is made there
            path = __file__

            def function(text):
                made = runpy.run_path(path)["outcome"]
                own = random.Random(seed)
                return [made(own) for _ in range(3)][sum(map(ord, str(text))) % 3]()

        task = rlnas.make_task(SPACE, function, direction=direction, **options)
    budget = rng.choice([QUERIES, Budget(queries=QUERIES, cost=1e9)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = rlnas.get_searcher(name).search(task, budget, seed=seed)
    spent = result.cost >= 1e9 and budget != QUERIES
    assert len(result.records) == QUERIES or spent, f"{len(result.records)} queries"
    check(result, folder)
    failed = sum(r.evaluation.failed for r in result.records)
    return len(result.records) - failed, failed


def campaign(count, first=0, isolated=0):
    """Search with so many functions, of which some in processes of their own; return counts."""
    counts = dict.fromkeys(
        ("functions", "queries", "succeeded", "failed", "tracebacks", "slower than 5 s"), 0
    )
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            begun = time.perf_counter()
            apart = number < isolated
            try:
                good, bad = search_with(first + number, Path(folder), apart)
                counts["succeeded"] += good
                counts["failed"] += bad
                counts["queries"] += good + bad
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                counts["tracebacks"] += 1
                faults.append(f"{first + number}: {type(error).__name__}: {str(error)[:300]}")
            counts["functions"] += 1
            counts["slower than 5 s"] += not apart and time.perf_counter() - begun > 5
    return counts, faults


def main():
    """Run the whole campaign and print its counts."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    counts, faults = campaign(count, first, isolated=min(20, count // 10))
    print(json.dumps(counts), *faults, sep="\n")
    return 1 if faults or counts["slower than 5 s"] else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
