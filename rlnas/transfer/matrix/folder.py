"""The run folder of a transfer matrix, finished or not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.atomic import atomic_file
from rlnas.benchmarks import load_suite
from rlnas.errors import RunError
from rlnas.runs.cell import RunCell
from rlnas.runs.tables import outcome_tables
from rlnas.search import SearchResult
from rlnas.tasks import Metric, Suite, TabularTask
from rlnas.transfer.matrix.config import MatrixConfig

if TYPE_CHECKING:
    import pandas as pd


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

    @cached_property
    def source_suite(self) -> Suite[TabularTask]:
        """The suite of the sources."""
        other = self.config.source_suite
        return self.suite if other is None else load_suite(other)

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

    def is_done(self, cell: RunCell) -> bool:
        """Return whether a cell has its result; a finished cell is a finished file."""
        return (self.folder / cell.path).exists()

    def missing(self) -> list[RunCell]:
        """Return the cells without a result."""
        return [cell for cell in self.config.cells() if not self.is_done(cell)]

    @property
    def finished(self) -> bool:
        """Whether every cell has its result."""
        return not self.missing()

    def result(self, cell: RunCell) -> SearchResult:
        """Return the search of one finished cell."""
        return SearchResult.load(self.folder / cell.path)

    # -- similarities ----------------------------------------------------------------------

    def missing_similarities(self) -> list[str]:
        """Return the targets whose similarities to the sources were not estimated yet."""
        if not self.config.estimators:
            return []
        return [t for t in self.config.tasks if not self._similarities_of(t).exists()]

    def save_similarities(self, target: str, frame: pd.DataFrame) -> None:
        """Write what was estimated of one target."""
        path = self._similarities_of(target)
        path.parent.mkdir(exist_ok=True)
        with atomic_file(path) as partial:
            frame.to_parquet(partial, index=False)

    def similarities(self) -> pd.DataFrame | None:
        """Return what estimators said of every pair, or None where none was asked.

        Columns as `rlnas.transfer.similarity.estimate_similarities` has them.
        """
        import pandas as pd

        path = self.folder / "similarity.parquet"
        if path.exists():
            frame: pd.DataFrame = pd.read_parquet(path)
            return frame
        done = [self._similarities_of(target) for target in self.config.tasks]
        frames = [pd.read_parquet(path) for path in done if path.exists()]
        return pd.concat(frames, ignore_index=True) if frames else None

    def _similarities_of(self, target: str) -> Path:
        return self.folder / "similarities" / f"{target}.parquet"

    # -- tables ----------------------------------------------------------------------------

    def rows(self) -> pd.DataFrame:
        """Return one row a finished cell.

        Columns: source (``-`` for none; with its suite where a target has the same name), target,
        method, seed, queries, best_architecture, best_score, test_score, rank (1 is the best of the
        whole space), regret, rank_at_10, rank_at_20, failures, cost (s of training), seconds (wall
        clock).
        """
        return self._read("rows.parquet", 0)

    def curves(self) -> pd.DataFrame:
        """Return source, target, method, seed, query, best_score, rank after every query."""
        return self._read("curves.parquet", 1)

    def write_tables(self, known: Mapping[RunCell, SearchResult] | None = None) -> None:
        """Write rows.parquet, curves.parquet and similarity.parquet of a finished run.

        Args:
            known: Results that are at hand; the others are read.
        """
        tables = self._tables(known or {})
        for name, frame in zip(("rows.parquet", "curves.parquet"), tables, strict=True):
            with atomic_file(self.folder / name) as partial:
                frame.to_parquet(partial, index=False)
        if (similarities := self.similarities()) is not None:
            with atomic_file(self.folder / "similarity.parquet") as partial:
                similarities.to_parquet(partial, index=False)

    def _read(self, name: str, which: int) -> pd.DataFrame:
        """Return a table as it was written, or of what an unfinished run has."""
        import pandas as pd

        path = self.folder / name
        if path.exists():
            frame: pd.DataFrame = pd.read_parquet(path)
            return frame
        return self._tables({})[which]

    def _tables(self, known: Mapping[RunCell, SearchResult]) -> tuple[pd.DataFrame, pd.DataFrame]:
        done = [cell for cell in self.config.cells() if cell in known or self.is_done(cell)]
        if not done:
            raise RunError("The run has no finished cell yet; go on with --resume.")
        results = (
            (
                dataclasses.replace(cell, source=self.config.label(cell.source)),
                known[cell] if cell in known else self.result(cell),
            )
            for cell in done
        )
        return outcome_tables(results, self.suite, self.config.queries)
