"""Where rays meet the room itself: its six surfaces and the rectangles on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.openings import BACK, CEILING, FLOOR, LEFT, SLOTS
from rlnas.datasets.rooms.scene import Scenes


def exits(scenes: Scenes, direction: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
    """Return how far along each axis of the room a ray leaves it."""
    eye = scenes.camera.position.astype(np.float32)[..., None, None]
    room = scenes.room.astype(np.float32)[..., None, None]
    tiny = np.float32(1e-9)
    found = []
    for axis, d in enumerate(direction):
        safe = np.where(np.abs(d) < tiny, tiny, d)
        found.append((np.where(safe > 0, room[:, axis], 0) - eye[:, axis]) / safe)
    return found


def describe_room(
    scenes: Scenes,
    direction: tuple[NDArray[Any], ...],
    ways: list[NDArray[Any]],
    depth: NDArray[Any],
) -> tuple[NDArray[np.int8], tuple[NDArray[Any], ...], NDArray[Any], NDArray[Any]]:
    """Return surface, normal and surface coordinates of the room behind everything."""
    eye = scenes.camera.position.astype(np.float32)[..., None, None]
    on_y = ways[1] == depth
    on_x = (ways[0] == depth) & ~on_y
    on_z = ~(on_x | on_y)
    ahead = [d > 0 for d in direction]
    surface = np.where(
        on_y,
        np.where(ahead[1], np.int8(CEILING), np.int8(FLOOR)),
        np.where(on_x, LEFT + ahead[0].astype(np.int8), BACK - ahead[2].astype(np.int8)),
    ).astype(np.int8)
    normal = tuple(
        np.where(on, 1 - 2 * side.astype(np.float32), np.float32(0))
        for on, side in zip((on_x, on_y, on_z), ahead, strict=True)
    )
    point = [eye[:, axis] + depth * d for axis, d in enumerate(direction)]
    u, v = np.where(on_x, point[2], point[0]), np.where(on_y, point[2], point[1])
    return surface, normal, u, v


def hit_rectangles(
    scenes: Scenes, surface: NDArray[np.int8], u: NDArray[Any], v: NDArray[Any]
) -> NDArray[np.int8]:
    """Return the rectangle at each point, and turn u and v into its own coordinates."""
    count = len(surface)
    rays = surface[0].size
    patch = np.full((count, rays), -1, dtype=np.int8)
    wall, across, above = (values.reshape(count, rays) for values in (surface, u, v))
    bounds = scenes.rectangles.bounds.astype(np.float32)
    for slot, name in enumerate(SLOTS):
        rows = np.flatnonzero(scenes.rectangles.surface[:, slot] >= 0)
        edges = bounds[rows, slot]
        wanted = scenes.rectangles.surface[rows, slot].astype(np.int8)
        here = (wall[rows] == wanted[:, None]) & (patch[rows] < 0)
        here &= (across[rows] >= edges[:, :1]) & (across[rows] <= edges[:, 1:2])
        here &= (above[rows] >= edges[:, 2:3]) & (above[rows] <= edges[:, 3:])
        row, ray = np.divmod(np.flatnonzero(here), rays)
        patch[rows[row], ray] = slot
        if name != "rug":  # which keeps the floor's coordinates in metres
            at, edge = (rows[row], ray), edges[row]
            across[at] = (across[at] - edge[:, 0]) / (edge[:, 1] - edge[:, 0])
            above[at] = (above[at] - edge[:, 2]) / (edge[:, 3] - edge[:, 2])
    return patch.reshape(surface.shape)
