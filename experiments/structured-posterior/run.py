"""Leave one task out: searches by the structured posterior, and without each of its parts.

Usage: ``python run.py SUITE [--seeds 20] [--variants full "never doubts" …] [--out FOLDER]``.
Writes ``SUITE-rows.csv``, a row a search; what is there already is not searched again.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlnas.agents import PPOController
from rlnas.benchmarks import MeasuredSuite, load_suite
from rlnas.benchmarks.hostile import OF_TASKS, hostile_suite
from rlnas.runs.tables import outcome_row
from rlnas.search.bayesian.distrust import STRUCTURED
from rlnas.search.bayesian.posterior import Features
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.transfer import Source, TransferBO
from rlnas.transfer.sources import further_scores

FURTHER = {
    "transnas-micro": ("nasbench-201", "rooms-micro"),
    "rooms-micro": ("nasbench-201", "transnas-micro"),
}
QUERIES = (10, 20, 50)
KINDS = ("as it is", *OF_TASKS, "draw")
JUDGED = ("denoised_regret", "twins_rank", "test_score")
CHOSEN = ("prior_mean", "log_rank", "noise", "exploration")


@dataclass(frozen=True)
class Variant:
    """What is different from the method as it is.

    Attributes:
        prior: Fields of the prior that the sources chose, set otherwise; None lets them choose
            under the variant's options.
        options: Options of the method.
    """

    prior: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


VARIANTS = {
    "full": Variant(),
    "own sources only": Variant({}, {"further": ()}),
    "scores as measured": Variant({}),
    "no structure": Variant({"structure": 0.0}),
    "one edit for structure": Variant({"structure": 0.0, "operations": 0.3}),
    "no log rank": Variant({"log_rank": 0.0}),
    "log rank for half": Variant({"log_rank": 0.5}),
    "half the prior mean": Variant({"prior_mean": 0.5}),
    "whole prior mean": Variant({"prior_mean": 1.0}),
    "little noise": Variant({"noise": 0.05}),
    "β 0.5": Variant({"exploration": 0.5}),
    "β 1": Variant({"exploration": 1.0}),
    "never doubts": Variant({}, {"trusting": None}),
    "opening of 4": Variant({}, {"opening": 4}),
    "opening of 4 and its own prior": Variant(None, {"opening": 4}),
    "opening chosen": Variant(None, {"opening": None}),
    "chosen by one start": Variant(None, {"starts": 1}),
    "not chosen": Variant(None, {"choose": False}),
}


class AsMeasured(TransferBO):
    """The posterior on its sources' scores with the noise of their trainings."""

    @cached_property
    def features(self) -> Features:
        """What the prior reads."""
        columns = np.concatenate([self._scores, further_scores(self.config.further, self.space)])
        return Features(self.space, columns, structure_kernel(self.space), denoised=False)


def made(variant: str, left_out: str, suite: MeasuredSuite, done: pd.DataFrame) -> TransferBO:
    """Return the method of a variant; what the sources chose for the full one is read from rows."""
    blank = PPOController(suite.space)
    sources = [Source(t, blank, suite[t]) for t in suite if t != left_out]
    what = VARIANTS[variant]
    options = {"further": FURTHER.get(suite.name, ()), **what.options}
    full = done.query("variant == 'full' and target == @left_out") if len(done) else done
    if what.prior is None and (variant != "full" or full.empty):
        return TransferBO(sources, **options)
    prior = replace(STRUCTURED, **{name: float(full.iloc[0][name]) for name in CHOSEN})
    kind = AsMeasured if variant == "scores as measured" else TransferBO
    return kind(sources, choose=False, priors=(replace(prior, **(what.prior or {})),), **options)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--hostile", action="store_true", help="hostile targets too, half as often")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    suite = load_suite(options.suite)
    wrong = hostile_suite(suite, draws=len(suite)) if options.hostile else {}
    path = options.out / f"{options.suite}-rows.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame()
    for variant in options.variants:
        for number, left_out in enumerate(suite):
            method = None
            for kind in KINDS if options.hostile else KINDS[:1]:
                seeds = options.seeds if kind == "as it is" else options.seeds // 2
                here = "variant == @variant and target == @left_out and kind == @kind"
                if len(done) and len(done.query(here)) >= seeds:
                    continue
                method = method or made(variant, left_out, suite, done)
                name = f"draw-{number}" if kind == "draw" else f"{kind}-{left_out}"
                task = suite[left_out] if kind == "as it is" else wrong[name]
                noise = suite.noise[left_out] if kind == "as it is" else None
                began = time.process_time()
                prior = method.chosen.prior
                choosing = time.process_time() - began
                results = method.search_many([task] * seeds, max(QUERIES), range(seeds))
                seconds = (time.process_time() - began - choosing) / seeds
                rows = []
                for seed, result in enumerate(results):
                    told = outcome_row(result, task, max(QUERIES) + 1, QUERIES, noise)
                    row = {"variant": variant, "target": left_out, "kind": kind, "seed": seed}
                    row |= {f"rank_at_{q}": told[f"rank_at_{q}"] for q in QUERIES}
                    row |= {name: told[name] for name in JUDGED}
                    row |= {name: getattr(prior, name) for name in CHOSEN}
                    row |= {"opening": method.chosen.opening}
                    rows.append(row | {"seconds": seconds, "choosing": choosing})
                done = pd.concat([done, pd.DataFrame(rows)], ignore_index=True)
                done.to_csv(path, index=False, float_format="%.6g")
        told = done[done["variant"] == variant].groupby("kind")[[f"rank_at_{q}" for q in QUERIES]]
        print(variant, told.mean().round(1).to_string(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
