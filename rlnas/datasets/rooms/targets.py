"""Exact targets: room layout, surface normals, and which scenes are fit for use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.names import OBJECT_CLASSES, SEGMENT_CLASSES
from rlnas.datasets.rooms.placing import LAMP
from rlnas.datasets.rooms.scene import Scenes
from rlnas.datasets.rooms.tracing import Hits

LAYOUT_MEAN = np.array([2.0, 2.0, 4.5, 1.42, 1.32, 0.0, -14.7, 0.0, 69.6], dtype=np.float32)
LAYOUT_SCALE = np.array([1.1, 1.1, 1.7, 0.25, 0.53, 15.8, 7.3, 2.45, 9.3], dtype=np.float32)
"""``room_layout`` is (number - mean) / scale, in the units of `names.LAYOUT_NAMES`."""

NORMAL_SCALE = 127
"""``normal`` is the component times this, rounded; divide by it to have [-1, 1]."""

LEAST_SHARE = 0.05
"""Share of the picture that the main object covers at least."""
LEAST_LEAD = 1.5
"""How many times more pixels it has than any other object."""
MOST_SHARE = 0.55
"""Share of the picture that the main object covers at most."""
LEAST_DEPTH = 0.25
"""Nothing is nearer to the camera, in metres."""


def layout(scenes: Scenes) -> NDArray[np.float32]:
    """Return the standardised ``room_layout``, float32 ``(N, 9)``."""
    eye, room = scenes.camera.position, scenes.room
    raw = np.concatenate(
        [
            eye[:, :1],
            room[:, :1] - eye[:, :1],
            room[:, 2:] - eye[:, 2:],
            eye[:, 1:2],
            room[:, 1:2] - eye[:, 1:2],
            scenes.camera.angles,
        ],
        axis=1,
    )
    return ((raw - LAYOUT_MEAN) / LAYOUT_SCALE).astype(np.float32)


def layout_units(standardised: NDArray[Any]) -> NDArray[Any]:
    """Return ``room_layout`` in metres and degrees, float64 ``(..., 9)``."""
    return np.asarray(standardised, dtype=float) * LAYOUT_SCALE + LAYOUT_MEAN


def camera_normals(scenes: Scenes, hits: Hits, size: int) -> NDArray[np.int8]:
    """Return normals in the camera's frame, x right, y up, z towards the camera.

    Args:
        scenes: ``N`` scenes.
        hits: Hits with one ray a pixel, or more, of which the first counts.
        size: Side of the image.

    Returns:
        int8 ``(N, 3, size, size)``, components times `NORMAL_SCALE`, rounded.
    """
    axes = scenes.camera.axes.astype(np.float32)[..., None]
    world = [n[:, :, 0] for n in hits.normal]
    seen = [sum(axes[:, k, i] * world[i] for i in range(3)) for k in range(3)]
    stacked = np.stack([seen[0], seen[1], -seen[2]], axis=1)
    scaled = np.floor(stacked * np.float32(NORMAL_SCALE) + np.float32(0.5))
    normals: NDArray[np.int8] = scaled.astype(np.int8)
    return normals.reshape(len(scenes), 3, size, size)


def fit_for_use(scenes: Scenes, depth: NDArray[Any], part: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which scenes show their main object well: bool ``(N,)``.

    It covers at least `LEAST_SHARE` of the picture and at most `MOST_SHARE`, leads every other
    object and every other class of object by `LEAST_LEAD`, and nothing is at the camera's nose.

    Args:
        scenes: ``N`` scenes.
        depth: Depth of the first hits, ``(N, size², 1)``.
        part: Part of the first hits, see `tracing.first_parts`.
    """
    count, pixels = len(scenes), depth[0].size
    nothing = part < 0
    items = np.where(nothing, LAMP, scenes.parts.item[part]).reshape(count, -1)
    segments = np.where(nothing, 0, scenes.parts.label[part]).reshape(count, -1)
    covered = _counts(items, LAMP + 1)
    shown = _counts(segments, len(SEGMENT_CLASSES))[:, -len(OBJECT_CLASSES) :]
    shown[np.arange(count), scenes.main] = 0
    main = covered[:, 0]
    rival = np.maximum(covered[:, 1:LAMP].max(axis=1), shown.max(axis=1))
    fit: NDArray[np.bool_] = main >= np.maximum(LEAST_SHARE * pixels, LEAST_LEAD * rival)
    fit &= main <= MOST_SHARE * pixels
    fit &= depth.reshape(count, -1).min(axis=1) >= LEAST_DEPTH
    return fit


def _counts(numbers: NDArray[Any], values: int) -> NDArray[np.int64]:
    """Return how often each value from 0 on occurs in each row, ``(N, values)``."""
    places = (np.arange(len(numbers))[:, None] * values + numbers).reshape(-1)
    return np.bincount(places, minlength=len(numbers) * values).reshape(len(numbers), values)
