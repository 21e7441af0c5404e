"""Rows and curves whose right answers are known: of a transfer matrix, and a few by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rlnas.reporting import MatrixResults
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.tasks import Metric

TASKS = ("alpha_one", "alpha_two", "beta")
FINAL = {"scratch": 100.0, "zero-shot": 10.0, "weight-init": 400.0}


def make_curves(tasks=TASKS, seeds=4, queries=12, final=None, *, best_diagonal=True):
    """Ranks fall geometrically from 4096 to a known final rank, a little spread over seeds."""
    final = final or FINAL
    frames = []
    for method, end in final.items():
        for source in ("-",) if method == "scratch" else tasks:
            for target in tasks:
                for seed in range(seeds):
                    last = 1.0 if best_diagonal and source == target else end * (1 + 0.05 * seed)
                    rank = np.round(np.geomspace(4096, last, queries))
                    frames.append(
                        pd.DataFrame(
                            {
                                "source": source,
                                "target": target,
                                "method": method,
                                "seed": seed,
                                "query": np.arange(1, queries + 1),
                                "best_score": -rank,
                                "rank": rank,
                            }
                        )
                    )
    return pd.concat(frames, ignore_index=True)


def make_rows(curves):
    """The last row of each search, with what a matrix adds to it."""
    keys = ["source", "target", "method", "seed"]
    rows = curves.groupby(keys, sort=False).tail(1).rename(columns={"query": "queries"})
    rows = rows.reset_index(drop=True)
    return rows.assign(
        best_architecture="64-41414-0_00_000",
        regret=rows["rank"],
        rank_at_10=rows["rank"] * 2,
        failures=0,
        cost=0.0,
        seconds=0.1,
    )


SEVERAL = {  # method and source to the rank it ends with
    ("scratch", "-"): 100.0,
    ("weight-init", "single"): 40.0,
    ("policy-reuse", "single"): 30.0,
    ("policy-reuse", "others"): 8.0,
    ("joint", "others"): 20.0,
    ("joint", "all"): 2.0,
    ("random", "-"): 90.0,
    ("evolution", "-"): 50.0,
}


def make_several(tasks=TASKS, seeds=4, queries=12, final=None):
    """Curves of methods from one task, from all others, from all tasks, and from none."""
    frames = []
    for (method, start), end in (final or SEVERAL).items():
        for target in tasks:
            for source in tasks if start == "single" else (start,):
                for seed in range(seeds):
                    last = 1.0 if source == target else end * (1 + 0.05 * seed)
                    rank = np.round(np.geomspace(4096, last, queries), 1)
                    frames.append(
                        pd.DataFrame(
                            {
                                "source": source,
                                "target": target,
                                "method": method,
                                "seed": seed,
                                "query": np.arange(1, queries + 1),
                                "best_score": -rank,
                                "rank": rank,
                            }
                        )
                    )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def several():
    """Rows and curves of a matrix with every kind of source."""
    curves = make_several()
    return make_rows(curves), curves


@pytest.fixture
def make_several_results():
    return lambda tasks, final: made(make_rows(make_several(tasks, final=final)))


def made(rows, curves=None, **options):
    """Results of these rows and curves, whose targets have a made-up metric each."""
    metrics = {target: Metric(name="loss<", direction="min", unit="s") for target in rows["target"]}
    return MatrixResults(rows, curves, metrics, **options)


@pytest.fixture
def results():
    """Return a function that makes a matrix's results of rows and curves."""
    return made


@pytest.fixture
def search_rows():
    """Rows of one searcher on two tasks with three seeds."""
    found = [
        (target, seed, -rank, f"{target}{seed}", rank, 4 * rank, 2 * rank)
        for target, ranks in {"a": (5.0, 3.0, 7.0), "b": (20.0, 10.0, 30.0)}.items()
        for seed, rank in enumerate(ranks)
    ]
    columns = ["target", "seed", "best_score", "best_architecture", "rank"]
    rows = pd.DataFrame(found, columns=[*columns, "rank_at_10", "rank_at_20"])
    return rows.assign(source="-", method="random", queries=25, regret=rows["rank"], failures=0)


@pytest.fixture
def estimates():
    """Similarities of an estimator that knows the results, and of one that errs always."""
    frames = []
    for sign, name in ((1.0, "seer"), (-1.0, "fool")):
        for seed in range(3):
            for number, source in enumerate(TASKS):
                for target in TASKS:
                    if source != target:
                        frames.append((name, source, target, seed, sign * number, 5))
    columns = ["estimator", "source", "target", "seed", "similarity", "queries"]
    return pd.DataFrame(frames, columns=columns)


@pytest.fixture
def curves():
    return make_curves()


@pytest.fixture
def make_results():
    return lambda tasks: made(make_rows(make_curves(tasks)))


@pytest.fixture
def rows(curves):
    return make_rows(curves)


def make_frame(cells, axis="query", start=1):
    """One row a point of {(source, target, method): [values of seed 0, values of seed 1, …]}."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "source": source,
                    "target": target,
                    "method": method,
                    "seed": seed,
                    axis: np.arange(start, start + len(values)),
                    "value": np.asarray(values, dtype=float),
                }
            )
            for (source, target, method), seeds in cells.items()
            for seed, values in enumerate(seeds)
        ],
        ignore_index=True,
    )


@pytest.fixture
def frame():
    return make_frame


@pytest.fixture
def courses():
    def make(cells, axis="query", start=1, **options):
        curves = make_frame(cells, axis, start)
        return SearchCurves.from_frame(curves, axis=axis, value="value", **options)

    return make


@pytest.fixture
def small():
    """Two seeds of scratch and of zero-shot from s, on the target t."""
    return {
        ("-", "t", "scratch"): [[0, 2, 4, 6], [2, 2, 4, 8]],
        ("s", "t", "zero-shot"): [[4, 6, 6, 8], [6, 8, 8, 8]],
    }
