"""The kinds of room: overlapping distributions of size, surfaces, openings, clutter and light.

Every number is a weight or a centre of a wide distribution, so no single cue tells the kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rlnas.datasets.rooms.names import SCENE_CLASSES


@dataclass(frozen=True, kw_only=True)
class RoomKind:
    """How rooms of one kind are drawn; the weights need not sum to one."""

    size: tuple[float, float, float]
    """Central width, height and depth in metres."""
    floor: tuple[float, ...]
    """Weights of plain, checker, stripes, bricks, planks, noise, dots."""
    wall: tuple[float, ...]
    openings: tuple[float, float, float]
    """Chances that a slot for a door, a window, a picture is used."""
    rug: float
    lamp: float
    clutter: tuple[float, ...]
    """Weights of the object classes among the companions of the main object."""
    crowd: float
    """Chance that a slot for a companion is used."""
    light: float
    """Central strength of the main light, 1 = even."""
    warmth: float
    """Central colour of the light: -1 cold, 1 warm."""
    colourful: float
    """Greatest saturation of walls and floor."""


# Clutter: box, ball, cylinder, cone, pyramid, table, chair, sofa, plant.
_KINDS = {
    "corridor": RoomKind(
        size=(2.1, 2.5, 7.0),
        floor=(2, 3, 2, 1, 2, 3, 0.5),
        wall=(5, 0.5, 2, 1, 1, 2, 0.5),
        openings=(0.85, 0.2, 0.55),
        rug=0.45,
        lamp=0.5,
        clutter=(1, 1, 1, 1, 1, 0.4, 1, 0.2, 3),
        crowd=0.35,
        light=0.8,
        warmth=0.1,
        colourful=0.35,
    ),
    "bathroom": RoomKind(
        size=(2.5, 2.4, 3.2),
        floor=(1, 6, 0.5, 1.5, 0.5, 1, 2),
        wall=(2, 4, 0.5, 3, 0.3, 0.7, 1),
        openings=(0.4, 0.4, 0.15),
        rug=0.4,
        lamp=0.4,
        clutter=(2, 1, 4, 0.6, 0.6, 0.4, 0.6, 0.2, 1.2),
        crowd=0.4,
        light=1.15,
        warmth=-0.4,
        colourful=0.35,
    ),
    "bedroom": RoomKind(
        size=(3.8, 2.5, 4.3),
        floor=(1.5, 0.4, 0.8, 0.3, 4, 3, 0.5),
        wall=(3, 0.4, 3, 0.4, 0.8, 1, 2),
        openings=(0.35, 0.5, 0.45),
        rug=0.6,
        lamp=0.6,
        clutter=(3, 2, 0.5, 0.5, 0.5, 0.8, 1, 3, 1),
        crowd=0.5,
        light=0.8,
        warmth=0.5,
        colourful=0.55,
    ),
    "kitchen": RoomKind(
        size=(3.3, 2.6, 4.4),
        floor=(1, 4.5, 0.8, 1.5, 2, 1, 1),
        wall=(2.5, 2.5, 0.8, 3, 0.6, 0.8, 0.6),
        openings=(0.4, 0.55, 0.2),
        rug=0.15,
        lamp=0.65,
        clutter=(3, 0.5, 2.5, 0.5, 0.4, 3, 3.5, 0.2, 1),
        crowd=0.65,
        light=1.1,
        warmth=0.1,
        colourful=0.45,
    ),
    "living room": RoomKind(
        size=(5.0, 2.7, 6.0),
        floor=(1, 0.8, 0.8, 0.4, 5, 2, 0.5),
        wall=(4, 0.3, 2.5, 1.2, 0.8, 1, 1),
        openings=(0.4, 0.6, 0.7),
        rug=0.75,
        lamp=0.75,
        clutter=(1, 1, 0.8, 0.5, 0.5, 2.5, 1, 4.5, 2.5),
        crowd=0.65,
        light=0.95,
        warmth=0.5,
        colourful=0.5,
    ),
    "office": RoomKind(
        size=(4.4, 2.8, 5.2),
        floor=(2.5, 1.2, 1.2, 0.2, 1.5, 4, 0.6),
        wall=(5.5, 0.4, 1, 0.6, 0.8, 2, 0.4),
        openings=(0.45, 0.7, 0.4),
        rug=0.12,
        lamp=0.3,
        clutter=(2.5, 0.4, 1, 0.4, 0.4, 4, 4.5, 0.5, 1.5),
        crowd=0.75,
        light=1.2,
        warmth=-0.4,
        colourful=0.3,
    ),
    "storeroom": RoomKind(
        size=(3.3, 2.7, 4.4),
        floor=(2.5, 0.6, 0.6, 1.5, 1.2, 5, 0.3),
        wall=(3, 0.3, 0.5, 4, 1.5, 3.5, 0.2),
        openings=(0.35, 0.15, 0.08),
        rug=0.08,
        lamp=0.3,
        clutter=(4.5, 1.2, 3, 2, 2, 0.8, 0.8, 0.2, 0.2),
        crowd=0.85,
        light=0.65,
        warmth=0.0,
        colourful=0.3,
    ),
    "hall": RoomKind(
        size=(6.8, 3.8, 8.5),
        floor=(1.5, 3, 1.5, 1.2, 2.5, 2, 0.5),
        wall=(3.5, 0.5, 1.5, 2.5, 1.5, 2, 0.3),
        openings=(0.6, 0.75, 0.4),
        rug=0.3,
        lamp=0.55,
        clutter=(1, 1, 1.5, 1.5, 1.5, 1, 2.5, 1, 2),
        crowd=0.55,
        light=1.0,
        warmth=0.1,
        colourful=0.4,
    ),
}

ROOM_KINDS: tuple[RoomKind, ...] = tuple(_KINDS[name] for name in SCENE_CLASSES)


def kind_table(name: str) -> np.ndarray:
    """Return one field of all kinds as float64 ``(kinds,)`` or ``(kinds, values)``."""
    return np.array([getattr(kind, name) for kind in ROOM_KINDS], dtype=float)
