"""What searches and trainings leave on disk: run folders, what fills them, and their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.runs.cell import ALL_TASKS, NO_SOURCE, OTHERS, RunCell
    from rlnas.runs.controller_training import train_controller, train_controller_on_several
    from rlnas.runs.dataset_search import TrainingSearchRun, search_dataset
    from rlnas.runs.evaluation import evaluate_architectures
    from rlnas.runs.search_run import SearchPlan, SearchRun, search_suite
    from rlnas.runs.tensorboard import log_search

__all__ = [
    "ALL_TASKS",
    "NO_SOURCE",
    "OTHERS",
    "RunCell",
    "SearchPlan",
    "SearchRun",
    "TrainingSearchRun",
    "evaluate_architectures",
    "log_search",
    "search_dataset",
    "search_suite",
    "train_controller",
    "train_controller_on_several",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ALL_TASKS": "rlnas.runs.cell",
        "NO_SOURCE": "rlnas.runs.cell",
        "OTHERS": "rlnas.runs.cell",
        "RunCell": "rlnas.runs.cell",
        "SearchPlan": "rlnas.runs.search_run",
        "SearchRun": "rlnas.runs.search_run",
        "TrainingSearchRun": "rlnas.runs.dataset_search",
        "evaluate_architectures": "rlnas.runs.evaluation",
        "log_search": "rlnas.runs.tensorboard",
        "search_dataset": "rlnas.runs.dataset_search",
        "search_suite": "rlnas.runs.search_run",
        "train_controller": "rlnas.runs.controller_training",
        "train_controller_on_several": "rlnas.runs.controller_training",
    },
)
