"""Similarities of many sources and targets, for a study of estimators beside a transfer matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rlnas.errors import InvalidArgumentError
from rlnas.runs.on_disk import Progress
from rlnas.seeding import generator
from rlnas.tasks import TabularTask
from rlnas.transfer.similarity.context import EstimatorContext, ProxyValues
from rlnas.transfer.similarity.registry import make_estimator
from rlnas.transfer.similarity.source_task import SourceTask

if TYPE_CHECKING:
    import pandas as pd


def estimate_similarities(
    sources: Mapping[str, SourceTask],
    targets: Mapping[str, TabularTask],
    estimators: Sequence[str],
    probes: int = 10,
    seeds: int = 5,
    *,
    proxies: ProxyValues | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Estimate how similar every source is to every target, leaving the target out of the sources.

    A target is sealed meanwhile: an estimator sees of it what it queries.

    Args:
        sources: Sources by name.
        targets: Targets by name.
        estimators: Names of estimators.
        probes: Target queries for each estimate.
        seeds: Estimates of each (estimator, target), with seeds 0 … seeds−1.
        proxies: Zero-cost-proxy values by task, where there are any.
        on_progress: Called after each target.

    Returns:
        One row an estimate: estimator, target, source, seed, similarity, low, high, weight,
        queries, best_rank (rank of the best probe, 1 is the best of the space; NaN without one),
        note.

    Raises:
        InvalidArgumentError: If a target is left without a source, or the numbers are out of range.
    """
    import pandas as pd

    if probes < 0 or seeds < 1:
        raise InvalidArgumentError(
            f"probes is {probes}, seeds {seeds}; expected 0 or more probes, 1 or more seeds."
        )
    policies = all(source.controller is not None for source in sources.values())
    frames: list[pd.DataFrame] = []
    for done, (target, task) in enumerate(targets.items(), start=1):
        others = [source for name, source in sources.items() if name != target]
        if not others:
            raise InvalidArgumentError(f"There is no source for {target!r} but itself.")
        context = EstimatorContext(target, proxies or {}, policies)
        for name in estimators:
            estimator = make_estimator(name, context)
            for seed in range(seeds):
                rng = generator(seed, "similarity", name, target)
                ledger = task.ledger(max(probes, 1))
                with task.sealed():
                    estimator.probe(others, ledger, rng, probes)
                    ranking = estimator.rank(others, ledger, rng)
                best = float("nan") if ledger.best is None else task.rank(ledger.best.score)
                frame = ranking.to_frame()
                frames.append(
                    frame.assign(estimator=name, target=target, seed=seed, best_rank=best)
                )
        if on_progress is not None:
            on_progress("similarities", done, len(targets))
    columns = [
        *("estimator", "target", "source", "seed", "similarity", "low", "high", "weight"),
        *("queries", "best_rank", "note"),
    ]
    table: pd.DataFrame = pd.concat(frames, ignore_index=True)[columns]
    return table
