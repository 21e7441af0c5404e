"""The run folder of a transfer matrix, finished or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.benchmarks import load_suite
from rlnas.benchmarks.hostile import base_of
from rlnas.folders import inside
from rlnas.parquet import write_frame
from rlnas.runs.cell import RunCell
from rlnas.runs.on_disk import SearchesOnDisk, read_table
from rlnas.search import SearchResult
from rlnas.tasks import Metric, Suite, TabularTask
from rlnas.transfer.matrix.config import MatrixConfig

if TYPE_CHECKING:
    import pandas as pd


class MatrixRun(SearchesOnDisk[MatrixConfig]):
    """A transfer matrix on disk, see `SearchesOnDisk`.

    In its tables a source has its suite before its name where a target is called the same.
    """

    kind = "matrix"
    events = Path("tensorboard", "cells")  # beside those of the sources

    @classmethod
    def read_plan(cls, settings: Mapping[str, Any]) -> MatrixConfig:
        """Return what a matrix measures."""
        return MatrixConfig.from_dict(settings)

    @property
    def config(self) -> MatrixConfig:
        """What it measures."""
        return self.plan

    @cached_property
    def source_suite(self) -> Suite[TabularTask]:
        """The suite of the sources."""
        other = self.config.source_suite
        if other is None:
            return self.suite
        same = other == base_of(self.config.suite)
        return load_suite(other, seed=self.config.table_seed if same else "first")

    def metric(self, target: str) -> Metric:
        """Return what the scores of a target mean."""
        return self.suite[target].metric

    def labelled(self, cell: RunCell) -> RunCell:
        """Return a cell as it is called in tables."""
        return dataclasses.replace(cell, source=self.config.label(cell.source))

    def write_tables(
        self, known: Mapping[RunCell, SearchResult] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write rows.parquet, curves.parquet and similarity.parquet, and return the first two.

        Args:
            known: Results that are at hand; the others are read.
        """
        rows, curves = self.make_tables(known)
        similarities = self.similarities()
        tables = {"rows": rows, "curves": curves, "similarity": similarities}
        for name, frame in tables.items():
            if frame is not None:
                write_frame(self.folder / f"{name}.parquet", frame)
        return rows, curves

    # -- similarities ----------------------------------------------------------------------

    def missing_similarities(self) -> list[str]:
        """Return the targets whose similarities to the sources were not estimated yet."""
        if not self.config.estimators:
            return []
        return [t for t in self.config.tasks if not self._similarities_of(t).exists()]

    def save_similarities(self, target: str, frame: pd.DataFrame) -> None:
        """Write what was estimated of one target."""
        write_frame(self._similarities_of(target), frame)

    def similarities(self) -> pd.DataFrame | None:
        """Return what estimators said of every pair, or None where none was asked.

        Columns as `rlnas.transfer.similarity.estimate_similarities` has them.
        """
        import pandas as pd

        path = self.folder / "similarity.parquet"
        if path.exists():
            return read_table(path)
        done = [self._similarities_of(target) for target in self.config.tasks]
        frames = [read_table(path) for path in done if path.exists()]
        return pd.concat(frames, ignore_index=True) if frames else None

    def _similarities_of(self, target: str) -> Path:
        return inside(self.folder, "similarities", f"{target}.parquet")
