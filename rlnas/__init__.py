"""Neural architecture search by reinforcement-learning agents, trained once and reused.

The names below are loaded when they are first used, so that ``import rlnas`` is quick and needs no
heavy library. ``Suite → Task → Searcher.search(task, budget, seed) → SearchResult → report`` is the
one way through the package.

Example:
    >>> import rlnas
    >>> space = rlnas.get_space("transnas-micro")
    >>> task = rlnas.make_task(space, lambda architecture: architecture.count("3"))
    >>> rlnas.get_searcher("random").search(task, budget=5, seed=0).task
    'custom'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlnas import (
        agents,
        benchmarks,
        datasets,
        envs,
        errors,
        export,
        networks,
        proxies,
        reporting,
        runs,
        search,
        seeding,
        spaces,
        statistics,
        studies,
        tasks,
        testing,
        training,
        transfer,
    )
    from rlnas.agents import PPOController
    from rlnas.benchmarks import load_suite
    from rlnas.datasets import load_task_data
    from rlnas.errors import RlnasError
    from rlnas.reporting import load_results, write_report
    from rlnas.runs import search_dataset
    from rlnas.search import Searcher, SearchResult, get_searcher
    from rlnas.spaces import get_space
    from rlnas.studies import open_study
    from rlnas.tasks import Budget, Suite, TabularTask, Task, make_task
    from rlnas.training import make_training_task
    from rlnas.transfer import run_matrix

    __version__: str

__all__ = [
    "Budget",
    "PPOController",
    "RlnasError",
    "SearchResult",
    "Searcher",
    "Suite",
    "TabularTask",
    "Task",
    "__version__",
    "agents",
    "benchmarks",
    "datasets",
    "envs",
    "errors",
    "export",
    "get_searcher",
    "get_space",
    "load_results",
    "load_suite",
    "load_task_data",
    "make_task",
    "make_training_task",
    "networks",
    "open_study",
    "proxies",
    "reporting",
    "run_matrix",
    "runs",
    "search",
    "search_dataset",
    "seeding",
    "spaces",
    "statistics",
    "studies",
    "tasks",
    "testing",
    "training",
    "transfer",
    "write_report",
]

_HOMES = {
    "Budget": "rlnas.tasks",
    "PPOController": "rlnas.agents",
    "RlnasError": "rlnas.errors",
    "SearchResult": "rlnas.search",
    "Searcher": "rlnas.search",
    "Suite": "rlnas.tasks",
    "TabularTask": "rlnas.tasks",
    "Task": "rlnas.tasks",
    "get_searcher": "rlnas.search",
    "get_space": "rlnas.spaces",
    "load_results": "rlnas.reporting",
    "load_suite": "rlnas.benchmarks",
    "load_task_data": "rlnas.datasets",
    "make_task": "rlnas.tasks",
    "make_training_task": "rlnas.training",
    "write_report": "rlnas.reporting",
    "open_study": "rlnas.studies",
    "run_matrix": "rlnas.transfer",
    "search_dataset": "rlnas.runs",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562)."""
    value: object
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value = version("rlnas")
        except PackageNotFoundError:  # run from a source folder that was never installed
            value = "unknown"
    elif name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in __all__:
        value = importlib.import_module(f"rlnas.{name}")
    else:
        raise AttributeError(f"module 'rlnas' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the names that are loaded already and those that would be."""
    return sorted({*globals(), *__all__})
