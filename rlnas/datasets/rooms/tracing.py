"""What each ray of each image hits first: a surface of the room, or a part of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.camera import pixel_slopes, rays
from rlnas.datasets.rooms.geometry import hit_flat, hit_round, normal_flat, normal_round
from rlnas.datasets.rooms.openings import SLOT_LABELS
from rlnas.datasets.rooms.parts import Parts
from rlnas.datasets.rooms.scene import Scenes
from rlnas.datasets.rooms.surfaces import describe_room, exits, hit_rectangles

_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
_NEAR = 0.05


@dataclass(frozen=True)
class Hits:
    """The first hits of ``K`` rays a pixel; all arrays are ``(N, size², K)``.

    Attributes:
        direction: Three float32 arrays, room frame, of length one along the camera's axis.
        depth: float32, metres along the camera's forward axis.
        part: int64, number of the part, or -1 for the room itself.
        surface: int8, the surface of the room behind everything, see `openings`.
        patch: int8, the rectangle on that surface, or -1.
        normal: Three float32 arrays, unit vectors in the room frame that face the ray.
        u: float32, first coordinate on the surface or part in metres (rectangles: 0 to 1).
        v: float32, second coordinate.
    """

    direction: tuple[NDArray[Any], ...]
    depth: NDArray[Any]
    part: NDArray[np.int64]
    surface: NDArray[np.int8]
    patch: NDArray[np.int8]
    normal: tuple[NDArray[Any], ...]
    u: NDArray[Any]
    v: NDArray[Any]


def trace(scenes: Scenes, size: int, offsets: NDArray[Any]) -> Hits:
    """Trace ``K`` rays through each pixel of ``size`` x ``size`` images."""
    direction = rays(scenes.camera, size, offsets)
    ways = exits(scenes, direction)
    depth = np.minimum(np.minimum(*ways[:2]), ways[2])
    surface, normal, u, v = describe_room(scenes, direction, ways, depth)
    patch = hit_rectangles(scenes, surface, u, v)
    part = _hit_parts(scenes, size, offsets, depth)
    _describe_parts(scenes, direction, depth, part, (*normal, u, v))
    return Hits(direction, depth, part, surface, patch, normal, u, v)


def first_parts(
    scenes: Scenes, size: int, offsets: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the depth and the part of each ray's first hit alone, as in `Hits`."""
    ways = exits(scenes, rays(scenes.camera, size, offsets))
    depth = np.minimum(np.minimum(*ways[:2]), ways[2])
    return depth, _hit_parts(scenes, size, offsets, depth)


def labels(scenes: Scenes, hits: Hits) -> NDArray[np.uint8]:
    """Return the class of every hit, see `names.SEGMENT_CLASSES`."""
    room = np.minimum(hits.surface, 2).astype(np.uint8)  # floor, ceiling, wall
    background = np.where(hits.patch >= 0, SLOT_LABELS[hits.patch], room)
    return np.where(hits.part >= 0, scenes.parts.label[hits.part], background)


def _boxes(scenes: Scenes, size: int) -> NDArray[np.int64]:
    """Return first row, last row, first column, last column of the pixels about each part."""
    parts, camera = scenes.parts, scenes.camera
    reach = parts.turn * parts.half[..., None]
    corners = parts.centre[:, None] + np.sum(_CORNERS[None, :, :, None] * reach[:, None], axis=2)
    offset = corners - camera.position[parts.image][:, None]
    seen = np.sum(camera.axes[parts.image][:, None] * offset[:, :, None], axis=-1)
    depth = seen[..., 2]
    scale = np.maximum(depth, _NEAR) * camera.tangent[parts.image][:, None]
    across, above = seen[..., 0] / scale, seen[..., 1] / scale
    low_x, high_x, low_y, high_y = across.min(1), across.max(1), above.min(1), above.max(1)
    whole = depth.min(axis=1) < _NEAR  # reaches behind the camera: its outline is not that box
    low_x, low_y = np.where(whole, -1.0, low_x), np.where(whole, -1.0, low_y)
    high_x, high_y = np.where(whole, 1.0, high_x), np.where(whole, 1.0, high_y)
    edges = np.stack([1 - high_y, 1 - low_y, 1 + low_x, 1 + high_x], axis=1) * size / 2
    boxes = np.floor(np.clip(edges, -1, size)).astype(np.int64)
    boxes[:, [0, 2]] = np.maximum(boxes[:, [0, 2]], 0)
    boxes[:, [1, 3]] = np.minimum(boxes[:, [1, 3]], size - 1)
    behind = depth.max(axis=1) < _NEAR
    boxes[behind, 1] = boxes[behind, 0] - 1
    return boxes


