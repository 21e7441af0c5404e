"""The specification of each task by its name: kind of targets and metric. Torch-free."""

from __future__ import annotations

from rlnas.datasets.permutations import TILES
from rlnas.datasets.spec import Kind, TaskSpec
from rlnas.errors import UnknownNameError
from rlnas.tasks import Metric

KINDS: dict[str, Kind] = {
    "class": "class",
    "class_object": "class",
    "class_scene": "class",
    "room_layout": "vector",
    "jigsaw": "jigsaw",
    "segmentsemantic": "pixels",
    "normal": "image",
    "autoencoder": "image",
}
"""The kind of each task."""

TRANSNAS_TASKS = tuple(task for task in KINDS if task != "class")
"""The seven tasks of TransNAS-Bench-101."""

_METRICS: dict[Kind, Metric] = {
    "class": Metric(name="valid_top1", unit="%", epoch_policy="final"),
    "jigsaw": Metric(name="valid_top1", unit="%", epoch_policy="final"),
    "vector": Metric(
        name="valid_loss",
        direction="min",
        epoch_policy="final",
        note="mean squared error of standardised numbers",
    ),
    "pixels": Metric(
        name="valid_acc", unit="%", epoch_policy="final", note="pixel accuracy, not mIoU"
    ),
    "image": Metric(name="valid_ssim", epoch_policy="final", note="structural similarity"),
}


def task_spec(
    task: str,
    *,
    outputs: int,
    image_size: int,
    channels: int = 3,
    classes: tuple[str, ...] = (),
) -> TaskSpec:
    """Return the specification of a task.

    Args:
        task: One of `KINDS`.
        outputs: See `TaskSpec`.
        image_size: Side of the network's input in pixels; of one tile for jigsaw.
        channels: Channels of the input.
        classes: Names of the classes, where they have names.

    Raises:
        UnknownNameError: If there is no such task.
    """
    if task not in KINDS:
        raise UnknownNameError("task", task, KINDS)
    kind = KINDS[task]
    return TaskSpec(
        name=task,
        kind=kind,
        outputs=outputs,
        image_size=image_size,
        metric=_METRICS[kind],
        channels=channels,
        tiles=TILES if kind == "jigsaw" else 1,
        classes=classes,
    )
