"""Every number of a transfer matrix, from its rows and curves, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rlnas.benchmarks.hostile import base_of
from rlnas.errors import InvalidArgumentError
from rlnas.lazy import once
from rlnas.reporting.matrix.harm import harm
from rlnas.reporting.matrix.improvement import comparable, improvement_over_scratch
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.measured_sources import gain_table
from rlnas.reporting.matrix.methods import Entrant, entrants, searchers_of
from rlnas.reporting.matrix.return_on_investment import investment_summary, return_on_investment
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves
from rlnas.reporting.matrix.selection import selection_summary
from rlnas.reporting.matrix.speed_up import pooled_speed_up, time_to_threshold
from rlnas.reporting.matrix.summary import final_metrics, matrix_summary
from rlnas.reporting.matrix.threshold_times import LEVELS
from rlnas.reporting.matrix.transfer_metrics import (
    Pair,
    pooled_transfer_metrics,
    resampled_pairs,
    transfer_metrics,
)
from rlnas.runs.cell import ALL_TASKS, BASELINE, NO_SOURCE, OTHERS
from rlnas.statistics.random_line import RandomLine
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd

_JUDGES = ("zero-shot", "weight-init")
"""Methods that a source is judged by where the matrix has them, the first one first."""


class MatrixNumbers:
    """What a transfer matrix measured, and what follows from it.

    All that is computed is computed when it is first asked for, and kept. Frames that a method
    returns are those kept: copy one before changing it. An unfinished matrix has numbers too;
    targets that scratch has not searched yet are left out of every comparison.

    Attributes:
        rows: One row a search: source, target, method, seed, queries, best_architecture,
            best_score, rank (1 is the best of the whole space), cost (s) and more.
        similarities: One row an (estimator, target, source, seed), with similarity and queries;
            None where none was asked for.
        title: Name of the suite.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        curves: pd.DataFrame | None = None,
        metrics: Mapping[str, Metric] | Callable[[], Mapping[str, Metric]] | None = None,
        *,
        similarities: pd.DataFrame | None = None,
        title: str = "",
    ) -> None:
        """Take what was measured.

        Args:
            rows: One row a search.
            curves: One row a query of each search: source, target, method, seed, query,
                best_score, rank. None leaves only what rows can tell.
            metrics: What the scores of each target mean, or what returns it when it is first
                asked for: it may have to load the suite.
            similarities: What estimators said of sources and targets.
            title: Name of the suite.
        """
        self.rows = rows
        self._curves = curves
        self._metrics = metrics or {}
        self.similarities = similarities
        self.title = title

    @property
    def curves(self) -> pd.DataFrame:
        """One row a query of each search: source, target, method, seed, query, best_score, rank."""
        return self.rows.iloc[:0].assign(query=[]) if self._curves is None else self._curves

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """What the scores of each target mean."""
        return self._metrics() if callable(self._metrics) else self._metrics

    @cached_property
    def cost_name(self) -> str:
        """What the table calls the cost of a query, e.g. ``cpu_seconds``; empty if unknown."""
        return ""

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The targets, in order of appearance."""
        return tuple(map(str, dict.fromkeys(self.rows["target"])))

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The tasks that searches started from, in order of appearance.

        Where they started from pools alone, the tasks of the pools are the targets.
        """
        pools = (NO_SOURCE, OTHERS, ALL_TASKS)
        named = map(str, dict.fromkeys(self.rows["source"]))
        return tuple(source for source in named if source not in pools) or self.targets

    @cached_property
    def entrants(self) -> dict[Entrant, pd.DataFrame]:
        """The rows of each method and kind of source, as `entrants` orders them."""
        return entrants(self.rows)

    @cached_property
    def comparable_rows(self) -> pd.DataFrame:
        """The rows on targets that scratch has searched."""
        return comparable(self.rows)

    # -- where searches end ----------------------------------------------------------------

    @once
    def pairs(self) -> pd.DataFrame:
        """Return every (source, target, method) against scratch; see `improvement_over_scratch`."""
        return improvement_over_scratch(self.comparable_rows)

    @once
    def final_metrics(self) -> pd.DataFrame | None:
        """Return each method against scratch at the end; see `summary.final_metrics`.

        None where there is no scratch.
        """
        return final_metrics(self.rows) if len(self.comparable_rows) else None

    @once
    def summary(self) -> dict[str, Any]:
        """Return what the matrix says as a whole, JSON-able; see `matrix_summary`."""
        return matrix_summary(self.rows, pairs=self.pairs(), ends=self.final_metrics())

    @cached_property
    def random_lines(self) -> Mapping[str, RandomLine]:
        """Where random search ends on each target, exactly; empty where no table is at hand."""
        return {}

    @cached_property
    def random_ranks(self) -> dict[str, float]:
        """Mean rank that random search ends at on each target, of `random_lines`."""
        return {target: line.rank for target, line in self.random_lines.items()}

    @property
    def hostile(self) -> bool:
        """Whether the targets are hostile."""
        return base_of(self.title) is not None

    @once
    def harm(self) -> pd.DataFrame | None:
        """Return each method's harm, see `rlnas.reporting.matrix.harm`.

        None where the targets are not hostile, or no table is at hand.
        """
        return harm(self.rows, self.random_lines) if self.hostile and self.random_lines else None

    # -- along the budget ------------------------------------------------------------------

    @once
    def search_curves(self) -> SearchCurves:
        """Return the searches as arrays by query, −log10 rank, on targets that scratch has.

        Raises:
            InvalidArgumentError: If no target has a search from scratch.
        """
        return SearchCurves.from_frame(comparable(self.curves))

    @cached_property
    def compares(self) -> bool:
        """Whether any method can be compared with scratch along the budget."""
        curves = comparable(self.curves)
        return bool(len(curves)) and set(curves["method"].unique()) != {BASELINE}

    @once
    def _resampled(self) -> dict[CellKey, Pair]:
        return resampled_pairs(self.search_curves())

    @once
    def transfer_metrics(self) -> pd.DataFrame:
        """Return the transfer metrics of each pair, by −log10 rank; see `transfer_metrics`."""
        return transfer_metrics(self._resampled())

    @once
    def pooled_transfer_metrics(self) -> pd.DataFrame:
        """Return the same of each method over its pairs; see `pooled_transfer_metrics`."""
        return pooled_transfer_metrics(self._resampled())

    @once
    def speed_up(self) -> pd.DataFrame:
        """Return each method's speed-up to scratch's thresholds; see `pooled_speed_up`."""
        return pooled_speed_up(self.search_curves())

    @once
    def times_to_threshold(self, levels: tuple[float, ...] = LEVELS) -> pd.DataFrame:
        """Return how long each pair takes to scratch's thresholds; see `time_to_threshold`.

        Args:
            levels: Thresholds, as parts of the way that scratch goes.
        """
        return time_to_threshold(self.search_curves(), levels=levels)

    # -- what it costs ---------------------------------------------------------------------

    def return_on_investment(self, investment: Investment) -> list[dict[str, Any]]:
        """Return what each method saves per target over its pairs; see `investment_summary`.

        Args:
            investment: What a query and what pretraining cost.
        """
        return investment_summary(
            self.search_curves(), self.comparable_rows, investment, searchers=self._searchers
        )

    def savings(self, investment: Investment) -> pd.DataFrame:
        """Return what each pair saves; see `rlnas.reporting.matrix.return_on_investment`.

        Args:
            investment: What a query and what pretraining cost.
        """
        return return_on_investment(
            self.search_curves(), self.comparable_rows, investment, searchers=self._searchers
        )

    @property
    def _searchers(self) -> tuple[str, ...]:
        return searchers_of(self.comparable_rows)

    # -- choosing the source ---------------------------------------------------------------

    @cached_property
    def judge(self) -> str | None:
        """The method by whose results sources are judged; None where none starts from one task."""
        rows = self.comparable_rows
        singles = [e.method for e in entrants(rows) if e.kind == "single"] if len(rows) else []
        return next((m for m in _JUDGES if m in singles), singles[0] if singles else None)

    @once
    def selection(self) -> pd.DataFrame:
        """Return how well each estimator chooses the source; see `selection_summary`.

        Raises:
            InvalidArgumentError: If nothing was estimated, or there is nothing to judge by.
        """
        similarities, judge = self._judged()
        return selection_summary(similarities, self.comparable_rows, judge)

    @once
    def source_gains(self) -> pd.DataFrame:
        """Return the measured gain of each source on each target; see `gain_table`.

        Raises:
            InvalidArgumentError: If there is nothing to judge by.
        """
        return gain_table(self.comparable_rows, self._judged()[1])

    @once
    def similarities_and_gains(self) -> pd.DataFrame:
        """Return estimator, source, target, similarity (mean over seeds), and measured gain.

        Raises:
            InvalidArgumentError: If no pair has both a similarity and a gain.
        """
        keys = ["source", "target"]
        by_pair = self._judged()[0].groupby(["estimator", *keys], sort=False)["similarity"]
        known = by_pair.mean().reset_index().merge(self.source_gains(), on=keys)
        known = known.dropna(subset=["similarity", "gain"])
        if not len(known):
            raise InvalidArgumentError("No pair has both a similarity and a measured gain.")
        points: pd.DataFrame = known[["estimator", *keys, "similarity", "gain"]]
        return points

    def _judged(self) -> tuple[pd.DataFrame, str]:
        if self.similarities is None:
            raise InvalidArgumentError(
                "The matrix has no similarities to choose a source by; name estimators in its "
                "configuration."
            )
        if self.judge is None:
            raise InvalidArgumentError("No method starts from one other task, so none can judge.")
        return self.similarities, self.judge
