"""``rlnas pareto``: one search, a whole front of accuracy against cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlnas.cli.options import CommonOptions, Flag, Folder, Text
from rlnas.cli.training_options import TrainingOptions
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class ParetoOptions(CommonOptions):
    """Shrink one super-network on your images and train a front of accuracy against cost.

    Every network of the front is trained, tested, measured and exported as weights and as a Python
    file of its own; a report shows them beside one another.
    """

    dataset: Text = None
    """rooms, digits, or a folder of images with a subfolder for each class."""

    task: Text = None
    """Task of the data set; by default its first, `class` for a folder."""

    points: int = 6
    """Networks to train, from the cheapest to the dearest."""

    steps: int = 800
    """Steps of the super-network's training."""

    teacher: Literal["auto", "none"] = "auto"
    """auto: the dearest network of the front is trained first and teaches the others; or none."""

    seed: int = 0
    """Seed of the split, the search, the first weights and the order of the images."""

    out: Folder = None
    """Run folder; by default runs/pareto/DATASET/TASK."""

    resume: Flag = False
    """Go on with the run in `--out`."""

    training: TrainingOptions = field(default_factory=TrainingOptions)


def run(options: ParetoOptions, screen: Screen) -> dict[str, Any]:
    """Search, train the front, and print it."""
    from rlnas.reporting.results import ParetoResults
    from rlnas.runs.pareto_run import MODELS, search_front
    from rlnas.training.objective.task import choose_task

    if options.dataset is None:
        raise InvalidArgumentError("What to search on is missing: give --dataset.")
    task = choose_task(options.dataset, options.task)
    out = options.out or Path("runs", "pareto", Path(options.dataset).name, task)
    with screen.progress() as report:
        found = search_front(
            options.dataset,
            out=out,
            task=task,
            points=options.points,
            steps=options.steps,
            teacher=options.teacher,
            seed=options.seed,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
            **vars(options.training),
        )
    results = ParetoResults(found)
    page = results.report()
    screen.print(results.table())
    for row in found.rows[found.rows["error"].notna()].itertuples():
        screen.line(f"{row.architecture} failed: {row.error}")
    screen.line(f"Models:  {found.folder / MODELS} (a folder each)")
    screen.line(f"Report:  {page}")
    return {
        "command": "pareto",
        **found.settings,
        "metric": found.metric.name,
        "rows": found.rows.to_dict("records"),
        "shapes": found.shapes,
        "out": found.folder,
        "report": page,
    }
