"""From a data set's name to trainings: its data, the recipe, the skeleton, and a task of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from rlnas.datasets import DataOptions, load_task_data, task_names
from rlnas.datasets.tables import TableOptions, load_table_data
from rlnas.datasets.task_data import TaskData
from rlnas.devices import check_device
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.networks import SkeletonConfig, published_config
from rlnas.networks.config import suitable_config
from rlnas.processes import Executor, InProcess
from rlnas.spaces import DenseSpace, ScheduleSpace, SearchSpace, get_space
from rlnas.tasks import Task
from rlnas.training.objective.examples import SearchExamples
from rlnas.training.objective.objective import TrainingObjective, metric_of, network_of
from rlnas.training.objective.worker import TrainFunction
from rlnas.training.presets import recipe_data_options, recipe_for
from rlnas.training.recipe import Recipe
from rlnas.training.regularisation.experts import ExpertSchedule
from rlnas.training.regularisation.schedule import Schedule
from rlnas.training.single import train_network


@dataclass(frozen=True, kw_only=True)
class TrainingSetup:
    """How the architectures of a space are trained on a data set; `prepare_training` makes it.

    Attributes:
        space: The search space.
        data: The data.
        recipe: How a network is trained.
        config: The skeleton.
        seed: Of the split, the first weights and the order of examples.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        workers: Trainings at once, each in a process of its own.
        timeout: Seconds after which a training is given up; None for never.
        retry_failed: Whether architectures that failed before are trained again.
        executor: Where trainings run; None for processes of this machine.
    """

    space: SearchSpace
    data: TaskData
    recipe: Recipe
    config: SkeletonConfig
    seed: int = 0
    device: str = "auto"
    workers: int = 1
    timeout: float | None = None
    retry_failed: bool = False
    executor: Executor | None = None

    @property
    def name(self) -> str:
        """Short name of data and task."""
        return f"{Path(self.data.dataset).name}/{self.data.spec.name}"

    def settings(self) -> dict[str, Any]:
        """Return what a resumed run must share."""
        return {
            "dataset": self.data.dataset,
            "task": self.data.spec.name,
            "space": self.space.name,
            **network_of(self.space),
            "data": self.data.fingerprint,
            **metric_of(self.data),
            "recipe": self.recipe.to_dict(),
            "skeleton": asdict(self.config),
            "seed": self.seed,
        }

    def objective(
        self,
        folder: str | Path | None = None,
        *,
        isolate: bool = True,
        train: TrainFunction = train_network,
    ) -> TrainingObjective:
        """Return the objective that trains so; see `TrainingObjective` for the arguments."""
        return TrainingObjective(
            self.space,
            self.data,
            self.recipe,
            config=self.config,
            seed=self.seed,
            device=self.device,
            folder=folder,
            workers=self.workers,
            timeout=self.timeout,
            isolate=isolate,
            retry_failed=self.retry_failed,
            executor=self.executor,
            train=train,
        )

    def task(self, objective: TrainingObjective) -> Task:
        """Return the task of an objective.

        A network that computes the same as a trained one is not worth another training: it has that
        one's score, for free.
        """
        task = Task(self.name, self.space, objective, canonical_free=True)
        task.examples = SearchExamples.of(self.data, self.config, self.device)
        return task


def prepare_training(
    dataset: str | Path | DataOptions | TableOptions,
    task: str | None = None,
    *,
    space: SearchSpace | str | None = None,
    recipe: Recipe | str | None = None,
    epochs: int | None = None,
    schedule: str | Path | Schedule | ExpertSchedule | None = None,
    strength: float | None = None,
    network: str | None = None,
    skeleton: SkeletonConfig | Literal["auto", "published"] = "auto",
    width: int | None = None,
    modules: str | None = None,
    cells: int | None = None,
    device: str = "auto",
    workers: int = 1,
    timeout: float | None = None,
    retry_failed: bool = False,
    executor: Executor | None = None,
    **data: Any,
) -> TrainingSetup:
    """Load the data and check that all fits; nothing is written.

    Args:
        dataset: ``rooms``, ``digits``, a folder of images, or `DataOptions`; of a table
            `TableOptions`.
        task: A task of the data set; None for its first, ``class`` for a folder. A table's may
            stand in its options instead.
        space: The search space, or the name of a registered one; None for ``transnas-micro``, of a
            table for ``dense``.
        recipe: How networks are trained, or the name of a preset, see `recipe_for`; None for
            ``short``, of a table for ``table``.
        epochs: Epochs; None for the recipe's.
        schedule: How the training is regularised: a schedule, the name of one
            (`rlnas.training.regularisation.expert_names`), or a JSON file; ``auto``: what is
            searched is the schedule itself, of one ``network`` of the space, which then is a dense
            one; None for the task's loss alone.
        strength: Strength of a schedule that is given by name; None for its usual one.
        network: With ``auto``, the network, by its official string; None for every layer of the
            middle width.
        skeleton: The network around the architecture; ``published``: the space's; ``auto``: a small
            one for images of up to 64 pixels, else the published one.
        width: Channels after the stem; None for the skeleton's.
        modules: What the modules of a cell network do, e.g. ``414``; likewise.
        cells: Cells (or residual blocks) in a module or stage; likewise.
        device: See `TrainingSetup`.
        workers: Likewise, 1 or more.
        timeout: Likewise, more than 0.
        retry_failed: Likewise.
        executor: Likewise, e.g. `rlnas.processes.make_executor` of ``ray``.
        data: Fields of `DataOptions`, or of `TableOptions`: image_size, seed, train_size, flip …
            Where a preset is named, its published augmentation is the default.

    Raises:
        RlnasError: As `load_task_data` and `TrainingObjective`.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    if timeout is not None and not timeout > 0:
        raise InvalidArgumentError(f"timeout is {timeout}; expected more than 0 seconds.")
    table = isinstance(dataset, TableOptions)
    space = space or ("dense" if table else "transnas-micro")
    recipe = recipe or ("table" if table else "short")
    space = get_space(space) if isinstance(space, str) else space
    if schedule == "auto":
        space = _schedules_of(space, network, strength)
    elif network is not None and not isinstance(space, ScheduleSpace):
        raise InvalidArgumentError(
            "network is for schedule='auto', where schedules of one network are searched; leave it "
            "out."
        )
    asked: DataOptions | TableOptions
    if isinstance(dataset, TableOptions):
        asked = _table_options(dataset, task, data)
        loaded = load_table_data(asked)
    else:
        asked = _data_options(dataset, task, recipe, data)
        loaded = load_task_data(asked)
    chosen = recipe_for(recipe, loaded.spec.name) if isinstance(recipe, str) else recipe
    if schedule is not None and schedule != "auto":
        chosen = replace(chosen, regularisation=_schedule(schedule, strength))
    elif strength is not None and schedule is None:
        raise InvalidArgumentError("strength is a schedule's; give a schedule, or leave it out.")
    setup = TrainingSetup(
        space=space,
        data=loaded,
        recipe=chosen if epochs is None else replace(chosen, epochs=epochs),
        config=_skeleton(space, loaded, skeleton, width=width, modules=modules, cells=cells),
        seed=asked.seed,
        device=device,
        workers=workers,
        timeout=timeout,
        retry_failed=retry_failed,
        executor=executor,
    )
    # What does not fit is said now; without processes, to which the data would be sent.
    alone: dict[str, Any] = {"workers": 1, "timeout": None, "executor": InProcess()}
    if executor is not None and not executor.here:  # which has devices of its own
        if device != "auto":
            check_device(device, here=False)
        alone["device"] = "cpu"
    if executor is not None and not executor.apart:
        alone = {"executor": executor}  # which has its own mind about workers
    replace(setup, **alone).objective()
    return setup


