"""What a search found: each query in order, the best, and its way to disk."""

from __future__ import annotations

import dataclasses
import html
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.atomic import atomic_file, jsonable
from rlnas.damage import guarded, parse_json
from rlnas.errors import DataError, InvalidArgumentError, RlnasError, bounded
from rlnas.parquet import parquet_bytes, read_parquet
from rlnas.plain import whole
from rlnas.search.pareto import ParetoFront, pareto_front
from rlnas.spaces import Architecture
from rlnas.tasks import Budget, Evaluation, Metric, QueryRecord
from rlnas.tasks.proxies import ProxySource

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_METADATA_KEY = b"rlnas.search"
_METRIC = "metric/"
_NOTE = "note/"
_LONGEST_TEXT = 10_000

_log = logging.getLogger("rlnas")


@dataclass(frozen=True)
class SearchResult:
    """The queries of one search, in order.

    Attributes:
        task: Name of the task.
        space: Name of its search space.
        searcher: Name of the searcher.
        seed: Seed of the search.
        budget: What it was allowed to spend.
        metric: What the scores mean; scores are maximised, ``metric.raw(score)`` is the raw
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
        return _best_so_far(self.scores)

    @property
    def cost(self) -> float:
        """Seconds of training spent."""
        return float(sum(r.evaluation.cost for r in self.records))

    def pareto(
        self, costs: ProxySource | Mapping[str, ArrayLike], names: Sequence[str] = ("macs",)
    ) -> ParetoFront:
        """Return the queries that no other beats in score and costs at once.

        Args:
            costs: What knows the costs of architectures, e.g. `rlnas.networks.NetworkCounts` or
                `rlnas.networks.MeasuredCosts`; or the cost of each query ``(queries,)`` by name.
            names: Which costs of the source count; those given by name all do.

        Raises:
            InvalidArgumentError: If there is no such cost, or not one for each query.
        """
        if not isinstance(costs, Mapping):
            if unknown := [name for name in names if name not in costs.names]:
                raise InvalidArgumentError(
                    f"There is no cost {unknown[0]!r}; known are {', '.join(costs.names)}."
                )
            vectors = np.array([record.vector for record in self.records], dtype=np.int8)
            costs = dict(zip(names, costs.values(names, vectors), strict=True))
        return pareto_front(self.records, self.metric, costs)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a query, with score, raw value, best_so_far, cost, seconds and error.

        ``value`` is the raw number, ``score`` what is maximised: its negative where less is better;
        ``error`` says why there is neither. A column ``metric/<name>`` follows for each metric that
        some evaluation reported, and ``note/<name>`` for what the searcher noted.
        """
        import pandas as pd

        columns = self._columns()
        columns["error"] = pd.Series(columns["error"], dtype=object)
        frame: pd.DataFrame = pd.DataFrame(columns)
        after = list(columns).index("score") + 1
        frame.insert(after, "value", self.metric.raw(self.scores))
        return frame

    def __repr__(self) -> str:
        queries = f"{self.task!r}, {self.searcher!r}, seed={self.seed}, queries={len(self.records)}"
        try:
            best = self.best
        except RlnasError:
            return f"SearchResult({queries}, none succeeded)"
        value = self.metric.text(best.score, 6)
        return f"SearchResult({queries}, best={best.architecture!r} with {value})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the line, and the queries."""
        return f"<p>{html.escape(repr(self))}</p>{self.to_frame().to_html(max_rows=10)}"

    def _columns(self) -> dict[str, Any]:
        """Return the columns of the frame by name: float64 and int64 arrays, lists of strings."""
        records = self.records
        scores = self.scores
        metrics = {name for r in records if r.evaluation.metrics for name in r.evaluation.metrics}
        return {
            "query": np.array([r.query for r in records], dtype=np.int64),
            "architecture": [r.architecture for r in records],
            "score": scores,
            "best_so_far": _best_so_far(scores),
            "cost": np.array([r.evaluation.cost for r in records], dtype=np.float64),
            "seconds": np.array([r.seconds for r in records], dtype=np.float64),
            "error": [r.evaluation.error for r in records],
            **{
                _METRIC + name: np.array(
                    [r.evaluation.metrics.get(name, np.nan) for r in records], dtype=np.float64
                )
                for name in sorted(metrics)
            },
            **{
                _NOTE + name: np.array([r.notes.get(name, np.nan) for r in records], np.float64)
                for name in dict.fromkeys(name for r in records for name in r.notes)
            },
        }

    def save(self, path: str | Path) -> Path:
        """Write the result as one Parquet file, atomically, and return its path.

        A search may have taken days, so what cannot be stored (an option that is no JSON, a metric
        that is no number, half a sign in an error's text) is stored as text or left out with a
        warning.

        Raises:
            UnwritableError: If the file cannot be written; one that was there is as it was.
        """
        path = Path(path)
        try:
            content = self._file()
        except Exception as error:  # whatever a user's task, searcher or option made
            _log.warning(
                "%s: not all of this result can be stored (%s: %s); the rest is.",
                *(path, type(error).__name__, error),
            )
            content = self._storable()._file()
        with atomic_file(path) as partial:
            partial.write_bytes(content)
        return path

    def _file(self) -> bytes:
        """Return the content of the result's file, with a checksum."""
        import pyarrow as pa

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
        # Straight from the columns: a frame on the way takes longer than the file.
        columns = self._columns()
        architecture = pa.array(columns.pop("architecture"), pa.large_string())
        arrays = {n: pa.array(values, from_pandas=True) for n, values in columns.items()}
        table = pa.table({"query": arrays.pop("query"), "architecture": architecture, **arrays})
        return parquet_bytes(table.replace_schema_metadata({_METADATA_KEY: json.dumps(header)}))

    def _storable(self) -> SearchResult:
        """Return the result without what no file can hold."""
        records = tuple(
            dataclasses.replace(
                record,
                query=int(record.query),
                architecture=_printable(str(record.architecture)),
                seconds=_number(record.seconds),
                evaluation=_storable_evaluation(record.evaluation),
            )
            for record in self.records
        )
        options: dict[str, object] = {}
        for name, value in dict(self.options).items():
            try:
                options[_printable(str(name))] = jsonable(value)
            except (TypeError, ValueError, RecursionError, OverflowError):
                options[_printable(str(name))] = _printable(repr(value))
        return dataclasses.replace(
            self,
            task=_printable(str(self.task)),
            space=_printable(str(self.space)),
            searcher=_printable(str(self.searcher)),
            seed=int(self.seed),
            records=records,
            options=options,
        )

    @classmethod
    def load(cls, path: str | Path) -> SearchResult:
        """Read a result that `save` wrote.

        Raises:
            DataError: If the file is missing, damaged or no search result.
        """
        with guarded(path, "Parquet file", remedy="Give a file that SearchResult.save() wrote."):
            table = read_parquet(path)
        metadata = table.schema.metadata or {}
        if _METADATA_KEY not in metadata:
            raise DataError(
                f"{path} is not a search result: its metadata lack {_METADATA_KEY.decode()!r}. "
                "Give a file that SearchResult.save() wrote."
            )
        with guarded(path, "search result", remedy="Run the search again."):
            header = parse_json(metadata[_METADATA_KEY])
            task, space, searcher = header["task"], header["space"], header["searcher"]
            if not all(isinstance(name, str) for name in (task, space, searcher)):
                raise TypeError("task, space and searcher are to be names")
            return cls(
                task=task,
                space=space,
                searcher=searcher,
                seed=whole(header["seed"], "seed"),
                budget=Budget(**header["budget"]),
                metric=Metric(**header["metric"]),
                records=_records(table, header["vectors"]),
                options=dict(header["options"]),
            )


