"""Rows and curves of a transfer matrix whose right answers are known by construction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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


@pytest.fixture
def curves():
    return make_curves()


@pytest.fixture
def make_matrix():
    return lambda tasks: make_rows(make_curves(tasks))


@pytest.fixture
def rows(curves):
    return make_rows(curves)
