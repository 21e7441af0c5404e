"""What surfaces and objects look like, and the lights: drawn apart from what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.draws import Draws
from rlnas.datasets.rooms.kinds import kind_table
from rlnas.datasets.rooms.openings import SLOTS
from rlnas.datasets.rooms.placing import LAMP, Items
from rlnas.datasets.rooms.textures import FREE_TEXTURES, TEXTURES

SURFACES = 3
"""Materials of floor, ceiling and walls; then one for each rectangle, then for each item."""
FIRST_ITEM = SURFACES + len(SLOTS)
MATERIALS = FIRST_ITEM + LAMP + 1

_FURNITURE_TEXTURES = (4.0, 1.0, 1.8, 0.6, 0.8, 1.2, 1.0)


@dataclass(frozen=True)
class Materials:
    """`MATERIALS` materials a scene.

    Attributes:
        texture: int64 ``(N, M)``, number of `TEXTURES`.
        first: float64 ``(N, M, 3)``, RGB in [0, 1].
        second: float64 ``(N, M, 3)``.
        period: float64 ``(N, M)``, metres a repetition.
        turn: float64 ``(N, M)``, radians.
        shine: float64 ``(N, M)``, strength of the highlight.
        glow: float64 ``(N, M)``, share of the colour that needs no light.
        salt: int64 ``(N, M)``.
    """

    texture: NDArray[np.int64]
    first: NDArray[Any]
    second: NDArray[Any]
    period: NDArray[Any]
    turn: NDArray[Any]
    shine: NDArray[Any]
    glow: NDArray[Any]
    salt: NDArray[np.int64]


def draw_materials(draws: Draws, kind: NDArray[np.int64]) -> Materials:
    """Draw the materials of rooms of these kinds ``(N,)``; those of objects ignore the kind."""
    count, things = draws.count, LAMP + 1
    texture = np.zeros((count, MATERIALS), dtype=np.int64)
    texture[:, 0] = draws.choice(kind_table("floor")[kind])
    texture[:, 2] = draws.choice(kind_table("wall")[kind])
    for slot, name in enumerate(SLOTS):
        if name != "rug":
            texture[:, SURFACES + slot] = TEXTURES.index(name)
    texture[:, FIRST_ITEM - 1] = draws.choice((1, 2, 3, 0, 0, 2, 2)[:FREE_TEXTURES])
    texture[:, FIRST_ITEM:] = draws.choice(_FURNITURE_TEXTURES, things)

    first, second = np.zeros((2, count, MATERIALS, 3))
    calm = kind_table("colourful")[kind]
    first[:, 0] = draws.colour(1.3 * calm, 0.85)
    first[:, 1] = 0.6 + 0.4 * draws.colour(0.6 * calm, 1.0)
    first[:, 2] = 0.08 + 0.92 * draws.colour(1.3 * calm, 1.0)
    first[:, SURFACES:] = draws.colour(1.0, 1.0, MATERIALS - SURFACES)
    blend = draws.uniform(0.3, 0.95, MATERIALS)[..., None]
    second[:] = first + blend * (draws.colour(0.6, 1.0, MATERIALS) - first)
    windows = [SURFACES + slot for slot, name in enumerate(SLOTS) if name == "window"]
    day = draws.uniform(0.05, 1.3, 1)[..., None]  # one sky for all windows of a room
    first[:, windows] = day * (np.array([0.75, 0.88, 1.0]) + 0.12 * first[:, windows])

    period = draws.uniform(0.12, 0.45, MATERIALS)
    period[:, 0] *= 1.8
    period[:, 2] *= 2.2
    turn = np.zeros((count, MATERIALS))
    turn[:, 0] = draws.uniform(0.0, 0.5 * np.pi) * draws.chance(0.35)
    turn[:, FIRST_ITEM:] = draws.uniform(0.0, np.pi, things)
    shine = np.zeros((count, MATERIALS))
    shine[:, FIRST_ITEM:] = draws.uniform(0.0, 0.7, things) * draws.chance(0.6, things)
    shine[:, 0] = draws.uniform(0.0, 0.3)
    glow = np.zeros((count, MATERIALS))
    glow[:, windows] = 0.85
    glow[:, -1] = draws.uniform(0.0, 0.8)
    salt = np.floor(draws.uniform(0.0, 2.0**20, MATERIALS)).astype(np.int64)
    return Materials(texture, first, second, period, turn, shine, glow, salt)


@dataclass(frozen=True)
class Lights:
    """Lights and sensor of ``N`` scenes.

    Attributes:
        position: float64 ``(N, 2, 3)``, main and second point light, room frame, metres.
        colour: float64 ``(N, 2, 3)``, RGB strength of each.
        ambient: float64 ``(N, 3)``.
        gain: float64 ``(N, 3)``, exposure times colour cast.
        noise: float64 ``(N,)``, standard deviation of the sensor's noise as a share of white.
    """

    position: NDArray[Any]
    colour: NDArray[Any]
    ambient: NDArray[Any]
    gain: NDArray[Any]
    noise: NDArray[Any]


def draw_lights(
    draws: Draws, kind: NDArray[np.int64], room: NDArray[Any], eye: NDArray[Any], items: Items
) -> Lights:
    """Draw the lights of rooms; the main one is at the lamp where there is a lamp."""
    spot = draws.uniform(0.15, 0.85, 2, 3)
    position = spot * room[:, None]
    position[:, :, 2] = eye[:, None, 2] + spot[:, :, 2] * (room[:, None, 2] - eye[:, None, 2])
    position[:, 0, 1] = room[:, 1] - 0.2
    position[:, 1, 1] = room[:, 1] * (0.35 + 0.5 * spot[:, 1, 1])
    lamp, size = items.foot[:, LAMP], items.size[:, LAMP]
    shade = (
        lamp
        + np.array([0.0, 1.0, 0.0])
        * np.where(items.design[:, LAMP] == 1, size[:, 1] + 0.1, -0.08)[:, None]
    )
    shade[:, 1] = np.minimum(shade[:, 1], room[:, 1] - 0.1)
    position[:, 0] = np.where(items.present[:, LAMP, None], shade, position[:, 0])
    warmth = draws.around(kind_table("warmth")[kind], 0.7)[:, None, None]
    tint = 1.0 + np.array([0.16, 0.0, -0.2]) * warmth
    strength = kind_table("light")[kind] * 0.62 * np.exp(draws.around(0.0, 0.6))
    share = np.stack([np.ones(draws.count), draws.uniform(-0.35, 0.65)], axis=1)
    colour = tint * (strength[:, None] * np.maximum(share, 0.0))[..., None]
    ambient = tint[:, 0] * (draws.uniform(0.12, 0.35) * strength)[:, None]
    exposure = np.exp(draws.around(0.0, 0.35))[:, None]
    gain = exposure * draws.around(1.0, 0.12, 3)
    noise = draws.uniform(0.0, 0.028)
    return Lights(position, colour, ambient, gain, noise)
