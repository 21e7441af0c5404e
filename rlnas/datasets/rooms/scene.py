"""Scenes: everything that is drawn at random about a picture but the sensor's noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.camera import Camera, aim
from rlnas.datasets.rooms.draws import Draws
from rlnas.datasets.rooms.kinds import kind_table
from rlnas.datasets.rooms.materials import Lights, Materials, draw_lights, draw_materials
from rlnas.datasets.rooms.names import OBJECT_CLASSES, SCENE_CLASSES
from rlnas.datasets.rooms.openings import Rectangles, draw_rectangles
from rlnas.datasets.rooms.parts import Parts
from rlnas.datasets.rooms.placing import Items, draw_items, item_parts

LABEL_COLUMNS = 2
"""The first numbers of a scene's row choose its two classes; a redraw keeps them."""


@dataclass(frozen=True)
class Scenes:
    """``N`` scenes.

    Attributes:
        room: float64 ``(N, 3)``: width, height, depth in metres.
        camera: The cameras.
        main: int64 ``(N,)``, class of the main object.
        kind: int64 ``(N,)``, kind of room.
        rectangles: Doors, windows, pictures, rugs.
        items: The objects and the lamp.
        parts: What they are made of.
        materials: What they look like.
        lights: What lights them.
    """

    room: NDArray[Any]
    camera: Camera
    main: NDArray[np.int64]
    kind: NDArray[np.int64]
    rectangles: Rectangles
    items: Items
    parts: Parts
    materials: Materials
    lights: Lights

    def __len__(self) -> int:
        return len(self.room)


def draw_scenes(uniforms: NDArray[Any]) -> Scenes:
    """Return the scenes that rows of uniform numbers ``(N, COLUMNS)`` stand for."""
    draws = Draws(uniforms)
    main = draws.choice(np.ones(len(OBJECT_CLASSES)))
    kind = draws.choice(np.ones(len(SCENE_CLASSES)))
    spread = np.array([0.45, 0.18, 0.45])
    room = kind_table("size")[kind] * np.exp(draws.around(0.0, spread, 3))

    height = np.minimum(draws.uniform(1.0, 1.9), room[:, 1] - 0.45)
    eye = np.stack(
        [
            room[:, 0] * draws.uniform(0.22, 0.78),
            height,
            np.maximum(room[:, 2] * draws.uniform(0.05, 0.3), 0.2),
        ],
        axis=-1,
    )
    yaw, view = draws.around(0.0, 38.0), draws.uniform(55.0, 88.0)
    heading = np.deg2rad(np.stack([yaw, view], axis=-1))
    items = draw_items(draws, kind=kind, main=main, room=room, eye=eye, heading=heading)
    middle = items.foot[:, 0] - eye
    middle[:, 1] += 0.5 * items.size[:, 0, 1]
    fall = np.rad2deg(np.arctan2(middle[:, 1], np.hypot(middle[:, 0], middle[:, 2])))
    pitch = np.clip(0.5 * fall + draws.around(0.0, 14.0), -32.0, 8.0)
    roll = draws.around(0.0, 6.0)
    camera = aim(eye, np.stack([yaw, pitch, roll, view], axis=-1))

    rectangles = draw_rectangles(draws, kind, room, eye[:, 2])
    materials = draw_materials(draws, kind)
    lights = draw_lights(draws, kind, room, eye, items)
    return Scenes(
        room=room,
        camera=camera,
        main=main,
        kind=kind,
        rectangles=rectangles,
        items=items,
        parts=item_parts(items),
        materials=materials,
        lights=lights,
    )
