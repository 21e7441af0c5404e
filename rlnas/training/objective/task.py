"""A task of real training from names alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlnas.datasets import load_task_data
from rlnas.networks import SkeletonConfig
from rlnas.spaces import SearchSpace
from rlnas.tasks import Task
from rlnas.training.objective.objective import TrainingObjective
from rlnas.training.presets import recipe_data_options
from rlnas.training.recipe import Recipe


def make_training_task(
    space: SearchSpace | str,
    dataset: str | Path,
    task: str,
    recipe: Recipe | str = "short",
    *,
    config: SkeletonConfig | None = None,
    image_size: int | None = None,
    train_size: int | None = None,
    valid_size: int | None = None,
    test_size: int | None = None,
    flip: bool | None = None,
    crop_padding: int | None = None,
    seed: int = 0,
    **options: Any,
) -> Task:
    """Make a task whose every query trains a network on a data set.

    Args:
        space: The search space, or the name of a registered one.
        dataset: ``rooms``, ``digits``, or a folder of images, see `load_task_data`.
        task: A task of the data set, e.g. ``class``.
        recipe: How networks are trained, or the name of a preset, see `recipe_for`.
        config: The skeleton; None: `suitable_config`.
        image_size: Side of the images in pixels; None for the data set's own.
        train_size: Training examples; None for the data set's own number.
        valid_size: Validation examples, likewise.
        test_size: Test examples, likewise.
        flip: Mirror half of the training images at random; None: as the preset was published.
        crop_padding: Pixels by which training images are padded for random crops; likewise.
        seed: Of the split and the training.
        options: Further arguments of `TrainingObjective`: device, folder, workers, timeout …

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
    changes: dict[str, Any] = {}
    if isinstance(recipe, str):
        changes = recipe_data_options(recipe, task, *([] if image_size is None else [image_size]))
    asked = {"flip": flip, "crop_padding": crop_padding}
    changes |= {name: value for name, value in asked.items() if value is not None}
    data = load_task_data(
        dataset,
        task,
        image_size=image_size,
        seed=seed,
        train_size=train_size,
        valid_size=valid_size,
        test_size=test_size,
        **changes,
    )
    objective = TrainingObjective(space, data, recipe, config=config, seed=seed, **options)
    name = f"{Path(dataset).name}/{task}"
    return Task(name, objective.space, objective, canonical_free=True)
