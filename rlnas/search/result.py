"""What a search found: each query in order, the best, and its way to disk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.atomic import atomic_file
from rlnas.errors import DataError, RlnasError
from rlnas.tasks import Budget, Evaluation, Metric, QueryRecord

if TYPE_CHECKING:
    import pandas as pd

_METADATA_KEY = b"rlnas.search"


@dataclass(frozen=True)
class SearchResult:
    """The queries of one search, in order.

    Attributes:
        task: Name of the task.
        space: Name of its search space.
        searcher: Name of the searcher.
        seed: Seed of the search.
        budget: What it was allowed to spend.
        metric: What the scores mean; scores are maximised, ``metric.sign × score`` is the raw
            value.
        records: One record a query.
        options: Settings of the searcher.
    """

    task: str
    space: str
    searcher: str
    seed: int
    budget: Budget
    metric: Metric
    records: tuple[QueryRecord, ...]
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def best(self) -> QueryRecord:
        """The first query with the highest score.

        Raises:
            RlnasError: If every query failed.
        """
        good = [r for r in self.records if not r.evaluation.failed]
        if not good:
            raise RlnasError(
                f"All {len(self.records)} queries of {self.searcher} on {self.task} failed"
                + (f", the last with: {self.records[-1].evaluation.error}" if self.records else "")
                + ". There is no best architecture."
            )
        return max(good, key=lambda r: r.score)

    @property
    def scores(self) -> NDArray[np.float64]:
        """Scores in query order, ``(queries,)``, NaN where a query failed."""
        return np.array([r.score for r in self.records], dtype=np.float64)

    @property
    def best_so_far(self) -> NDArray[np.float64]:
        """Best score up to each query, ``(queries,)``, NaN until one succeeded."""
        filled = np.where(np.isnan(self.scores), -np.inf, self.scores)
        running = np.maximum.accumulate(filled) if len(filled) else filled
        return np.where(np.isneginf(running), np.nan, running)

    @property
    def cost(self) -> float:
        """Seconds of training spent."""
        return float(sum(r.evaluation.cost for r in self.records))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a query: query, architecture, score, best_so_far, cost, seconds, error."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(
            {
                "query": np.array([r.query for r in self.records], dtype=np.int64),
                "architecture": [r.architecture for r in self.records],
                "score": self.scores,
                "best_so_far": self.best_so_far,
                "cost": np.array([r.evaluation.cost for r in self.records], dtype=np.float64),
                "seconds": np.array([r.seconds for r in self.records], dtype=np.float64),
                "error": pd.Series([r.evaluation.error for r in self.records], dtype=object),
            }
        )
        for name in sorted({k for r in self.records for k in r.evaluation.metrics}):
            frame[f"metric/{name}"] = [r.evaluation.metrics.get(name, np.nan) for r in self.records]
        return frame

    def save(self, path: str | Path) -> Path:
        """Write the result as one Parquet file, atomically, and return its path."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = Path(path)
        header = {
            "task": self.task,
            "space": self.space,
            "searcher": self.searcher,
            "seed": self.seed,
            "budget": dataclasses.asdict(self.budget),
            "metric": dataclasses.asdict(self.metric),
            "options": dict(self.options),
            "vectors": [r.vector.tolist() for r in self.records],
        }
        table = pa.Table.from_pandas(self.to_frame(), preserve_index=False)
        table = table.replace_schema_metadata(
            {**(table.schema.metadata or {}), _METADATA_KEY: json.dumps(header).encode()}
        )
        with atomic_file(path) as partial:
            pq.write_table(table, partial)
        return path

    @classmethod
    def load(cls, path: str | Path) -> SearchResult:
        """Read a result that `save` wrote.

        Raises:
            DataError: If the file is missing, damaged or no search result.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise DataError(
                f"{path} is not a readable Parquet file: {error}. Give a file that "
                "SearchResult.save() wrote."
            ) from error
        metadata = table.schema.metadata or {}
        if _METADATA_KEY not in metadata:
            raise DataError(
                f"{path} is not a search result: its metadata lack {_METADATA_KEY.decode()!r}. "
                "Give a file that SearchResult.save() wrote."
            )
        try:
            header = json.loads(metadata[_METADATA_KEY])
            return cls(
                task=header["task"],
                space=header["space"],
                searcher=header["searcher"],
                seed=header["seed"],
                budget=Budget(**header["budget"]),
                metric=Metric(**header["metric"]),
                records=_records(table.to_pandas(), header["vectors"]),
                options=header["options"],
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(
                f"{path} is a damaged search result ({type(error).__name__}: {error}); "
                "run the search again."
            ) from error


def _records(frame: pd.DataFrame, vectors: list[list[int]]) -> tuple[QueryRecord, ...]:
    """Return the records of a frame that `SearchResult.to_frame` made."""
    prefix = "metric/"
    columns = {str(c).removeprefix(prefix): c for c in frame if str(c).startswith(prefix)}
    return tuple(
        QueryRecord(
            query=int(row["query"]),
            architecture=str(row["architecture"]),
            vector=np.array(vector, dtype=np.int8),
            evaluation=Evaluation(
                float(row["score"]),
                float(row["cost"]),
                row["error"] if isinstance(row["error"], str) else None,
                {k: float(row[c]) for k, c in columns.items() if not np.isnan(row[c])},
            ),
            seconds=float(row["seconds"]),
        )
        for row, vector in zip(frame.to_dict("records"), vectors, strict=True)
    )
