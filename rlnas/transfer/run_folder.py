"""The run folder of a transfer matrix, finished or not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.atomic import atomic_file
from rlnas.benchmarks import load_suite
from rlnas.errors import RlnasError, RunError
from rlnas.search import SearchResult
from rlnas.tasks import Metric, Suite, TabularTask
from rlnas.transfer.plan import Cell, MatrixConfig

if TYPE_CHECKING:
    import pandas as pd

CHECKPOINTS = (10, 20)
"""Queries at which rows report the rank besides the end of the budget."""


@dataclass(frozen=True)
class MatrixRun:
    """A transfer matrix on disk.

    Attributes:
        folder: The run folder.
        config: What it measures.
    """

    folder: Path
    config: MatrixConfig

    @classmethod
    def open(cls, folder: str | Path) -> MatrixRun:
        """Open a run folder.

        Raises:
            RunError: If it holds no transfer matrix or its configuration is damaged.
        """
        path = Path(folder) / "config.json"
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
            return cls(Path(folder), MatrixConfig.from_dict(tree["matrix"]))
        except FileNotFoundError:
            raise RunError(
                f"{folder} holds no transfer matrix (config.json is missing); expected a folder "
                "that `rlnas matrix --out` wrote."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path} describes no transfer matrix: {error}") from error

    @cached_property
    def suite(self) -> Suite[TabularTask]:
        """The suite, whose tables turn scores into ranks."""
        return load_suite(self.config.suite)

    def metric(self, target: str) -> Metric:
        """Return what the scores of a target mean."""
        return self.suite[target].metric

    @property
    def command(self) -> str:
        """The command that made the run, empty if it was made from Python."""
        path = self.folder / "command.txt"
        return path.read_text(encoding="utf-8").strip() if path.exists() else ""

    @property
    def versions(self) -> dict[str, Any]:
        """Versions of what the run used."""
        path = self.folder / "versions.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    # -- cells -----------------------------------------------------------------------------

    def is_done(self, cell: Cell) -> bool:
        """Return whether a cell has its result; a finished cell is a finished file."""
        return (self.folder / cell.path).exists()

    def missing(self) -> list[Cell]:
        """Return the cells without a result."""
        return [cell for cell in self.config.cells() if not self.is_done(cell)]

    @property
    def finished(self) -> bool:
        """Whether every cell has its result."""
        return not self.missing()

    def result(self, cell: Cell) -> SearchResult:
        """Return the search of one finished cell."""
        return SearchResult.load(self.folder / cell.path)

    # -- tables ----------------------------------------------------------------------------

    def rows(self) -> pd.DataFrame:
        """Return one row a finished cell.

        Columns: source (``-`` for none), target, method, seed, queries, best_architecture,
        best_score, test_score, rank (1 is the best of the whole space), regret, rank_at_10,
        rank_at_20, failures, cost (s of training), seconds (wall clock).
        """
        return self._table("rows.parquet", self._row)

    def curves(self) -> pd.DataFrame:
        """Return source, target, method, seed, query, best_score, rank after every query."""
        return self._table("curves.parquet", self._curve)

    def write_tables(self) -> None:
        """Write rows.parquet and curves.parquet of a finished run."""
        results = self._results()
        for name, reader in (("rows.parquet", self._row), ("curves.parquet", self._curve)):
            frame = self._collect(results, reader)
            with atomic_file(self.folder / name) as partial:
                frame.to_parquet(partial, index=False)

    def _table(self, name: str, reader: Any) -> pd.DataFrame:
        import pandas as pd

        path = self.folder / name
        if path.exists():
            frame: pd.DataFrame = pd.read_parquet(path)
            return frame
        return self._collect(self._results(), reader)

    def _results(self) -> dict[Cell, SearchResult]:
        return {cell: self.result(cell) for cell in self.config.cells() if self.is_done(cell)}

    @staticmethod
    def _collect(results: dict[Cell, SearchResult], reader: Any) -> pd.DataFrame:
        import pandas as pd

        if not results:
            raise RunError("The run has no finished cell yet; go on with --resume.")
        frames = [pd.DataFrame(reader(cell, result)) for cell, result in results.items()]
        table: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return table

    def _row(self, cell: Cell, result: SearchResult) -> dict[str, list[Any]]:
        task = self.suite[cell.target]
        try:
            best = result.best
        except RlnasError:  # every query failed: the row says so
            architecture, score, test = None, float("nan"), float("nan")
        else:
            architecture, score = best.architecture, best.score
            test = task.test_score(best.vector)
        row: dict[str, Any] = {
            "source": cell.source,
            "target": cell.target,
            "method": cell.method,
            "seed": cell.seed,
            "queries": len(result.records),
            "best_architecture": architecture,
            "best_score": score,
            "test_score": test,
            "rank": _rank(task, score),
            "regret": task.regret(score),
        }
        for queries in CHECKPOINTS:
            if queries < self.config.queries and len(result.records):
                reached = result.best_so_far[min(queries, len(result.records)) - 1]
                row[f"rank_at_{queries}"] = _rank(task, float(reached))
        row["failures"] = sum(r.evaluation.failed for r in result.records)
        row["cost"] = result.cost
        row["seconds"] = result.records[-1].seconds if result.records else 0.0
        return {name: [value] for name, value in row.items()}

    def _curve(self, cell: Cell, result: SearchResult) -> dict[str, Any]:
        task, best = self.suite[cell.target], result.best_so_far
        return {
            "source": cell.source,
            "target": cell.target,
            "method": cell.method,
            "seed": cell.seed,
            "query": np.arange(1, len(best) + 1),
            "best_score": best,
            "rank": [_rank(task, float(score)) for score in best],
        }


def _rank(task: TabularTask, score: float) -> float:
    """Return the rank of a score; without a score it is the worst there is."""
    return float(task.rank(score)) if np.isfinite(score) else float(task.space.size)
