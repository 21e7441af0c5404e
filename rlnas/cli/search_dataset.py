"""``rlnas search --dataset``: a search that trains every architecture it asks for."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.atomic import atomic_file, write_text
from rlnas.cli.methods import method_options
from rlnas.cli.options import split_names
from rlnas.cli.screen import jsonable
from rlnas.cli.training_options import describe_data, prepare
from rlnas.errors import InvalidArgumentError, RlnasError, UnknownNameError
from rlnas.formats import format_score, format_seconds
from rlnas.reporting.terminal.training import training_table
from rlnas.runs.best_network import keep_best
from rlnas.runs.dataset_search import ARCHITECTURES, BEST, KIND, ROWS, SEARCH

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.cli.screen import Screen
    from rlnas.cli.search import SearchOptions
    from rlnas.events import EventFile
    from rlnas.search import Searcher, SearchResult
    from rlnas.tasks import Metric, QueryRecord
    from rlnas.training.objective.objective import TrainingObjective
    from rlnas.training.objective.records import TrainingRecord

_QUERIES = 20


def run_on_dataset(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    """Search on a data set, export the best network, and write the report.

    Raises:
        RlnasError: If every query failed; the records are kept.
    """
    from rlnas.events import EventFile
    from rlnas.reporting import write_report
    from rlnas.run_folder import begin_run
    from rlnas.tasks import Budget, Task

    if options.dataset is None:
        raise InvalidArgumentError("There is no --dataset to search on.")
    budget = Budget(_QUERIES if options.queries is None else options.queries)
    own = method_options(options.option, split_names(options.algorithm))
    searcher = _searcher(options, own)
    task = None if options.task is None else _only(split_names(options.task), "--task")
    prepared = prepare(options.training, options.dataset, task, options.seed)
    folder = options.out or Path("runs", "search", prepared.name)
    settings = {
        **prepared.settings(),
        "algorithm": searcher.name,
        "sources": [str(path) for path in options.source],
        # Several in flight may change which architectures a searcher asks for.
        "workers": options.training.workers,
        **({"options": own} if own else {}),
    }
    begin_run(folder, KIND, settings, resume=options.resume, command=screen.command)
    screen.note(describe_data(prepared.data))
    for note in prepared.data.notes:
        screen.note(f"Note: {note}")
    objective = prepared.objective(folder / ARCHITECTURES)
    # A network that computes the same as a trained one is not worth another training.
    target = Task(prepared.name, prepared.space, objective, canonical_free=True)
    events_folder = folder / "tensorboard"
    shutil.rmtree(events_folder, ignore_errors=True)  # a resumed search repeats its queries
    with screen.progress() as report, EventFile(events_folder) as events:
        narrator = _Narrator(target.metric, budget.queries or 0, events, screen)

        def show(record: QueryRecord) -> None:
            narrator(record)
            if screen.errors.is_terminal:  # elsewhere the line above is progress enough
                report("search", record.query, budget.queries or 0)

        result = searcher.search(target, budget, seed=options.seed, on_query=show)
    result.save(folder / SEARCH)
    best: dict[str, Any] = {}
    if any(not record.evaluation.failed for record in result.records):
        best = keep_best(result, objective, prepared, folder, final_epochs=options.final_epochs)
    write_text(folder / BEST, json.dumps(jsonable(best), indent=1))
    rows = _rows(result, objective)
    # Last, because a folder with rows is a finished run.
    with atomic_file(folder / ROWS) as partial:
        rows.to_parquet(partial, index=False)
    page = write_report(folder)
    if not best:
        raise RlnasError(
            f"All {len(result.records)} queries failed, the last with: "
            f"{result.records[-1].evaluation.error}. All of them: {page}"
        )
    _say(rows, best, result, page, screen)
    return {
        "command": "search",
        **settings,
        "queries": budget.queries,
        "best": best,
        "rows": rows.to_dict("records"),
        "model": folder / "best",
        "out": folder,
        "report": page,
    }


def _only(names: tuple[str, ...], option: str) -> str:
    if len(names) != 1:
        raise InvalidArgumentError(
            f"{option} names {len(names)} of them ({', '.join(names) or 'none'}); a search on "
            "--dataset takes one."
        )
    return names[0]


def _searcher(options: SearchOptions, given: dict[str, dict[str, object]]) -> Searcher:
    """Return the searcher, or the transfer method with its source."""
    from rlnas.search import get_searcher, searcher_names

    name = _only(split_names(options.algorithm), "--algorithm")
    own = given.get(name, {})
    if name in searcher_names():
        if options.source:
            raise InvalidArgumentError(
                f"{name} uses no --source; name a transfer method with --algorithm, e.g. zero-shot."
            )
        return get_searcher(name, **own)
    from rlnas.transfer import MethodSettings, SourcePool, get_method, make_method, method_names
    from rlnas.transfer.source_folders import load_sources

    if name not in method_names():
        raise UnknownNameError(
            "searcher or transfer method", name, (*searcher_names(), *method_names())
        )
    if not options.source:
        if get_method(name).takes == {"none"}:
            return make_method(name, SourcePool(), MethodSettings(), **own)
        raise InvalidArgumentError(
            f"{name} is a transfer method: give it --source, a folder that `rlnas train` wrote."
        )
    sources = load_sources(options.source, name)
    label = _only(tuple(sources.pools), f"--source for {name}")
    settings = MethodSettings(controller=sources.config)
    return make_method(name, sources.pools[label], settings, **own)


class _Narrator:
    """Says what each query came to, on the screen and to TensorBoard."""

    def __init__(self, metric: Metric, queries: int, events: EventFile, screen: Screen) -> None:
        self._metric = metric
        self._queries = queries
        self._events = events
        self._screen = screen
        self._best = math.nan
        self._cost = 0.0

    def __call__(self, record: QueryRecord) -> None:
        """Take the record of a query."""
        evaluation = record.evaluation
        self._cost += evaluation.cost
        self._best = float(np.fmax(self._best, record.score))  # passes over NaN
        values = {"search/cost": self._cost, "search/score": record.score}
        values["search/best_score"] = self._best
        known = {tag: value for tag, value in values.items() if not math.isnan(value)}
        self._events.add(record.query, known)
        self._events.flush()
        text = f"failed: {evaluation.error}" if evaluation.failed else self._raw(record.score)
        best = "" if math.isnan(self._best) else f" (best {self._raw(self._best)})"
        self._screen.note(
            f"{record.query}/{self._queries} {record.architecture}: {text}{best}, "
            f"{format_seconds(evaluation.cost)}"
        )

    def _raw(self, score: float) -> str:
        return f"{format_score(self._metric.sign * score)}{self._metric.suffix}"


def _rows(result: SearchResult, objective: TrainingObjective) -> pd.DataFrame:
    """Return a row for each query, without test metrics."""
    from rlnas.networks import statistics_of_many

    vectors = [record.vector for record in result.records]
    counts = statistics_of_many(objective.space, vectors, objective.data.spec, objective.config)
    records = [objective.record(record.architecture) for record in result.records]

    def column(value: Any, missing: Any) -> list[Any]:
        return [missing if record is None else value(record) for record in records]

    frame = result.to_frame()
    frame["valid"] = result.metric.sign * frame["score"]
    frame["epochs"] = column(lambda record: record.best_epoch, 0)
    frame["seconds"] = column(lambda record: record.seconds, math.nan)
    frame["failure"] = column(_failure, None)
    frame["parameters"], frame["macs"] = counts["parameters"], counts["macs"]
    return frame


def _failure(record: TrainingRecord) -> str | None:
    return record.failure


def _say(
    rows: pd.DataFrame, best: dict[str, Any], result: SearchResult, page: Path, screen: Screen
) -> None:
    """Print the best architectures, the test score of the best, and where everything is."""
    shown = rows.sort_values("score", ascending=False, na_position="last")
    screen.print(training_table(shown, result.metric, title=result.task))
    unit = result.metric.suffix
    screen.line(
        f"Best: {best['architecture']}, {format_score(best['valid']['metric'])}{unit} on "
        f"{best['valid_size']:,} validation and {format_score(best['test']['metric'])}{unit} on "
        f"{best['test_size']:,} test images, epoch {best['epochs']}."
    )
    if failures := int(rows["error"].notna().sum()):
        screen.line(f"{failures} of {len(rows)} trainings failed; the report says of what.")
    screen.line(f"Model:   {page.parent / 'best'} (model.py, model.safetensors, README.txt)")
    screen.line(f"Report:  {page}")
    screen.line(f"Curves:  tensorboard --logdir {page.parent}")
