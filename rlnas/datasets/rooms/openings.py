"""What lies flat on the room's surfaces: doors, windows, pictures and rugs, as rectangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.draws import Draws
from rlnas.datasets.rooms.kinds import kind_table
from rlnas.datasets.rooms.names import STRUCTURE_CLASSES

FLOOR, CEILING, LEFT, RIGHT, FRONT, BACK = range(6)
"""The six surfaces of a room."""

SLOTS = ("door",) * 2 + ("window",) * 3 + ("picture",) * 3 + ("rug",)
SLOT_LABELS: NDArray[np.uint8] = np.array(
    [STRUCTURE_CLASSES.index(name) for name in SLOTS], dtype=np.uint8
)

_BOUNDS = {  # least and greatest width, height, height of the lower edge above the floor; metres
    "door": ((0.75, 1.05), (1.9, 2.15), (0.0, 0.0)),
    "window": ((0.6, 1.9), (0.7, 1.4), (0.6, 1.1)),
    "picture": ((0.35, 1.1), (0.35, 0.9), (1.0, 1.6)),
}


@dataclass(frozen=True)
class Rectangles:
    """Rectangles on surfaces, one column for each of `SLOTS`.

    Attributes:
        surface: int64 ``(N, slots)``, one of the six surfaces, or -1 where there is none.
        bounds: float64 ``(N, slots, 4)``: least and greatest first, then second coordinate of the
            surface: (x, z) on floor and ceiling, (z, y) left and right, (x, y) front and back.
    """

    surface: NDArray[np.int64]
    bounds: NDArray[Any]


def _overlap(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
    gap = 0.08
    apart = (first[:, 0] > second[:, 1] + gap) | (second[:, 0] > first[:, 1] + gap)
    return ~(apart | (first[:, 2] > second[:, 3] + gap) | (second[:, 2] > first[:, 3] + gap))


def draw_rectangles(
    draws: Draws, kind: NDArray[np.int64], size: NDArray[Any], camera_z: NDArray[Any]
) -> Rectangles:
    """Draw the rectangles of rooms of these kinds ``(N,)`` and sizes ``(N, 3)``."""
    used = draws.unit(len(SLOTS))
    wall = LEFT + draws.choice((1.0, 1.0, 1.4), len(SLOTS))
    shape = draws.unit(len(SLOTS), 4)
    chances, rug_chance = kind_table("openings")[kind], kind_table("rug")[kind]
    surface = np.full((draws.count, len(SLOTS)), -1)
    bounds = np.zeros((draws.count, len(SLOTS), 4))
    for slot, name in enumerate(SLOTS):
        u = shape[:, slot]
        if name == "rug":
            half = (0.15 + 0.25 * u[:, :2]) * np.minimum(size[:, [0, 2]], 5.0)
            free = np.stack([size[:, 0], size[:, 2] - camera_z], axis=1) - 2 * half
            middle = half + np.maximum(free, 0.0) * u[:, 2:]
            middle[:, 1] += camera_z
            low, high = middle - half, middle + half
            bounds[:, slot] = np.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], axis=1)
            surface[:, slot] = np.where(used[:, slot] < rug_chance, FLOOR, -1)
            continue
        (w0, w1), (h0, h1), (y0, y1) = _BOUNDS[name]
        front = wall[:, slot] == FRONT
        # Side walls count from beside the camera on: what is behind it is never seen.
        start = np.where(front, 0.0, camera_z)
        length = np.where(front, size[:, 0], size[:, 2] - camera_z)
        width = np.minimum(w0 + (w1 - w0) * u[:, 0], length - 0.2)
        height = np.minimum(h0 + (h1 - h0) * u[:, 1], size[:, 1] - 0.15)
        bottom = np.minimum(y0 + (y1 - y0) * u[:, 2], size[:, 1] - 0.1 - height)
        left = start + 0.1 + np.maximum(length - 0.2 - width, 0.0) * u[:, 3]
        bounds[:, slot] = np.stack([left, left + width, bottom, bottom + height], axis=1)
        kept = used[:, slot] < chances[:, ("door", "window", "picture").index(name)]
        for other in range(slot):
            same = surface[:, other] == wall[:, slot]
            kept &= ~(same & _overlap(bounds[:, other], bounds[:, slot]))
        surface[:, slot] = np.where(kept, wall[:, slot], -1)
    return Rectangles(surface, bounds)
