"""What lists end at that nobody learnt: mean rank of the best of 50, from all other tasks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import rlnas
from rlnas.search import get_searcher
from rlnas.transfer import Source

SUITES = ("transnas-micro", "transnas-macro", "nasbench-201")
LISTS = ("round-robin", "mean-source-score", "most-parameters", "most-flops", "proxy-rank-sum")
OF_SOURCES = LISTS[:2]
QUERIES = 50


def measured(suite: rlnas.Suite, name: str, seeds: int) -> dict[str, float]:
    """Return the mean over targets and seeds, and its standard error over seeds."""
    ranks = []
    for target in suite:
        options: dict[str, Any] = {}
        if name in OF_SOURCES:
            blank = rlnas.PPOController(suite.space)  # a list reads results, not policies
            options["sources"] = [Source(s, blank, suite[s]) for s in suite if s != target]
        task = suite[target]
        found = get_searcher(name, **options).search_many([task] * seeds, QUERIES, range(seeds))
        ranks.append([task.rank(float(result.best_so_far[-1])) for result in found])
    each = np.mean(ranks, axis=0)
    error = each.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else np.nan
    return {"mean_rank": float(each.mean()), "standard_error": float(error)}


def rows(seeds: int) -> Iterator[dict[str, Any]]:
    """Yield a row a list, with the columns of every suite."""
    suites = {name: rlnas.load_suite(name) for name in SUITES}
    for name in LISTS:
        row: dict[str, Any] = {"list": name, "seeds": 1 if name == "proxy-rank-sum" else seeds}
        for label, suite in suites.items():
            for key, value in measured(suite, name, row["seeds"]).items():
                row[f"{label} {key}"] = value
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    columns = [f"{suite} {key}" for key in ("mean_rank", "standard_error") for suite in SUITES]
    table = pd.DataFrame(rows(options.seeds))[["list", "seeds", *columns]]
    table.round(3).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
