"""Recipes by name: those the benchmarks were made with, and short ones for small machines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rlnas.errors import UnknownNameError
from rlnas.training.recipe import Recipe

# The authors' schedule warms up linearly and falls by a cosine; how long it warms up is in none of
# their files. A fifth of the epochs is a choice of this project.
_TRANSNAS_SUPERVISED = Recipe(
    epochs=25, batch_size=128, learning_rate=0.1, warmup=0.2, precision="float32"
)
# Their two generative configurations set no schedule.
_TRANSNAS_GENERATIVE = Recipe(
    epochs=30,
    batch_size=128,
    optimizer="adam",
    betas=(0.5, 0.999),
    weight_decay=1e-4,
    schedule="constant",
    adversarial=0.01,
    precision="float32",
)
_NASBENCH_201 = Recipe(epochs=200, batch_size=256, learning_rate=0.1, precision="float32")
_ROOMS = Recipe(
    epochs=2,
    epoch_examples=2048,
    batch_size=32,
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=0.01,
    warmup=0.1,
    precision="float32",
)
_PRESETS: dict[str, dict[str, Recipe]] = {
    # Duan et al., CVPR 2021, arXiv 2105.11871, §3.2 and the authors' configurations, which train
    # in float32.
    "transnas": {
        "class_object": _TRANSNAS_SUPERVISED,
        "class_scene": _TRANSNAS_SUPERVISED,
        "room_layout": _TRANSNAS_SUPERVISED,
        "jigsaw": replace(_TRANSNAS_SUPERVISED, epochs=10),
        "segmentsemantic": replace(_TRANSNAS_SUPERVISED, epochs=30),
        "normal": replace(_TRANSNAS_GENERATIVE, learning_rate=1e-4),
        "autoencoder": replace(_TRANSNAS_GENERATIVE, learning_rate=5e-4),
    },
    # Dong & Yang, ICLR 2020, arXiv 2001.00326, Table 1 and the authors' 200E.config and 12E.config:
    # no warm-up, a cosine to 0.
    "nasbench-201": {"": _NASBENCH_201},
    # Their shorter one, whose validation accuracy searches see after 12 epochs.
    "nasbench-201-12": {"": replace(_NASBENCH_201, epochs=12)},
    # A few thousand small images, a minute on one core.
    "short": {
        "": Recipe(
            epochs=12,
            batch_size=32,
            optimizer="adamw",
            learning_rate=0.01,
            weight_decay=0.01,
            warmup=0.1,
        )
    },
    # A table of hundreds to thousands of rows, seconds on one core.
    "table": {
        "": Recipe(
            epochs=40,
            batch_size=32,
            optimizer="adamw",
            learning_rate=3e-3,
            weight_decay=0.01,
            warmup=0.1,
            precision="float32",
        )
    },
    # The built-in suites, where every architecture of a space is trained on seven tasks: what an
    # image has one label for takes longer to learn than what it has a label a pixel for.
    "rooms": {
        "class_object": replace(_ROOMS, epochs=8),
        "class_scene": replace(_ROOMS, epochs=8),
        "room_layout": replace(_ROOMS, epochs=8),
        "segmentsemantic": replace(_ROOMS, epochs=2),
        "normal": replace(_ROOMS, epochs=2),
        "autoencoder": replace(_ROOMS, epochs=2),
        "jigsaw": replace(_ROOMS, epochs=2),
    },
}


_FLIPPED = ("class", "class_object", "class_scene", "segmentsemantic", "autoencoder", "jigsaw")
_CLASSES = ("class", "class_object", "class_scene")


def recipe_names() -> tuple[str, ...]:
    """Return the names of the presets."""
    return tuple(_PRESETS)


def recipe_for(preset: str, task: str) -> Recipe:
    """Return the recipe of a preset for a task.

    Args:
        preset: ``transnas`` and ``nasbench-201`` are the published ones; ``nasbench-201-12`` the
            latter's 12 epochs; ``short`` suits a few thousand small images on a CPU; ``rooms`` is
            what the suites ``rooms-micro`` and ``rooms-macro`` were made with; ``table`` suits a
            table of hundreds to thousands of rows.
        task: Name of the task, e.g. ``jigsaw``; ``class`` for a folder's classes.

    Raises:
        UnknownNameError: If there is no such preset, or it has none for the task.
    """
    if preset not in _PRESETS:
        raise UnknownNameError("recipe", preset, _PRESETS)
    recipes = _PRESETS[preset]
    if "" in recipes:
        return recipes[""]
    if task == "class":
        task = "class_object"
    if task not in recipes:
        raise UnknownNameError(f"task with a {preset} recipe", task, recipes)
    return recipes[task]


def recipe_data_options(preset: str, task: str, image_size: int = 32) -> dict[str, Any]:
    """Return the augmentation that a preset was published with, for `load_task_data`.

    TransNAS-Bench-101 flips the images of the tasks without left and right (authors'
    configurations; it jitters colours too, which is not offered here). NAS-Bench-201 flips, and
    crops images padded by 4 pixels at 32, by 2 at 16 (its §2.2), an eighth of the side.

    Args:
        preset: See `recipe_for`.
        task: Name of the task.
        image_size: Side of the images in pixels.

    Returns:
        Keyword arguments; none where nothing is augmented.

    Raises:
        UnknownNameError: If there is no such preset, or it has no recipe for the task.

    Example:
        >>> recipe_data_options("nasbench-201", "class")
        {'flip': True, 'crop_padding': 4}
    """
    recipe_for(preset, task)
    if preset == "transnas" and task in _FLIPPED:
        return {"flip": True}
    if preset.startswith("nasbench-201") and task in _CLASSES:
        return {"flip": True, "crop_padding": image_size // 8}
    return {}
