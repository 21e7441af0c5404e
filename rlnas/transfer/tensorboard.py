"""TensorBoard curves of a search: the same tags wherever a search is logged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

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
    from torch.utils.tensorboard import SummaryWriter
    from torch.utils.tensorboard.summary import hparams

    final: dict[str, float] = {}
    best = result.best_so_far
    if len(best) and np.isfinite(best[-1]):
        final["transfer/best_score"] = float(best[-1])
        if task is not None:
            final["transfer/rank"] = float(task.rank(best[-1]))
            final["transfer/regret"] = task.regret(best[-1])
    writer = SummaryWriter(str(folder))
    cost = 0.0
    for record, best_score in zip(result.records, best, strict=True):
        cost += record.evaluation.cost
        if np.isfinite(best_score):
            writer.add_scalar("search/best_score", best_score, record.query)
        if np.isfinite(record.score):
            writer.add_scalar("search/score", record.score, record.query)
        writer.add_scalar("search/cost", cost, record.query)
    for tag, value in final.items():
        writer.add_scalar(tag, value, len(result.records))
    # add_hparams() would make a run of its own for these; they belong to this one.
    for summary in hparams(dict(hyperparameters), final):  # type: ignore[no-untyped-call]
        writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
    writer.close()
