"""A search that trains every architecture it asks for on images or a table, and its folder."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.damage import guarded
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.folders import remove
from rlnas.parquet import write_frame
from rlnas.run_folder import begin_run, only_writer, read_settings
from rlnas.runs.best_network import check_best, keep_best
from rlnas.runs.limits import training_limits
from rlnas.runs.on_disk import read_table, table_guarded
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.search import ParetoFront, Searcher, SearchResult, get_searcher
from rlnas.spaces import ScheduleSpace
from rlnas.tasks import Budget, QueryRecord, Task
from rlnas.training.objective.examples import SearchExamples
from rlnas.training.objective.records import TrainingRecord, read_record

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.datasets import DataOptions
    from rlnas.datasets.tables import TableOptions
    from rlnas.events import EventFile
    from rlnas.training.objective.objective import TrainingObjective

KIND = "training-search"
"""What its ``config.json`` calls it."""

SEARCH, ROWS, BEST, ARCHITECTURES = "search.parquet", "rows.parquet", "best.json", "architectures"
ONE_SHOT = "one-shot"
"""Subfolder of a search that trains a super-network."""

_NUMBERS = ("query", "score", "valid", "epochs", "parameters", "macs", "seconds", "cost")
_log = logging.getLogger("rlnas")


def search_dataset(
    dataset: str | Path | DataOptions | TableOptions,
    searcher: Searcher | str = "regularised-evolution",
    queries: int = 20,
    *,
    out: str | Path,
    task: str | None = None,
    seed: int = 0,
    final_epochs: int | None = None,
    sources: Sequence[str | Path] = (),
    options: Mapping[str, object] | None = None,
    limits: Mapping[str, float] | None = None,
    resume: bool = False,
    command: str = "",
    on_query: Callable[[QueryRecord], None] | None = None,
    on_task: Callable[[Task], None] | None = None,
    **training: Any,
) -> TrainingSearchRun:
    """Train the architectures that a searcher asks for, and export the best network.

    The folder gets everything: records and weights of each architecture, TensorBoard curves, the
    best as a Python file of its own. An interrupted search goes on where it was and asks for the
    same architectures. Trainings run in processes of their own, so a script needs the usual
    ``if __name__ == "__main__":``.

    Args:
        dataset: ``rooms``, ``digits``, a folder of images with a subfolder for each class, or
            `DataOptions`; of a table `TableOptions`.
        searcher: A searcher, or the name of one.
        queries: Architectures to train, 1 or more.
        out: The run folder.
        task: Task of the data set; None for its first, ``class`` for a folder.
        seed: Of the search, the split, the first weights and the order of images.
        final_epochs: Train the best architecture anew for so many epochs in the end; that network
            is then exported and tested.
        sources: Where the searcher's controllers come from; kept with the settings.
        options: What the searcher was made with, or is made with if it is given by name; kept with
            the settings.
        limits: The most of each cost that an architecture may have, e.g. ``{"macs": 1e6,
            "latency_ms": 2}``; what costs more is not trained and costs no query. Names are those
            of `rlnas.networks.NetworkCounts` and `rlnas.networks.MeasuredCosts`.
        resume: Go on with the run in ``out`` if there is one. More queries continue it.
        command: The command line, kept in the folder.
        on_query: Called with the record of each query.
        on_task: Called with the task before the first query.
        training: Further arguments of `rlnas.training.prepare_training`: space, recipe, epochs,
            image_size, width, device, workers, timeout …

    Returns:
        The finished run; its ``best`` is empty if every query failed.

    Raises:
        RlnasError: If an argument is wrong; nothing has been written then.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from rlnas.events import EventFile
    from rlnas.proxies.live import LiveProxies
    from rlnas.training.objective.task import describe_data, prepare_training

    budget = Budget(queries)
    own = dict(options or {})
    searcher = get_searcher(searcher, **own) if isinstance(searcher, str) else searcher
    setup = prepare_training(dataset, task, seed=seed, **training)
    folder = Path(out)
    settings = {
        **setup.settings(),
        "algorithm": searcher.name,
        "sources": [str(path) for path in sources],
        # Several in flight may change which architectures a searcher asks for.
        "workers": setup.workers,
        **({"options": {searcher.name: own}} if own else {}),
        **({"limits": dict(limits)} if limits else {}),
    }
    training_limits(setup, limits or {}, folder)  # what is wrong is said before anything is written
    with only_writer(folder):
        begin_run(folder, KIND, settings, resume=resume, command=command)
        for text in (describe_data(setup.data), *(f"Note: {note}" for note in setup.data.notes)):
            _log.info("%s", text)
        objective = setup.objective(folder / ARCHITECTURES)
        events_folder = folder / "tensorboard"
        remove(events_folder, within=folder)  # a resumed search repeats its queries
        with EventFile(events_folder) as events:
            curves = _Curves(events)

            def tell(record: QueryRecord) -> None:
                curves.add(record)
                if on_query is not None:
                    on_query(record)

            target = setup.task(objective)
            target.limits = training_limits(setup, limits or {}, folder)
            target.examples = SearchExamples.of(
                setup.data, setup.config, setup.device, folder / ONE_SHOT
            )
            if not isinstance(setup.space, ScheduleSpace):  # one network, whatever the schedule
                target.proxies = LiveProxies(setup.space, setup.data, setup.config, seed=setup.seed)
            if on_task is not None:
                on_task(target)
            result = searcher.search(target, budget, seed=seed, on_query=tell)
        result.save(folder / SEARCH)
        best: dict[str, Any] = {}
        if any(not record.evaluation.failed for record in result.records):
            best = keep_best(result, objective, setup, folder, final_epochs=final_epochs)
        write_sealed_json(folder / BEST, best, indent=1)
        # Last, because a folder with rows is a finished run.
        write_frame(folder / ROWS, _rows(result, objective))
    return TrainingSearchRun.open(folder)


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
        folder = Path(folder)
        settings = read_settings(folder, KIND)
        if not (folder / ROWS).exists():
            raise RunError(f"{folder} is not finished yet; go on with it by resume=True.")
        remedy = "Write it again by resume=True."
        best = read_sealed_json(folder / BEST, "description of a network", RunError, remedy)
        with guarded(folder / BEST, "description of a network", RunError, remedy):
            check_best(best)
        result = SearchResult.load(folder / SEARCH)
        rows = read_table(folder / ROWS, _NUMBERS, ("architecture",))
        with table_guarded(folder / ROWS):
            if list(rows["architecture"]) != [record.architecture for record in result.records]:
                raise ValueError("its architectures are not those of the search")
            if not all(text is None or isinstance(text, str | float) for text in rows["error"]):
                raise TypeError("its column error has no texts")
        return cls(folder, settings, result, rows, best)

    def __repr__(self) -> str:
        return f"TrainingSearchRun({str(self.folder)!r}, {self.result!r})"

    @cached_property
    def records(self) -> dict[str, TrainingRecord]:
        """The record of each architecture that was queried, in their order."""
        home = self.folder / ARCHITECTURES
        found = {r.architecture: read_record(home, r.architecture) for r in self.result.records}
        return {name: record for name, record in found.items() if record is not None}

    def pareto(self, *names: str) -> ParetoFront:
        """Return the queries that no other beats in validation score and costs at once.

        Args:
            names: Which costs count: ``parameters``, ``macs``; by default ``macs``.

        Raises:
            InvalidArgumentError: If the rows have no such cost.
        """
        chosen = names or ("macs",)
        if unknown := [name for name in chosen if name not in ("parameters", "macs")]:
            raise InvalidArgumentError(
                f"There is no cost {unknown[0]!r}; expected parameters or macs. For measured ones "
                "give run.result.pareto() a MeasuredCosts."
            )
        return self.result.pareto({name: self.rows[name].to_numpy() for name in chosen})

    @property
    def unit(self) -> str:
        """Unit of the metric behind a number, empty for a pure number."""
        return self.result.metric.suffix

    @property
    def is_accuracy(self) -> bool:
        """Whether the metric is a share of examples that are right or wrong each."""
        return bool(self.best.get("counts_examples"))


