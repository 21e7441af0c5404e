"""The run folder of searches on the tasks of a suite: ``rlnas search`` and ``rlnas transfer``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.atomic import atomic_file
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.run_folder import begin_run, read_settings
from rlnas.runs.cell import RunCell
from rlnas.runs.tables import outcome_tables
from rlnas.search import SearchResult

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.tasks import Suite, TabularTask

_KIND = "search"


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """What a search run measures.

    Attributes:
        suite: Name of the suite.
        tasks: Target tasks.
        searchers: Pairs of a method and its source, which is `NO_SOURCE` where it has none.
        seeds: Seeds of each search.
        queries: Budget of each search.
        checkpoints: Checkpoint folder of each source, by source.
        options: Options of methods, by method; those that are not there are the defaults.
    """

    suite: str
    tasks: tuple[str, ...]
    searchers: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]
    queries: int
    checkpoints: Mapping[str, str]
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.queries < 1:
            raise InvalidArgumentError(f"queries is {self.queries}; expected 1 or more.")
        if not self.seeds:
            raise InvalidArgumentError("seeds is 0; expected 1 or more.")
        if min(self.seeds) < 0:
            raise InvalidArgumentError(f"seed is {min(self.seeds)}; expected 0 or more.")
        if not self.tasks or not self.searchers:
            raise InvalidArgumentError("A search run needs a task and a searcher at least.")
        for what, values in (("tasks", self.tasks), ("searchers", self.searchers)):
            if len(set(values)) != len(values):
                raise InvalidArgumentError(f"The {what} list one twice: {values}.")

    def cells(self) -> list[RunCell]:
        """Return every search, methods first, seeds last."""
        return [
            RunCell(method, source, task, seed)
            for method, source in self.searchers
            for task in self.tasks
            for seed in self.seeds
        ]


class SearchRun:
    """Searches on disk, finished or not; a finished search is a finished file.

    Args:
        folder: The run folder.
        plan: What it measures.
        suite: The suite, or None to load it when a table is asked for.
    """

    def __init__(
        self, folder: str | Path, plan: SearchPlan, suite: Suite[TabularTask] | None = None
    ) -> None:
        self.folder = Path(folder)
        self.plan = plan
        if suite is not None:
            self.suite = suite

    @classmethod
    def begin(
        cls,
        folder: str | Path,
        plan: SearchPlan,
        suite: Suite[TabularTask] | None = None,
        *,
        resume: bool = False,
        command: str = "",
    ) -> SearchRun:
        """Make a run folder, or open the one to go on with; see `begin_run`."""
        settings = asdict(plan)
        if not plan.options:  # runs that were begun before methods had options go on
            del settings["options"]
        begin_run(folder, _KIND, settings, resume=resume, command=command)
        return cls(folder, plan, suite)

    @classmethod
    def open(cls, folder: str | Path) -> SearchRun:
        """Open a run folder.

        Raises:
            RunError: If it holds no search run or its configuration is damaged.
        """
        tree = read_settings(folder, _KIND)
        try:
            plan = SearchPlan(
                suite=tree["suite"],
                tasks=tuple(tree["tasks"]),
                searchers=tuple((method, source) for method, source in tree["searchers"]),
                seeds=tuple(tree["seeds"]),
                queries=tree["queries"],
                checkpoints=tree["checkpoints"],
                options=tree.get("options", {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{folder}: config.json describes no search run: {error}") from error
        return cls(folder, plan)

    @cached_property
    def suite(self) -> Suite[TabularTask]:
        """The suite, whose tables turn scores into ranks."""
        from rlnas.benchmarks import load_suite

        return load_suite(self.plan.suite)

    def missing(self) -> list[RunCell]:
        """Return the searches without a result."""
        return [cell for cell in self.plan.cells() if not (self.folder / cell.path).exists()]

    @property
    def finished(self) -> bool:
        """Whether every search has its result."""
        return not self.missing()

    def save(self, cell: RunCell, result: SearchResult) -> None:
        """Keep the result of one search."""
        result.save(self.folder / cell.path)

    # -- tables ----------------------------------------------------------------------------

    def rows(self) -> pd.DataFrame:
        """Return one row a finished search.

        Columns: source (``-`` for none), target, method, seed, queries, best_architecture,
        best_score, test_score, rank (1 is the best of the whole space), regret, rank_at_10,
        rank_at_20, failures, cost (s of training), seconds (wall clock).

        Raises:
            RunError: If no search is finished.
        """
        return self._tables()[0]

    def curves(self) -> pd.DataFrame:
        """Return source, target, method, seed, query, best_score, rank after every query.

        Raises:
            RunError: If no search is finished.
        """
        return self._tables()[1]

    def write_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write rows.parquet and curves.parquet, and return both."""
        rows, curves = self._tables()
        for name, frame in (("rows.parquet", rows), ("curves.parquet", curves)):
            with atomic_file(self.folder / name) as partial:
                frame.to_parquet(partial, index=False)
        return rows, curves

    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        done = [cell for cell in self.plan.cells() if (self.folder / cell.path).exists()]
        if not done:
            raise RunError(f"{self.folder} has no finished search yet; go on with --resume.")
        results = ((cell, SearchResult.load(self.folder / cell.path)) for cell in done)
        return outcome_tables(results, self.suite, self.plan.queries)
