"""From images and targets to the data of a task; the same way for every data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rlnas.datasets.augmentation import Augmentation
from rlnas.datasets.jigsaw import JigsawOptions, JigsawSplit
from rlnas.datasets.options import DataOptions, fingerprint
from rlnas.datasets.pixels import Pixels
from rlnas.datasets.spec import KINDS, task_spec
from rlnas.datasets.splits import NO_AUGMENTATION, AutoencoderSplit, LabelledSplit
from rlnas.datasets.targets import Targets
from rlnas.datasets.task_data import Split, TaskData
from rlnas.errors import InvalidArgumentError


@dataclass(frozen=True)
class Examples:
    """The examples of one split.

    Attributes:
        pixels: The images.
        targets: Their targets; None where the task makes them from the image.
    """

    pixels: Pixels
    targets: Targets | None = None


def assemble(
    options: DataOptions,
    examples: Mapping[str, Examples],
    *,
    image_size: int,
    outputs: int | None = None,
    classes: tuple[str, ...] = (),
    channels: int = 3,
    permutations: int = 24,
    facts: Mapping[str, object],
    notes: tuple[str, ...] = (),
) -> TaskData:
    """Return the data of a task.

    Args:
        options: What was asked for.
        examples: The examples of ``train``, ``valid`` and ``test``; their images share one
            normalisation.
        image_size: Side of the images in pixels.
        outputs: Size of the target; not needed for ``jigsaw`` and ``autoencoder``.
        classes: Names of the classes, where they have names.
        channels: Channels of the images.
        permutations: The data set's own number of jigsaw permutations.
        facts: What the data are, for the fingerprint.
        notes: What a reader of results must know.

    Raises:
        InvalidArgumentError: If the task needs targets that are not there.
    """
    kind = KINDS[options.task]
    augmentation = Augmentation(flip=bool(options.flip), crop_padding=options.crop_padding or 0)
    augmentation.check(options.task, kind)
    jigsaw = JigsawOptions(
        permutations=permutations if options.permutations is None else options.permutations,
        tile_size=options.tile_size,
    )
    spec_size = image_size
    if kind == "jigsaw":
        outputs, classes, spec_size = jigsaw.permutations, (), jigsaw.tile(image_size)
    elif options.task == "autoencoder":
        outputs, classes = channels, ()
    if outputs is None:
        raise InvalidArgumentError(f"Task {options.task!r} needs the size of its targets.")

    def split(name: str) -> Split:
        part = examples[name]
        changes = augmentation if name == "train" else NO_AUGMENTATION
        if kind == "jigsaw":
            return JigsawSplit(
                part.pixels,
                jigsaw,
                image_size,
                seed=options.seed,
                name=name,
                augmentation=changes,
            )
        if options.task == "autoencoder":
            return AutoencoderSplit(part.pixels, changes)
        if part.targets is None:
            raise InvalidArgumentError(f"Task {options.task!r} needs targets; {name} has none.")
        return LabelledSplit(part.pixels, part.targets, changes)

    normalisation = examples["train"].pixels.normalisation
    puzzle = {"permutations": jigsaw.permutations, "tile": spec_size} if kind == "jigsaw" else {}
    return TaskData(
        dataset=options.dataset,
        spec=task_spec(
            options.task,
            outputs=outputs,
            image_size=spec_size,
            channels=channels,
            classes=classes,
        ),
        train=split("train"),
        valid=split("valid"),
        test=split("test"),
        mean=normalisation.mean,
        std=normalisation.std,
        fingerprint=fingerprint(
            task=options.task,
            image_size=image_size,
            seed=options.seed,
            sizes={name: len(part.pixels) for name, part in examples.items()},
            flip=augmentation.flip,
            crop_padding=augmentation.crop_padding,
            normalisation=[normalisation.mean, normalisation.std],
            **puzzle,
            **facts,
        ),
        notes=notes,
    )
