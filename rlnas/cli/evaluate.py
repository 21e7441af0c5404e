"""``rlnas evaluate``: train named architectures on a data set and score them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Text
from rlnas.cli.training_options import TrainingOptions

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.runs.evaluation import Evaluations


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(CommonOptions):
    """Train architectures on a data set and print what each comes to.

    The validation score is what a search sees. The test score is for the final report of an
    architecture that was chosen without it.
    """

    architecture: Annotated[tuple[str, ...], tyro.conf.arg(metavar="STR[,STR…]")]
    """Official strings, separated by commas; or a file with one a line; or random:N."""

    dataset: str
    """rooms, digits, or a folder of images with a subfolder for each class."""

    task: Text = None
    """Task of the data set; by default its first, `class` for a folder."""

    seed: int = 0
    """Seed of the split, the first weights and the order of the images."""

    proxies: Flag = False
    """Also compute zero-cost proxies, before any training."""

    untrained: Flag = False
    """Train nothing: parameters, operations and, with --proxies, proxies only."""

    out: Folder = None
    """Run folder; by default runs/evaluate/DATASET/TASK."""

    resume: Flag = False
    """Go on with the run in `--out`; what is trained there is not trained again."""

    training: TrainingOptions = field(default_factory=TrainingOptions)


def run(options: EvaluateOptions, screen: Screen) -> dict[str, Any]:
    """Train what is missing, and print the table."""
    from rlnas.runs.evaluation import EVALUATIONS, evaluate_architectures
    from rlnas.training.objective.task import choose_task

    task = choose_task(options.dataset, options.task)
    with screen.progress() as report:
        found = evaluate_architectures(
            options.architecture,
            options.dataset,
            task,
            out=options.out or Path("runs", "evaluate", Path(options.dataset).name, task),
            seed=options.seed,
            train=not options.untrained,
            proxies=options.proxies,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
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