def _storable_evaluation(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation whose texts can be written and whose metrics are numbers."""
    metrics = {
        _printable(str(name)): _number(raw) for name, raw in dict(evaluation.metrics or {}).items()
    }
    error = evaluation.error
    return dataclasses.replace(
        evaluation,
        score=_number(evaluation.score),
        cost=_number(evaluation.cost),
        error=None if error is None else _printable(str(error)),
        metrics={name: value for name, value in metrics.items() if not math.isnan(value)},
    )


def _printable(text: str) -> str:
    """Return a text that a file can hold."""
    return bounded(text, _LONGEST_TEXT)


def _number(value: object) -> float:
    """Return a value as a float, NaN if it is no number."""
    try:
        return math.nan if isinstance(value, str | bytes) else float(value)  # type: ignore[arg-type]
    except Exception:  # of a user's type
        return math.nan


def _best_so_far(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    best: NDArray[np.float64] = np.fmax.accumulate(scores)  # fmax passes over NaN
    return best


def _as_vectors(rows: list[list[int]]) -> Architecture:
    """Return the vectors of a file as int8; none is another number by being cut to that."""
    vectors = np.array(rows, dtype=np.int64)
    if rows and vectors.ndim != 2:
        raise ValueError("its vectors are no matrix")
    if vectors.size and not 0 <= vectors.min() <= vectors.max() < 128:
        raise ValueError("its vectors are of no search space")
    return vectors.astype(np.int8)


def _records(table: pa.Table, vectors: list[list[int]]) -> tuple[QueryRecord, ...]:
    """Return the records of a table that `SearchResult.save` wrote."""

    def numbers(name: str) -> list[float]:
        return [float(value) for value in table.column(name).to_numpy()]  # null becomes NaN

    names = [name for name in table.column_names if name.startswith(_METRIC)]
    metrics = {name.removeprefix(_METRIC): numbers(name) for name in names}
    noted = [name for name in table.column_names if name.startswith(_NOTE)]
    notes = {name.removeprefix(_NOTE): numbers(name) for name in noted}
    rows = zip(
        table.column("query").to_pylist(),
        table.column("architecture").to_pylist(),
        _as_vectors(vectors),
        numbers("score"),
        numbers("cost"),
        table.column("error").to_pylist(),
        numbers("seconds"),
        strict=True,
    )
    return tuple(
        QueryRecord(
            query=whole(query, "query", 1),
            architecture=str(architecture),
            vector=vector,
            evaluation=Evaluation(
                score,
                cost,
                error,
                {name: v[row] for name, v in metrics.items() if not math.isnan(v[row])},
            ),
            seconds=seconds,
            notes={name: v[row] for name, v in notes.items() if not math.isnan(v[row])},
        )
        for row, (query, architecture, vector, score, cost, error, seconds) in enumerate(rows)
    )
