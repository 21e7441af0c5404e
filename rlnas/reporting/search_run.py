"""The run folder of searches on the tasks of a suite: ``rlnas search`` and ``rlnas transfer``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.atomic import atomic_file
from rlnas.errors import InvalidArgumentError, RlnasError, RunError
from rlnas.reporting.run_folder import begin_run, read_settings
from rlnas.search import SearchResult

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.tasks import Suite, TabularTask

NO_SOURCE = "-"
"""Stands for the source of a searcher that has none."""

_KIND = "search"
_CHECKPOINTS = (10, 20)


@dataclass(frozen=True, order=True)
class SearchCell:
    """One search: its method, source task (`NO_SOURCE` for none), target task and seed."""

    method: str
    source: str
    target: str
    seed: int

    @property
    def path(self) -> Path:
        """Where its result lies in the run folder."""
        folder = Path("cells", self.method, f"{self.source}--{self.target}")
        return folder / f"seed-{self.seed}.parquet"


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
    """

    suite: str
    tasks: tuple[str, ...]
    searchers: tuple[tuple[str, str], ...]
    seeds: tuple[int, ...]
    queries: int
    checkpoints: Mapping[str, str]

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

    def cells(self) -> list[SearchCell]:
        """Return every search, methods first, seeds last."""
        return [
            SearchCell(method, source, task, seed)
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
        begin_run(folder, _KIND, asdict(plan), resume=resume, command=command)
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
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{folder}: config.json describes no search run: {error}") from error
        return cls(folder, plan)

    @cached_property
    def suite(self) -> Suite[TabularTask]:
        """The suite, whose tables turn scores into ranks."""
        from rlnas.benchmarks import load_suite

        return load_suite(self.plan.suite)

    def missing(self) -> list[SearchCell]:
        """Return the searches without a result."""
        return [cell for cell in self.plan.cells() if not (self.folder / cell.path).exists()]

    @property
    def finished(self) -> bool:
        """Whether every search has its result."""
        return not self.missing()

    def save(self, cell: SearchCell, result: SearchResult) -> None:
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
        import pandas as pd

        records = [self._row(cell, result) for cell, result in self._results()]
        rows: pd.DataFrame = pd.DataFrame(records)
        return rows

    def curves(self) -> pd.DataFrame:
        """Return source, target, method, seed, query, best_score, rank after every query.

        Raises:
            RunError: If no search is finished.
        """
        import pandas as pd

        frames = [self._curve(cell, result) for cell, result in self._results()]
        curves: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return curves

    def write_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write rows.parquet and curves.parquet, and return both."""
        frames = {"rows.parquet": self.rows(), "curves.parquet": self.curves()}
        for name, frame in frames.items():
            with atomic_file(self.folder / name) as partial:
                frame.to_parquet(partial, index=False)
        return frames["rows.parquet"], frames["curves.parquet"]

    def _results(self) -> Iterator[tuple[SearchCell, SearchResult]]:
        done = [cell for cell in self.plan.cells() if (self.folder / cell.path).exists()]
        if not done:
            raise RunError(f"{self.folder} has no finished search yet; go on with --resume.")
        for cell in done:
            yield cell, SearchResult.load(self.folder / cell.path)

    def _row(self, cell: SearchCell, result: SearchResult) -> dict[str, Any]:
        task = self.suite[cell.target]
        architecture, score, test = None, float("nan"), float("nan")
        try:
            best = result.best
        except RlnasError:  # every query failed: the row says so
            pass
        else:
            architecture, score = best.architecture, best.score
            test = task.test_score(best.vector)
        reached = result.best_so_far
        row: dict[str, Any] = {
            "source": cell.source,
            "target": cell.target,
            "method": cell.method,
            "seed": cell.seed,
            "queries": len(result.records),
            "best_architecture": architecture,
            "best_score": score,
            "test_score": test,
            "rank": rank_of(task, score),
            "regret": task.regret(score),
        }
        for queries in _CHECKPOINTS:
            if queries < self.plan.queries and len(reached):
                at = reached[min(queries, len(reached)) - 1]
                row[f"rank_at_{queries}"] = rank_of(task, float(at))
        row["failures"] = sum(r.evaluation.failed for r in result.records)
        row["cost"] = result.cost
        row["seconds"] = result.records[-1].seconds if result.records else 0.0
        return row

    def _curve(self, cell: SearchCell, result: SearchResult) -> pd.DataFrame:
        import pandas as pd

        task, best = self.suite[cell.target], result.best_so_far
        curve: pd.DataFrame = pd.DataFrame(
            {
                "source": cell.source,
                "target": cell.target,
                "method": cell.method,
                "seed": cell.seed,
                "query": np.arange(1, len(best) + 1),
                "best_score": best,
                "rank": [rank_of(task, float(score)) for score in best],
            }
        )
        return curve


def rank_of(task: TabularTask, score: float) -> float:
    """Return the rank of a score; without a score it is the worst there is."""
    return float(task.rank(score)) if np.isfinite(score) else float(task.space.size)
