"""The seven tasks of `rooms`: the renderer's images and labels as a trainer's data."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from rlnas.datasets.assembly import Examples, assemble
from rlnas.datasets.options import DataOptions
from rlnas.datasets.pixels import MemoryPixels, Normalisation
from rlnas.datasets.rooms import (
    LAYOUT_NAMES,
    OBJECT_CLASSES,
    ROOMS_VERSION,
    SCENE_CLASSES,
    SEGMENT_CLASSES,
    Rooms,
    load_rooms,
)
from rlnas.datasets.spec import KINDS
from rlnas.datasets.targets import MemoryTargets
from rlnas.datasets.task_data import TaskData

ROOMS_SIZES = {"train": 4096, "valid": 1024, "test": 1024}
"""Examples of each split unless asked otherwise."""
ROOMS_IMAGE_SIZE = 32
ROOMS_PERMUTATIONS = 64
"""Between too easy and too hard at 32²; docs/datasets.md has the measurements."""

_OUTPUTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "class_object": (len(OBJECT_CLASSES), tuple(OBJECT_CLASSES)),
    "class_scene": (len(SCENE_CLASSES), tuple(SCENE_CLASSES)),
    "room_layout": (len(LAYOUT_NAMES), tuple(LAYOUT_NAMES)),
    "segmentsemantic": (len(SEGMENT_CLASSES), tuple(SEGMENT_CLASSES)),
    "normal": (3, ()),
}


def load_rooms_task(options: DataOptions) -> TaskData:
    """Return the data of a task of `rooms`.

    Args:
        options: What is asked for; the task is one of the seven of TransNAS-Bench-101.

    Returns:
        Splits of 4096, 1024 and 1024 images of 32² unless asked otherwise; the images of a larger
        split begin with those of a smaller one.
    """
    image_size = options.image_size or ROOMS_IMAGE_SIZE
    rooms = {
        name: load_rooms(name, size or ROOMS_SIZES[name], seed=options.seed, image_size=image_size)
        for name, size in options.sizes().items()
    }
    normalisation = Normalisation.fit(_tensor(rooms["train"].images))
    outputs, classes = _OUTPUTS.get(options.task, (None, ()))
    return assemble(
        options,
        {
            name: Examples(
                MemoryPixels(_tensor(part.images), normalisation), _targets(part, options.task)
            )
            for name, part in rooms.items()
        },
        image_size=image_size,
        outputs=outputs,
        classes=classes,
        permutations=ROOMS_PERMUTATIONS,
        facts={"generator": "rooms", "version": ROOMS_VERSION},
    )


def _targets(rooms: Rooms, task: str) -> MemoryTargets | None:
    if task not in _OUTPUTS:
        return None  # the image itself, or a puzzle made of it
    return MemoryTargets(_tensor(getattr(rooms, task)), KINDS[task])


def _tensor(array: NDArray[np.generic]) -> torch.Tensor:
    # A read-only array, as a cache may give, would make torch warn; bytes are few.
    return torch.from_numpy(np.array(array, order="C"))