def _pairs(boxes: NDArray[np.int64], chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return part, row and column of every pixel in the boxes of the chosen parts."""
    rows = np.maximum(boxes[chosen, 1] - boxes[chosen, 0] + 1, 0)
    columns = np.maximum(boxes[chosen, 3] - boxes[chosen, 2] + 1, 0)
    counts = rows * columns
    owner = np.repeat(np.arange(len(chosen)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    down, right = np.divmod(place, columns[owner])
    part = chosen[owner]
    return part, boxes[part, 0] + down, boxes[part, 2] + right


def _local(parts: Parts, scenes: Scenes) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the cameras' positions and axes in the parts' unit cubes, float32."""
    frame, camera = parts.frame, scenes.camera
    offset = camera.position[parts.image] - parts.centre
    axes = camera.axes[parts.image].copy()
    axes[:, :2] *= camera.tangent[parts.image][:, None, None]
    origin = np.sum(frame * offset[:, None], axis=-1)
    # Row k: the camera's k-th axis (with image coordinates as its unit) in the part's frame.
    turned = np.sum(frame[:, None] * axes[:, :, None], axis=-1)
    return origin.astype(np.float32), turned.astype(np.float32)


def _hit_parts(
    scenes: Scenes, size: int, offsets: NDArray[Any], depth: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the part that each ray hits first, -1 for none, and lower ``depth`` to the hits."""
    parts, samples = scenes.parts, len(offsets)
    nearest = depth.reshape(-1)
    found = np.full(nearest.shape, -1, dtype=np.int64)
    boxes = _boxes(scenes, size)
    origins, turned = _local(parts, scenes)
    right, up = pixel_slopes(size, offsets)
    tried = []
    for kind, hit in ((True, hit_round), (False, hit_flat)):
        chosen = np.flatnonzero(parts.round == kind)
        part, row, column = _pairs(boxes, chosen)
        across, above = right[column], up[row]
        axes, origin = turned[part], origins[part]
        profile = parts.profile.astype(np.float32)[part]
        spread = [
            axes[:, 0, i, None] * across + axes[:, 1, i, None] * above + axes[:, 2, i, None]
            for i in range(3)
        ]
        distance = hit(
            (origin[:, 0, None], origin[:, 1, None], origin[:, 2, None]),
            (spread[0], spread[1], spread[2]),
            (profile[:, 0, None], profile[:, 1, None], profile[:, 2, None]),
        )
        pixel = (parts.image[part] * size + row) * size + column
        ray = pixel[:, None] * samples + np.arange(samples)
        reached = np.flatnonzero(distance < nearest[ray])
        tried.append((part[reached // samples], ray.flat[reached], distance.flat[reached]))
    for _, ray, distance in tried:
        np.minimum.at(nearest, ray, distance)
    for part, ray, distance in tried:
        first = distance == nearest[ray]
        found[ray[first]] = part[first]
    return found.reshape(depth.shape)


def _describe_parts(
    scenes: Scenes,
    direction: tuple[NDArray[Any], ...],
    depth: NDArray[Any],
    part: NDArray[np.int64],
    out: tuple[NDArray[Any], ...],
) -> None:
    """Write normal, u and v of the hits on parts over those of the room behind them."""
    parts = scenes.parts
    flat = part.reshape(-1)
    for kind, outward in ((True, normal_round), (False, normal_flat)):
        at = np.flatnonzero(flat >= 0)
        at = at[parts.round[flat[at]] == kind]
        own = flat[at]
        frame = parts.frame.astype(np.float32)[own]
        start = (scenes.camera.position[parts.image] - parts.centre).astype(np.float32)[own]
        t = depth.reshape(-1)[at]
        spot = [start[:, i] + t * direction[i].reshape(-1)[at] for i in range(3)]
        inner = [sum(frame[:, k, i] * spot[i] for i in range(3)) for k in range(3)]
        profile = parts.profile.astype(np.float32)[own]
        local = outward(
            (inner[0], inner[1], inner[2]), (profile[:, 0], profile[:, 1], profile[:, 2])
        )
        world = [sum(frame[:, k, i] * local[k] for k in range(3)) for i in range(3)]
        length = np.sqrt(world[0] * world[0] + world[1] * world[1] + world[2] * world[2])
        for axis in range(3):
            out[axis].reshape(-1)[at] = world[axis] / length
        half = parts.half.astype(np.float32)[own]
        metric = [inner[k] * half[:, k] for k in range(3)]
        steep = [np.abs(local[k] / half[:, k]) for k in range(3)]
        top = (steep[1] >= steep[0]) & (steep[1] >= steep[2])
        side = steep[0] > steep[2]
        out[3].reshape(-1)[at] = np.where(side & ~top, metric[2], metric[0])
        out[4].reshape(-1)[at] = np.where(top, metric[2], metric[1])