def _schedules_of(space: SearchSpace, network: str | None, strength: float | None) -> ScheduleSpace:
    """Return the space of the schedules of a network."""
    if strength is not None:
        raise InvalidArgumentError(
            "strength is of a schedule by name; with schedule='auto' strengths are searched."
        )
    if isinstance(space, ScheduleSpace):
        return space if network is None else ScheduleSpace(network, base=space.base)
    if not isinstance(space, DenseSpace):
        raise InvalidArgumentError(
            f"schedule='auto' searches schedules of dense networks of a table, not of "
            f"{space.name}; name a schedule, or take the space 'dense'."
        )
    return ScheduleSpace(network, base=space)


def _schedule(
    schedule: str | Path | Schedule | ExpertSchedule, strength: float | None
) -> Schedule | ExpertSchedule:
    """Return a schedule that is given by name, as a file, or as itself."""
    if isinstance(schedule, str) and Path(schedule).suffix.lower() != ".json":
        return ExpertSchedule(schedule, strength)
    if strength is not None:
        raise InvalidArgumentError(
            "strength is of a schedule by name; this one says its strengths itself."
        )
    if isinstance(schedule, str | Path):
        return Schedule.load(schedule)
    return schedule


def _data_options(
    dataset: str | Path | DataOptions,
    task: str | None,
    recipe: Recipe | str,
    changes: dict[str, Any],
) -> DataOptions:
    """Return what is asked of the data: a known task, and augmentation as a preset has it."""
    name = dataset.dataset if isinstance(dataset, DataOptions) else dataset
    if isinstance(dataset, DataOptions):
        task = task or dataset.task
    asked = DataOptions.of(dataset, choose_task(name, task), **changes)
    if not isinstance(recipe, str):
        return asked
    size = [] if asked.image_size is None else [asked.image_size]
    published = recipe_data_options(recipe, asked.task, *size)
    return replace(asked, **{n: v for n, v in published.items() if getattr(asked, n) is None})


