"""Leave one task out: searches by the structured posterior, and without each of its parts.

Usage: ``python run.py SUITE [--seeds 20] [--variants full "never doubts" …] [--out FOLDER]``.
Writes ``SUITE-rows.csv``, a row a search; what is there already is not searched again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.benchmarks.hostile import OF_TASKS, hostile_suite
from rlnas.runs.tables import outcome_row
from rlnas.search.bayesian.posterior import Features
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.transfer import Source, TransferBO
from rlnas.transfer.methods.transfer_bo import CANDIDATES
from rlnas.transfer.sources import further_scores

FURTHER = {
    "transnas-micro": ("nasbench-201", "rooms-micro"),
    "rooms-micro": ("nasbench-201", "transnas-micro"),
}
QUERIES = (10, 20, 50)
KINDS = ("as it is", *OF_TASKS, "draw")


def but(**changes: object) -> tuple[object, ...]:
    """Return the candidates with some fields set, each once."""
    return tuple(dict.fromkeys(replace(prior, **changes) for prior in CANDIDATES))


VARIANTS = {
    "full": {},
    "own sources only": {"further": ()},
    "scores as measured": {},
    "no structure": {"priors": but(structure=0.0)},
    "one edit for structure": {"priors": but(structure=0.0, operations=0.3)},
    "no log rank": {"priors": but(log_rank=0.0)},
    "log rank for half": {"priors": but(log_rank=0.5)},
    "half the prior mean": {"priors": but(prior_mean=0.5)},
    "full prior mean": {"priors": but(prior_mean=1.0)},
    "little noise": {"priors": but(noise=0.05)},
    "opening of 4": {"opening": 4},
    "opening chosen": {"opening": None},
    "chosen by one start": {"starts": 1},
    "not chosen": {"choose": False},
    "never doubts": {"trusting": None},
}


class AsMeasured(TransferBO):
    """The posterior on its sources' scores with the noise of their trainings."""

    @cached_property
    def features(self) -> Features:
        """What the prior reads."""
        columns = np.concatenate([self._scores, further_scores(self.config.further, self.space)])
        return Features(self.space, columns, structure_kernel(self.space), denoised=False)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--targets", nargs="+", default=["as it is"], choices=KINDS)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    suite = load_suite(options.suite)
    wrong = hostile_suite(suite, draws=len(suite)) if options.targets != ["as it is"] else {}
    path = options.out / f"{options.suite}-rows.csv"
    done = pd.read_csv(path) if path.exists() else pd.DataFrame()
    for variant in options.variants:
        settings = {"further": FURTHER.get(options.suite, ()), **VARIANTS[variant]}
        kind_of_method = AsMeasured if variant == "scores as measured" else TransferBO
        for number, left_out in enumerate(suite):
            controller = PPOController(suite.space)
            sources = [Source(t, controller, suite[t]) for t in suite if t != left_out]
            method = kind_of_method(sources, **settings)
            for kind in options.targets:
                here = "variant == @variant and target == @left_out and kind == @kind"
                if len(done) and len(done.query(here)) >= options.seeds:
                    continue
                name = f"draw-{number}" if kind == "draw" else f"{kind}-{left_out}"
                task = suite[left_out] if kind == "as it is" else wrong[name]
                noise = suite.noise[left_out] if kind == "as it is" else None
                began = time.process_time()
                chosen = method.chosen
                choosing = time.process_time() - began
                results = method.search_many(
                    [task] * options.seeds, max(QUERIES), range(options.seeds)
                )
                seconds = (time.process_time() - began - choosing) / options.seeds
                rows = []
                for seed, result in enumerate(results):
                    told = outcome_row(result, task, max(QUERIES) + 1, QUERIES, noise)
                    row = {"variant": variant, "target": left_out, "kind": kind, "seed": seed}
                    row |= {f"rank_at_{q}": told[f"rank_at_{q}"] for q in QUERIES}
                    row |= {name: told[name] for name in ("denoised_regret", "twins_rank")}
                    row |= {"test_score": told["test_score"], "seconds": seconds}
                    prior = chosen.prior
                    row |= {"opening": chosen.opening, "log_rank": prior.log_rank}
                    row |= {"prior_mean": prior.prior_mean, "noise": prior.noise}
                    rows.append(row | {"exploration": prior.exploration, "choosing": choosing})
                done = pd.concat([done, pd.DataFrame(rows)], ignore_index=True)
                done.to_csv(path, index=False, float_format="%.6g")
        told = done[done["variant"] == variant].groupby("kind")[[f"rank_at_{q}" for q in QUERIES]]
        print(variant, told.mean().round(1).to_string(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
