"""``rlnas evaluate``: train named architectures on a data set and score them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Place, Text
from rlnas.cli.training_options import TableChoice, TrainingOptions, chosen_data

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.runs.evaluation import Evaluations


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(CommonOptions):
    """Train architectures on a data set or a table and print what each comes to.

    The validation score is what a search sees. The test score is for the final report of an
    architecture that was chosen without it.
    """

    architecture: Annotated[tuple[str, ...], tyro.conf.arg(metavar="STR[,STR…]")]
    """Official strings, separated by commas; or a file with one a line; or random:N."""

    dataset: Text = None
    """rooms, digits, or a folder of images with a subfolder for each class; or give a --table."""

    task: Text = None
    """Task of the data set; by default its first, `class` for a folder; of a table classification
    or regression."""

    seed: int = 0
    """Seed of the split, the first weights and the order of the images."""

    proxies: Flag = False
    """Also compute zero-cost proxies, before any training."""

    untrained: Flag = False
    """Train nothing: parameters, operations and, with --proxies, proxies only."""

    out: Folder = None
    """Run folder; by default runs/evaluate/DATASET/TASK or runs/evaluate/TABLE."""

    resume: Flag = False
    """Go on with the run in `--out`; what is trained there is not trained again."""

    columns: TableChoice = field(default_factory=TableChoice)

    training: TrainingOptions = field(default_factory=TrainingOptions)

    place: Place = field(default_factory=Place)


def run(options: EvaluateOptions, screen: Screen) -> dict[str, Any]:
    """Train what is missing, and print the table."""
    from rlnas.runs.evaluation import EVALUATIONS, evaluate_architectures
    from rlnas.training.objective.task import choose_task

    data, place = chosen_data(options.columns, options.dataset, options.task)
    task = options.task
    if options.dataset is not None:
        task = choose_task(options.dataset, task)
    with options.place.open() as executor, screen.progress() as report:
        found = evaluate_architectures(
            options.architecture,
            data,
            task,
            out=options.out or Path("runs", "evaluate", place, task or ""),
            seed=options.seed,
            train=not options.untrained,
            proxies=options.proxies,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
            executor=executor,
            **vars(options.training),
        )
    _print(found, options, screen)
    screen.line(f"Results: {found.folder / EVALUATIONS}")
    return {
        "command": "evaluate",
        **found.setup.settings(),
        "metric": found.setup.data.spec.metric.name,
        "rows": found.rows.to_dict("records"),
        "out": found.folder,
    }


def _print(found: Evaluations, options: EvaluateOptions, screen: Screen) -> None:
    from rlnas.reporting.terminal.training import proxy_table, training_table

    rows, metric = found.rows, found.setup.data.spec.metric
    screen.print(training_table(rows, metric, title=found.setup.name))
    if not options.untrained:
        for row in rows[rows["error"].notna()].itertuples():
            screen.line(f"{row.architecture} failed: {row.error}")
    if options.proxies:
        screen.print(proxy_table(rows))
