"""What searches found: statistics per task and over tasks, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rlnas.lazy import once
from rlnas.statistics.describe import describe, describe_ranks
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd


JUDGED = ("denoised_regret", "twins_rank")
"""Columns that say how much of a result is the luck of one training."""


class SearchNumbers:
    """What searches on the tasks of a suite measured, and what follows from it.

    Attributes:
        rows: One row a search: source, target, method, seed, queries, best_architecture,
            best_score, rank (1 is the best of the whole space), any ``rank_at_<queries>`` and
            more.
        curves: One row a query of each search: source, target, method, seed, query, best_score,
            rank.
        title: Name of the suite.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        curves: pd.DataFrame,
        metrics: Mapping[str, Metric] | Callable[[], Mapping[str, Metric]] | None = None,
        *,
        title: str = "",
    ) -> None:
        """Take what was measured.

        Args:
            rows: One row a search.
            curves: One row a query of each.
            metrics: What the scores of each task mean, or what returns it when it is first asked
                for.
            title: Name of the suite.
        """
        self.rows = rows
        self.curves = curves
        self._metrics = metrics or {}
        self.title = title

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """What the scores of each task mean."""
        return self._metrics() if callable(self._metrics) else self._metrics

    def metric(self, task: str) -> Metric:
        """Return what the scores of a task mean; of one that nobody described, a plain score."""
        return self.metrics.get(task, Metric(name="score"))

    @once
    def summary(self) -> list[dict[str, Any]]:
        """Return the statistics of every searcher, JSON-able; see `search_summary`."""
        return search_summary(self.rows)


def search_summary(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the statistics of every searcher, JSON-able.

    Args:
        rows: One row a search: source, target, method, seed, best_score, rank, and any
            ``rank_at_<queries>``.

    Returns:
        One entry a (method, source), in order, with ``tasks``: for each task ``best_score``,
        ``regret`` and ``rank_at`` (by queries), each what `describe` returns; and
        ``mean_over_tasks`` with ``rank_at``, where a seed's value is its mean over the tasks. Each
        of both has ``twins_rank`` and ``denoised_regret`` (of tasks alone) where the rows do and
        the noise is known, see `rlnas.runs.tables.outcome_row`.
    """
    summary = []
    columns = _rank_columns(rows)
    for (method, source), part in rows.groupby(["method", "source"], sort=False):
        tasks = {}
        for target, cells in part.groupby("target", sort=False):
            scored = cells.dropna(subset=["best_score"]).sort_values("best_score", kind="stable")
            architectures = scored["best_architecture"].tolist()
            tasks[str(target)] = {
                "best_architecture": architectures[-1] if architectures else None,
                "best_score": describe(cells["best_score"]),
                "regret": describe(cells["regret"]),
                "rank_at": {q: describe_ranks(cells[c]) for q, c in columns.items()},
                "failures": int(cells["failures"].sum()),
                **_judged(cells, JUDGED),
            }
        over = {q: describe_ranks(part.groupby("seed")[c].mean()) for q, c in columns.items()}
        summary.append(
            {
                "method": str(method),
                "source": str(source),
                "seeds": int(part["seed"].nunique()),
                "tasks": tasks,
                "mean_over_tasks": {"rank_at": over, **_judged(part, ("twins_rank",))},
            }
        )
    return summary


def _judged(rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """Return what is known of columns by the noise of a task, a seed's value its mean."""
    known = [name for name in columns if name in rows and rows[name].notna().any()]
    return {name: describe(rows.groupby("seed")[name].mean()) for name in known}


def _rank_columns(rows: pd.DataFrame) -> dict[int, str]:
    """Return the columns of ranks by the number of queries they were reached with."""
    prefix = "rank_at_"
    early = {
        int(name.removeprefix(prefix)): name
        for name in map(str, rows.columns)
        if name.startswith(prefix)
    }
    return {**dict(sorted(early.items())), int(rows["queries"].max()): "rank"}