class _Curves:
    """Writes what each query came to, for TensorBoard, as it comes."""

    def __init__(self, events: EventFile) -> None:
        self._events = events
        self._best = math.nan
        self._cost = 0.0

    def add(self, record: QueryRecord) -> None:
        """Take the record of a query."""
        self._cost += record.evaluation.cost
        self._best = float(np.fmax(self._best, record.score))  # passes over NaN
        values = {"search/cost": self._cost, "search/score": record.score}
        values["search/best_score"] = self._best
        values |= {f"search/{name}": value for name, value in record.notes.items()}
        known = {tag: value for tag, value in values.items() if not math.isnan(value)}
        self._events.add(record.query, known)
        self._events.flush()


def _rows(result: SearchResult, objective: TrainingObjective) -> pd.DataFrame:
    """Return a row for each query, without test metrics."""
    from rlnas.networks import statistics_of_many

    vectors = [record.vector for record in result.records]
    counts = statistics_of_many(objective.space, vectors, objective.data.spec, objective.config)
    records = [objective.record(record.architecture) for record in result.records]

    def column(value: Callable[[TrainingRecord], Any], missing: Any) -> list[Any]:
        return [missing if record is None else value(record) for record in records]

    frame = result.to_frame()
    frame["valid"] = frame.pop("value")
    frame["epochs"] = column(lambda record: record.best_epoch, 0)
    frame["seconds"] = column(lambda record: record.seconds, math.nan)
    frame["failure"] = column(lambda record: record.failure, None)
    frame["parameters"], frame["macs"] = counts["parameters"], counts["macs"]
    return frame
