"""Reporting: statistics over seeds, tables for the terminal, figures, and the HTML report."""

from rlnas.reporting.figures.curves import draw_curves, write_curves
from rlnas.reporting.figures.heatmap import draw_heatmap, write_heatmaps
from rlnas.reporting.matrix.bands import rank_band
from rlnas.reporting.matrix.improvement import improvement_over_scratch
from rlnas.reporting.matrix.summary import matrix_summary
from rlnas.reporting.results import (
    DatasetSearchResults,
    MatrixResults,
    SearchResults,
    load_results,
    write_report,
)
from rlnas.reporting.search.numbers import search_summary
from rlnas.reporting.terminal.matrix import matrix_tables
from rlnas.reporting.terminal.search import search_tables
from rlnas.run_folder import begin_run, run_kind
from rlnas.runs.search_run import SearchPlan, SearchRun
from rlnas.statistics.bootstrap import (
    Bootstrap,
    Interval,
    bootstrap_interval,
    difference_interval,
)
from rlnas.statistics.describe import describe, summarise
from rlnas.statistics.improvement import probability_of_improvement
from rlnas.statistics.means import interquartile_mean

__all__ = [
    "Bootstrap",
    "DatasetSearchResults",
    "Interval",
    "MatrixResults",
    "SearchPlan",
    "SearchResults",
    "SearchRun",
    "begin_run",
    "bootstrap_interval",
    "describe",
    "difference_interval",
    "draw_curves",
    "draw_heatmap",
    "improvement_over_scratch",
    "interquartile_mean",
    "load_results",
    "matrix_summary",
    "matrix_tables",
    "probability_of_improvement",
    "rank_band",
    "run_kind",
    "search_summary",
    "search_tables",
    "summarise",
    "write_curves",
    "write_heatmaps",
    "write_report",
]
