"""The run folder of a search that trained its architectures on a user's images."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.errors import RunError
from rlnas.run_folder import read_settings
from rlnas.search import SearchResult
from rlnas.training.objective.records import TrainingRecord, read_record

if TYPE_CHECKING:
    import pandas as pd

KIND = "training-search"
"""What its ``config.json`` calls it."""

SEARCH, ROWS, BEST, ARCHITECTURES = "search.parquet", "rows.parquet", "best.json", "architectures"


@dataclass(frozen=True)
class TrainingSearchRun:
    """A finished search, read from its folder.

    Attributes:
        folder: The run folder.
        settings: What it was asked to do.
        result: The search.
        rows: One row a query: query, architecture, valid (raw), epochs, parameters, macs, seconds,
            error.
        best: What is known of the best network: its test metrics above all; empty if every query
            failed.
    """

    folder: Path
    settings: dict[str, Any]
    result: SearchResult
    rows: pd.DataFrame
    best: dict[str, Any]

    @classmethod
    def open(cls, folder: str | Path) -> TrainingSearchRun:
        """Read a run.

        Raises:
            RunError: If it is none, or not finished.
            DataError: If its search is damaged.
        """
        import pandas as pd

        folder = Path(folder)
        settings = read_settings(folder, KIND)
        if not (folder / ROWS).exists():
            raise RunError(f"{folder} is not finished yet; go on with it by --resume.")
        try:
            best = json.loads((folder / BEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{folder / BEST} is damaged ({error}); run with --resume.") from error
        result = SearchResult.load(folder / SEARCH)
        return cls(folder, settings, result, pd.read_parquet(folder / ROWS), best)

    @cached_property
    def records(self) -> dict[str, TrainingRecord]:
        """The record of each architecture that was queried, in their order."""
        home = self.folder / ARCHITECTURES
        found = {r.architecture: read_record(home, r.architecture) for r in self.result.records}
        return {name: record for name, record in found.items() if record is not None}

    @property
    def unit(self) -> str:
        """Unit of the metric behind a number, empty for a pure number."""
        return self.result.metric.suffix

    @property
    def is_accuracy(self) -> bool:
        """Whether the metric is a share of examples that are right or wrong each."""
        return bool(self.best.get("counts_examples"))
