"""Images of rooms with exact ground truth, a chunk of scenes at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.camera import CENTRE, QUINCUNX
from rlnas.datasets.rooms.draws import uniform_rows
from rlnas.datasets.rooms.scene import LABEL_COLUMNS, draw_scenes
from rlnas.datasets.rooms.shading import expose, shade
from rlnas.datasets.rooms.targets import camera_normals, fit_for_use, layout
from rlnas.datasets.rooms.tracing import first_parts, labels, trace
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

_SPLIT = re.compile(r"[A-Za-z0-9_-]{1,40}")
_JUDGED_AT = 32
_JUDGED_AT_ONCE = 512
_PIXELS_AT_ONCE = 32 * 32 * 32
"""Pixels of a chunk: small enough that its arrays stay in the processor's cache."""


@dataclass(frozen=True)
class Rooms:
    """Images of rooms and what is true of them.

    Attributes:
        images: uint8 ``(N, 3, S, S)``, RGB.
        class_object: int64 ``(N,)``, see `OBJECT_CLASSES`.
        class_scene: int64 ``(N,)``, see `SCENE_CLASSES`.
        room_layout: float32 ``(N, 9)``, standardised, see `LAYOUT_NAMES`.
        segmentsemantic: uint8 ``(N, S, S)``, see `SEGMENT_CLASSES`.
        normal: int8 ``(N, 3, S, S)``: 127 times the normal's components to the right, up and
            towards the camera.
    """

    images: NDArray[np.uint8]
    class_object: NDArray[np.int64]
    class_scene: NDArray[np.int64]
    room_layout: NDArray[np.float32]
    segmentsemantic: NDArray[np.uint8]
    normal: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> Rooms:
        """Return the first ``count`` rooms."""
        return Rooms(**{name: getattr(self, name)[:count] for name in self.__dataclass_fields__})


def generate_rooms(
    count: int, *, seed: int = 0, split: str = "train", image_size: int = 32
) -> Rooms:
    """Render rooms.

    Room ``i`` depends only on the seed, the split, ``i`` and the image size, so a larger set begins
    with the smaller one. What the room is (all but the pixels) does not depend on the size either.

    Args:
        count: How many, at least 1.
        seed: Seed of the data set.
        split: Name of the split; each name has rooms of its own.
        image_size: Side of the images in pixels, at least 8.

    Returns:
        The rooms. The classes are independent of each other and uniform.

    Raises:
        InvalidArgumentError: If a number is out of range.
    """
    check_request(count, seed=seed, split=split, image_size=image_size)
    step = max(1, _PIXELS_AT_ONCE // image_size**2)
    chunks = []
    for begin in range(0, count, _JUDGED_AT_ONCE):
        block = np.arange(begin, min(begin + _JUDGED_AT_ONCE, count))
        rows = fit_rows(block, seed=seed, split=split)
        for start in range(0, len(block), step):
            part = slice(start, start + step)
            chunks.append(_render(rows[part], block[part], seed, split, image_size))
    fields = Rooms.__dataclass_fields__
    return Rooms(**{f: np.concatenate([getattr(c, f) for c in chunks]) for f in fields})


def check_request(count: int, *, seed: int, split: str, image_size: int) -> None:
    """Check what is asked of `generate_rooms`.

    Raises:
        InvalidArgumentError: If a number is out of range, or the split is no plain name.
    """
    if count < 1:
        raise InvalidArgumentError(f"count is {count}; expected at least 1 room.")
    if seed < 0:
        raise InvalidArgumentError(f"seed is {seed}; expected 0 or more.")
    if image_size < 8:
        raise InvalidArgumentError(f"image_size is {image_size}; expected at least 8 pixels.")
    if not _SPLIT.fullmatch(split):
        raise InvalidArgumentError(
            f"split is {split!r}; expected up to 40 letters, digits, '-' or '_', such as 'train'."
        )


def fit_rows(indices: NDArray[np.int64], *, seed: int, split: str) -> NDArray[Any]:
    """Return the scenes with these numbers as rows for `draw_scenes`.

    Each is drawn anew until its main object shows well, see `fit_for_use`, always at the same image
    size; its two classes stay.
    """
    rows = uniform_rows(seed, split, indices, np.zeros_like(indices))
    waiting = np.arange(len(indices))
    attempt = 0
    while len(waiting):
        unfit = []
        for start in range(0, len(waiting), _JUDGED_AT_ONCE // 4):
            some = waiting[start : start + _JUDGED_AT_ONCE // 4]
            scenes = draw_scenes(rows[some])
            depth, part = first_parts(scenes, _JUDGED_AT, CENTRE)
            unfit.append(some[~fit_for_use(scenes, depth, part)])
        waiting = np.concatenate(unfit)
        attempt += 1
        fresh = uniform_rows(seed, split, indices[waiting], np.full(len(waiting), attempt))
        rows[waiting, LABEL_COLUMNS:] = fresh[:, LABEL_COLUMNS:]
    return rows


def _render(
    rows: NDArray[Any], indices: NDArray[np.int64], seed: int, split: str, size: int
) -> Rooms:
    scenes = draw_scenes(rows)
    hits = trace(scenes, size, QUINCUNX)
    noise = np.stack([_noise(seed, split, int(i), size) for i in indices])
    return Rooms(
        images=expose(scenes, shade(scenes, hits, size), noise),
        class_object=scenes.main,
        class_scene=scenes.kind,
        room_layout=layout(scenes),
        segmentsemantic=labels(scenes, hits)[:, :, 0].reshape(len(indices), size, size),
        normal=camera_normals(scenes, hits, size),
    )


def _noise(seed: int, split: str, index: int, size: int) -> NDArray[Any]:
    return generator(seed, "rooms", split, index, "noise").standard_normal(
        (3, size, size), dtype=np.float32
    )
