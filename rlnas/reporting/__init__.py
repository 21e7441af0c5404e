"""Reporting: statistics over seeds, tables for the terminal, figures, and the HTML report."""

from rlnas.reporting.bands import rank_band
from rlnas.reporting.comparison import matrix_summary
from rlnas.reporting.curves import draw_curves, write_curves
from rlnas.reporting.heatmap import draw_heatmap, write_heatmaps
from rlnas.reporting.html import write_report
from rlnas.reporting.improvement import improvement_over_scratch
from rlnas.reporting.intervals import Interval
from rlnas.reporting.matrix_table import matrix_tables
from rlnas.reporting.run_folder import begin_run, run_kind
from rlnas.reporting.search_run import SearchPlan, SearchRun
from rlnas.reporting.search_table import search_summary, search_tables
from rlnas.reporting.statistics import (
    bootstrap_interval,
    describe,
    difference_interval,
    interquartile_mean,
    probability_of_improvement,
    summarise,
)

__all__ = [
    "Interval",
    "SearchPlan",
    "SearchRun",
    "begin_run",
    "bootstrap_interval",
    "describe",
    "difference_interval",
    "draw_curves",
    "draw_heatmap",
    "improvement_over_scratch",
    "interquartile_mean",
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
