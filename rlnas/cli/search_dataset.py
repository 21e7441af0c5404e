"""``rlnas search --dataset`` or ``--table``: every architecture that it asks for is trained."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.cli.methods import method_options
from rlnas.cli.options import split_names
from rlnas.cli.training_options import chosen_data
from rlnas.errors import InvalidArgumentError, RlnasError
from rlnas.formats import format_score, format_seconds

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.cli.search_options import SearchOptions
    from rlnas.runs.dataset_search import TrainingSearchRun
    from rlnas.tasks import Metric, QueryRecord, Task

_QUERIES = 20


def run_on_dataset(options: SearchOptions, screen: Screen) -> dict[str, Any]:
    """Search on a data set, export the best network, and write the report.

    Raises:
        RlnasError: If every query failed; the records are kept.
    """
    from rlnas.reporting import write_report
    from rlnas.runs.dataset_search import search_dataset
    from rlnas.training.objective.task import choose_task
    from rlnas.transfer.source_folders import searcher_from_folders

    queries = _QUERIES if options.queries is None else options.queries
    algorithm = _only(split_names(options.algorithm), "--algorithm")
    own = method_options(options.option, (algorithm,)).get(algorithm, {})
    searcher = searcher_from_folders(algorithm, options.source, **own)
    named = None if options.task is None else _only(split_names(options.task), "--task")
    data, place = chosen_data(options.columns, options.dataset, named)
    task = named if options.dataset is None else choose_task(options.dataset, named)
    narrator = _Narrator(queries, screen)
    with options.place.open() as executor, screen.progress() as report:

        def show(record: QueryRecord) -> None:
            narrator(record)
            if screen.errors.is_terminal:  # elsewhere the line above is progress enough
                report("search", record.query, queries)

        run = search_dataset(
            data,
            searcher,
            queries,
            out=options.out or Path("runs", "search", place, task or ""),
            task=task,
            seed=options.seed,
            final_epochs=options.final_epochs,
            sources=options.source,
            options=own,
            limits=options.limits,
            resume=options.resume,
            command=screen.command,
            on_query=show,
            on_task=narrator.begin,
            executor=executor,
            **vars(options.training),
        )
    page = write_report(run.folder)
    if not run.best:
        raise RlnasError(
            f"All {len(run.rows)} queries failed, the last with: "
            f"{run.result.records[-1].evaluation.error}. All of them: {page}"
        )
    _say(run, page, screen)
    return {
        "command": "search",
        **run.settings,
        "queries": queries,
        "best": run.best,
        "rows": run.rows.to_dict("records"),
        "model": run.folder / "best",
        "out": run.folder,
        "report": page,
    }


def _only(names: tuple[str, ...], option: str) -> str:
    if len(names) != 1:
        raise InvalidArgumentError(
            f"{option} names {len(names)} of them ({', '.join(names) or 'none'}); a search on "
            "--dataset or a "
            "--table takes one."
        )
    return names[0]


class _Narrator:
    """Says what each query came to."""

    def __init__(self, queries: int, screen: Screen) -> None:
        self._metric: Metric | None = None
        self._queries = queries
        self._screen = screen
        self._best = math.nan

    def begin(self, task: Task) -> None:
        """Take the task, whose metric says what a score means."""
        self._metric = task.metric

    def __call__(self, record: QueryRecord) -> None:
        """Take the record of a query."""
        evaluation = record.evaluation
        self._best = float(np.fmax(self._best, record.score))  # passes over NaN
        text = f"failed: {evaluation.error}" if evaluation.failed else self._raw(record.score)
        best = "" if math.isnan(self._best) else f" (best {self._raw(self._best)})"
        self._screen.note(
            f"{record.query}/{self._queries} {record.architecture}: {text}{best}, "
            f"{format_seconds(evaluation.cost)}"
        )

    def _raw(self, score: float) -> str:
        return str(score) if self._metric is None else self._metric.text(score)


def _say(run: TrainingSearchRun, page: Path, screen: Screen) -> None:
    """Print the best architectures, the test score of the best, and where everything is."""
    from rlnas.reporting.terminal.training import training_table

    rows, best, result = run.rows, run.best, run.result
    shown = rows.sort_values("score", ascending=False, na_position="last")
    screen.print(training_table(shown, result.metric, title=result.task))
    unit = result.metric.suffix
    screen.line(
        f"Best: {best['architecture']}, {format_score(best['valid']['metric'])}{unit} on "
        f"{best['valid_size']:,} validation and {format_score(best['test']['metric'])}{unit} on "
        f"{best['test_size']:,} test {best.get('examples', 'images')}, epoch {best['epochs']}."
    )
    if refused := result.options.get("refused"):
        most = ", ".join(f"{name} {value:,.6g}" for name, value in run.settings["limits"].items())
        screen.line(
            f"{refused} architectures were over the limits ({most}); they cost no training and no "
            "query."
        )
    if failures := int(rows["error"].notna().sum()):
        screen.line(f"{failures} of {len(rows)} trainings failed; the report says of what.")
    screen.line(f"Model:   {run.folder / 'best'} (model.py, model.safetensors, README.txt)")
    screen.line(f"Report:  {page}")
    screen.line(f"Curves:  tensorboard --logdir {run.folder}")
