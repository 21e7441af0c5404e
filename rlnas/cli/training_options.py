"""What every command that trains architectures is told about the training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rlnas.cli.options import Flag, Number, Text
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.datasets.task_data import TaskData
    from rlnas.networks import SkeletonConfig
    from rlnas.spaces import SearchSpace
    from rlnas.training import Recipe
    from rlnas.training.objective.objective import TrainingObjective

_Seconds = Annotated[float | None, tyro.conf.arg(metavar="SECONDS", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How architectures are trained on `--dataset`."""

    space: str = "transnas-micro"
    """Search space: transnas-micro, transnas-macro, nasbench-201."""

    recipe: str = "short"
    """Recipe: short, rooms, transnas, nasbench-201, nasbench-201-12."""

    epochs: Number = None
    """Epochs; by default the recipe's."""

    device: str = "auto"
    """Where to train: auto (CUDA where there is one), cpu, cuda or cuda:N."""

    workers: int = 1
    """Trainings at once, each in a process of its own."""

    timeout: _Seconds = None
    """Seconds after which a training is given up and counts as failed; by default never."""

    retry_failed: Flag = False
    """With --resume: train again what failed before."""

    image_size: Number = None
    """Side of the images in pixels; by default the data set's own (32 for a folder)."""

    train_size: Number = None
    """Training images; by default all."""

    valid_size: Number = None
    """Validation images; by default all."""

    test_size: Number = None
    """Test images; by default all."""

    skeleton: Literal["auto", "published"] = "auto"
    """Network around the architecture: the published one of the space, or auto: a small one for
    images of up to 64 pixels, else the published one."""

    width: Number = None
    """Channels after the stem; by default the skeleton's (16 in the small one)."""

    modules: Text = None
    """What the modules of a cell network do, e.g. 414: 1 nothing, 2 doubles the channels, 3 halves
    the resolution, 4 both; by default the skeleton's."""

    cells: Number = None
    """Cells (or residual blocks) in a module or stage; by default the skeleton's."""


def choose_task(dataset: str, task: str | None) -> str:
    """Return the task of a data set, by default its first; a folder may be given as a path.

    Raises:
        UnknownNameError: If there is no such data set or task.
        DataError: If there is no such folder.
    """
    from rlnas.datasets import task_names
    from rlnas.errors import UnknownNameError

    names = task_names(dataset)
    if task is not None and task not in names:
        raise UnknownNameError(f"task of {dataset}", task, names)
    return names[0] if task is None else task


def load_data(options: TrainingOptions, dataset: str, task: str, seed: int) -> TaskData:
    """Return the data that the options describe."""
    from rlnas.datasets import load_task_data
    from rlnas.training import recipe_data_options

    size = options.image_size
    return load_task_data(
        dataset,
        task,
        image_size=size,
        seed=seed,
        train_size=options.train_size,
        valid_size=options.valid_size,
        test_size=options.test_size,
        **recipe_data_options(options.recipe, task, *([] if size is None else [size])),
    )


def choose_recipe(options: TrainingOptions, task: str) -> Recipe:
    """Return the recipe that the options describe."""
    from rlnas.training import recipe_for

    recipe = recipe_for(options.recipe, task)
    return recipe if options.epochs is None else replace(recipe, epochs=options.epochs)


def _choose_config(options: TrainingOptions, space: SearchSpace, data: TaskData) -> SkeletonConfig:
    from rlnas.networks import published_config
    from rlnas.networks.config import suitable_config

    auto = options.skeleton == "auto"
    config = suitable_config(space, data.spec) if auto else published_config(space)
    changes: dict[str, Any] = {}
    if options.width is not None:
        changes["width"] = options.width
    if options.modules is not None:
        changes["modules"] = options.modules
    if options.cells is not None:
        changes |= {"cells_per_module": options.cells, "cells_per_stage": options.cells}
    return replace(config, **changes)


@dataclass(frozen=True)
class Prepared:
    """A training that was checked and has written nothing yet.

    Attributes:
        space: The search space.
        data: The data.
        recipe: The recipe.
        config: The skeleton.
        seed: The seed.
        options: What the user said.
    """

    space: SearchSpace
    data: TaskData
    recipe: Recipe
    config: SkeletonConfig
    seed: int
    options: TrainingOptions

    @property
    def name(self) -> str:
        """Short name of data and task."""
        return f"{Path(self.data.dataset).name}/{self.data.spec.name}"

    def settings(self) -> dict[str, Any]:
        """Return what a resumed run must share."""
        from dataclasses import asdict

        return {
            "dataset": self.data.dataset,
            "task": self.data.spec.name,
            "space": self.space.name,
            "data": self.data.fingerprint,
            "recipe": self.recipe.to_dict(),
            "skeleton": asdict(self.config),
            "seed": self.seed,
        }

    def objective(self, folder: Path | None) -> TrainingObjective:
        """Return the objective that trains into a folder; without one it only checks."""
        from rlnas.training.objective.objective import TrainingObjective

        options = self.options
        return TrainingObjective(
            self.space,
            self.data,
            self.recipe,
            config=self.config,
            seed=self.seed,
            device=options.device,
            folder=folder,
            workers=options.workers if folder is not None else 1,
            timeout=options.timeout if folder is not None else None,
            isolate=folder is not None,
            retry_failed=options.retry_failed,
        )


def prepare(options: TrainingOptions, dataset: str, task: str | None, seed: int) -> Prepared:
    """Check everything and load the data.

    Raises:
        RlnasError: If something is wrong; nothing has been written then.
    """
    from rlnas.spaces import get_space

    if options.workers < 1:
        raise InvalidArgumentError(f"--workers is {options.workers}; expected 1 or more.")
    if options.timeout is not None and not options.timeout > 0:
        raise InvalidArgumentError(f"--timeout is {options.timeout}; expected more than 0 seconds.")
    space = get_space(options.space)
    chosen = choose_task(dataset, task)
    recipe = choose_recipe(options, chosen)
    data = load_data(options, dataset, chosen, seed)
    config = _choose_config(options, space, data)
    prepared = Prepared(space, data, recipe, config, seed, options)
    prepared.objective(None)
    return prepared


def describe_data(data: TaskData) -> str:
    """Return the data in a line."""
    sizes = " + ".join(f"{len(split):,}" for split in (data.train, data.valid, data.test))
    spec = data.spec
    what = f"{spec.outputs} classes" if spec.kind == "class" else spec.kind
    side = f"{spec.image_size}×{spec.image_size}"
    return f"{data.dataset}: {sizes} images ({side}; training + validation + test), {what}"
