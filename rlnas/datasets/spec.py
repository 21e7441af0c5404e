"""What a task asks of a network: its input, its output and its score. Needs no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rlnas.datasets.permutations import TILES
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.tasks import Metric

Kind = Literal["class", "vector", "pixels", "image", "jigsaw"]


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """The shape of one task on one data set.

    Inputs of a batch are float32 ``(B, channels, H, W)``, normalised; for jigsaw they are
    ``(B, tiles, channels, h, w)``. Targets and network outputs by kind:

    ======== ================================== =============================================
    kind     target                             output of the network
    ======== ================================== =============================================
    class    int64 ``(B,)``                     logits ``(B, outputs)``
    vector   float32 ``(B, outputs)``           float32 ``(B, outputs)``
    pixels   int64 ``(B, H, W)``, 255 = ignore  logits ``(B, outputs, H, W)``
    image    float32 ``(B, outputs, H, W)``     float32 ``(B, outputs, H, W)``, both in [−1, 1]
    jigsaw   int64 ``(B,)``                     logits ``(B, outputs)``
    ======== ================================== =============================================

    Attributes:
        name: Name of the task; TransNAS-Bench-101's names where the task is one of its seven.
        kind: What is predicted, see the table.
        outputs: Classes, vector length, image channels of the target, or jigsaw permutations.
        image_size: Side of the network's square input in pixels; for jigsaw, of one tile.
        metric: Meaning of the validation score. Raw values keep their own direction; a score is
            ``metric.sign`` times the raw value.
        channels: Channels of the input.
        tiles: Tiles of a jigsaw puzzle; 1 for every other kind.
        classes: Names of the classes, where they have names.
        features: Of a table: numbers in a row, whose batch is ``(B, features)``; 0 for images.

    Raises:
        InvalidArgumentError: If a field has a value outside its range, or ``tiles`` and ``kind``
            contradict each other.
    """

    name: str
    kind: Kind
    outputs: int
    image_size: int
    metric: Metric
    channels: int = 3
    tiles: int = 1
    classes: tuple[str, ...] = ()
    features: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidArgumentError(
                f"Task {self.name!r}: kind is {self.kind!r}; expected one of {get_args(Kind)}."
            )
        for field in ("outputs", "image_size", "channels", "tiles"):
            if getattr(self, field) < 1:
                raise InvalidArgumentError(
                    f"Task {self.name!r}: {field} is {getattr(self, field)}; expected at least 1."
                )
        if self.features < 0:
            raise InvalidArgumentError(
                f"Task {self.name!r}: features is {self.features}; expected 0 or more."
            )
        if (self.tiles > 1) != (self.kind == "jigsaw"):
            raise InvalidArgumentError(
                f"Task {self.name!r}: kind {self.kind!r} with {self.tiles} tiles; a jigsaw has "
                "two or more tiles, every other kind has one."
            )
        if self.classes and len(self.classes) != self.outputs:
            raise InvalidArgumentError(
                f"Task {self.name!r}: {len(self.classes)} class names for {self.outputs} outputs; "
                "give one name for each output, or none."
            )

    @property
    def examples(self) -> str:
        """What the examples are, in the plural: ``rows`` of a table or ``images``."""
        return "rows" if self.features else "images"


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
    metric = metric_of(task)
    kind = KINDS[task]
    return TaskSpec(
        name=task,
        kind=kind,
        outputs=outputs,
        image_size=image_size,
        metric=metric,
        channels=channels,
        tiles=TILES if kind == "jigsaw" else 1,
        classes=classes,
    )


TABLE_METRICS: dict[str, Metric] = {
    "accuracy": _METRICS["class"],
    "balanced-accuracy": Metric(
        name="valid_balanced_accuracy",
        unit="%",
        epoch_policy="final",
        note="mean over classes of the share told right",
    ),
    "average-precision": Metric(
        name="valid_average_precision",
        unit="%",
        epoch_policy="final",
        note="area under precision over recall, of the rarer of two classes or the mean over more",
    ),
    "cross-entropy": Metric(name="valid_cross_entropy", direction="min", epoch_policy="final"),
}
"""By what a search may judge the classes of a table, by its name."""


def table_spec(
    *, features: int, outputs: int, classes: tuple[str, ...] = (), metric: str = "accuracy"
) -> TaskSpec:
    """Return the specification of a table: a classification if it has classes, else a regression.

    Args:
        features: Numbers in a prepared row.
        outputs: Classes, or columns to predict.
        classes: Names of the classes.
        metric: Of a classification, one of `TABLE_METRICS`.

    Raises:
        UnknownNameError: If there is no such metric.
    """
    kind: Kind = "class" if classes else "vector"
    if metric not in TABLE_METRICS:
        raise UnknownNameError("metric of a table's classes", metric, TABLE_METRICS)
    return TaskSpec(
        name="classification" if classes else "regression",
        kind=kind,
        outputs=outputs,
        image_size=1,
        channels=1,
        metric=TABLE_METRICS[metric] if classes else _METRICS[kind],
        classes=classes,
        features=features,
    )


def metric_of(task: str) -> Metric:
    """Return what the validation score of a task means.

    Raises:
        UnknownNameError: If there is no such task.
    """
    if task not in KINDS:
        raise UnknownNameError("task", task, KINDS)
    return _METRICS[KINDS[task]]
