"""TensorBoard curves of a search: the same tags wherever a search is logged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from rlnas.events import EventFile
from rlnas.search import SearchResult
from rlnas.tasks import TabularTask


def log_search(
    folder: str | Path,
    result: SearchResult,
    *,
    hyperparameters: Mapping[str, str | int | float | bool],
    task: TabularTask | None = None,
) -> None:
    """Write ``search/*`` against queries, ``transfer/*`` at the end, and hparams with metrics.

    Args:
        folder: Folder of the event file.
        result: The finished search.
        hyperparameters: What TensorBoard's HPARAMS page shows of it.
        task: Its task, if its whole table is known: adds the rank and regret of the best.
    """
    from torch.utils.tensorboard.summary import hparams

    final = _final(result, task)
    with EventFile(folder) as events:
        for step, values in _curves(result):
            events.add(step, values)
        events.add(len(result.records), final)
        for summary in hparams(dict(hyperparameters), dict(final)):  # type: ignore[no-untyped-call]
            events.add_summary(summary)


def _final(result: SearchResult, task: TabularTask | None) -> dict[str, float]:
    """Return what the search came to by tag, nothing if every query failed."""
    best = result.best_so_far
    if not len(best) or not math.isfinite(best[-1]):
        return {}
    final = {"transfer/best_score": float(best[-1])}
    if task is not None:
        final["transfer/rank"] = float(task.rank(best[-1]))
        final["transfer/regret"] = task.regret(best[-1])
    return final


def _curves(result: SearchResult) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield each query's number and what is drawn against it."""
    cost = 0.0
    for record, best_score in zip(result.records, result.best_so_far.tolist(), strict=True):
        values = {}
        if math.isfinite(best_score):
            values["search/best_score"] = best_score
        if math.isfinite(record.score):
            values["search/score"] = record.score
        cost += record.evaluation.cost
        yield record.query, {**values, "search/cost": cost}