def _table_options(table: TableOptions, task: str | None, changes: dict[str, Any]) -> TableOptions:
    """Return what is asked of a table; options of images that were left open are passed over."""
    known = {field.name for field in fields(TableOptions)}
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if unknown := sorted(set(given) - known):
        raise InvalidArgumentError(
            f"A table has no {', '.join(unknown)}; leave it out. What can be asked of one: "
            f"{', '.join(sorted(known - {'frame'}))}."
        )
    if task is not None:
        given["task"] = task
    return replace(table, **given)


def choose_task(dataset: str | Path, task: str | None) -> str:
    """Return the task of a data set, by default its first.

    Raises:
        UnknownNameError: If there is no such data set or task.
        DataError: If there is no such folder.
    """
    names = task_names(dataset)
    if task is not None and task not in names:
        raise UnknownNameError(f"task of {dataset}", task, names)
    return names[0] if task is None else task


def _skeleton(
    space: SearchSpace,
    data: TaskData,
    skeleton: SkeletonConfig | str,
    *,
    width: int | None,
    modules: str | None,
    cells: int | None,
) -> SkeletonConfig:
    if isinstance(skeleton, str):
        auto = skeleton == "auto"
        skeleton = suitable_config(space, data.spec) if auto else published_config(space)
    changes: dict[str, Any] = {}
    if width is not None:
        changes["width"] = width
    if modules is not None:
        changes["modules"] = modules
    if cells is not None:
        changes |= {"cells_per_module": cells, "cells_per_stage": cells}
    return replace(skeleton, **changes)


def make_training_task(
    space: SearchSpace | str,
    dataset: str | Path | DataOptions | TableOptions,
    task: str | None = None,
    recipe: Recipe | str | None = None,
    *,
    config: SkeletonConfig | None = None,
    folder: str | Path | None = None,
    isolate: bool = True,
    train: TrainFunction = train_network,
    **options: Any,
) -> Task:
    """Make a task whose every query trains a network on a data set.

    Args:
        space: The search space, or the name of a registered one.
        dataset: ``rooms``, ``digits``, a folder of images, or `DataOptions`; of a table
            `TableOptions`.
        task: A task of the data set, e.g. ``class``; None for its first.
        recipe: How networks are trained, or the name of a preset, see `recipe_for`; None for
            ``short``, of a table for ``table``.
        config: The skeleton; None: `suitable_config`.
        folder: Where trainings are kept, see `TrainingObjective`.
        isolate: Whether each training has a process of its own, likewise.
        train: What trains a network, likewise.
        options: Further arguments of `prepare_training`: image_size, train_size, seed, flip,
            device, workers, timeout …

    Returns:
        A task that every searcher accepts. A network equivalent to one that was trained is not
        trained again: it has that one's score, for free.

    Raises:
        RlnasError: As `load_task_data` and `TrainingObjective`.

    Example:
        >>> task = make_training_task("transnas-micro", "digits", "class")
        >>> task.name, task.metric.unit
        ('digits/class', '%')
    """
    skeleton: SkeletonConfig | Literal["auto"] = "auto" if config is None else config
    setup = prepare_training(
        dataset, task, space=space, recipe=recipe, skeleton=skeleton, **options
    )
    return setup.task(setup.objective(folder, isolate=isolate, train=train))


def describe_data(data: TaskData) -> str:
    """Return the data in a line."""
    sizes = " + ".join(f"{len(split):,}" for split in (data.train, data.valid, data.test))
    spec = data.spec
    what = f"{spec.outputs} classes" if spec.kind == "class" else spec.kind
    side = f"{spec.image_size}×{spec.image_size}"
    if spec.features:
        side = f"{spec.features} inputs"
        if data.preparation is not None and not spec.classes:
            what = f"regression of {', '.join(data.preparation.targets)}"
    return f"{data.dataset}: {sizes} {spec.examples} ({side}; training + validation + test), {what}"
