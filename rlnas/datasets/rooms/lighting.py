"""How much light falls on a point: ambient, two point lights, soft shadows, dark corners, gloss.

Three-vectors are lists of three float32 arrays ``(N, size², K)``; colours have the channel first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.placing import LAMP
from rlnas.datasets.rooms.scene import Scenes

Array = NDArray[Any]


def diffuse_light(
    scenes: Scenes, point: list[Array], normal: tuple[Array, ...], item: NDArray[np.int64]
) -> tuple[Array, list[Array]]:
    """Return the light on points, before the surface's colour.

    Args:
        scenes: ``N`` scenes.
        point: Where, in the room frame.
        normal: Unit normals there.
        item: The object there, or -1 for the room, ``(N, size², K)``.

    Returns:
        RGB ``(3, N, size², K)``, and for each of the two lights how strongly it reaches each point,
        whatever the point's normal, for `highlight`.
    """
    lights = scenes.lights
    per_channel = (3, len(scenes), 1, 1)
    light = np.zeros((3, *item.shape), dtype=np.float32)
    light += lights.ambient.T.astype(np.float32).reshape(per_channel)
    reach = (0.35 * scenes.room.mean(axis=1) + 0.8).astype(np.float32)[:, None, None]
    strengths = []
    for number in range(lights.position.shape[1]):
        position = lights.position[:, number].astype(np.float32)[..., None, None]
        to_light = [position[:, i] - point[i] for i in range(3)]
        square = _dot(to_light, to_light)
        inverse = 1 / np.sqrt(np.maximum(square, np.float32(1e-4)))
        cosine = _dot(to_light, normal) * inverse
        strength = 1.6 / (1 + square / (reach * reach))
        if number == 0:
            strength = strength * (1 - _shadow(scenes, point, item))
        colour = lights.colour[:, number].T.astype(np.float32).reshape(per_channel)
        light += colour * (strength * np.maximum(cosine, 0))
        strengths.append(strength)
    light *= _corner_shade(scenes, point, item >= 0)
    return light, strengths


def highlight(
    scenes: Scenes,
    *,
    point: list[Array],
    normal: tuple[Array, ...],
    direction: tuple[Array, ...],
    strengths: list[Array],
    chosen: NDArray[np.int64],
) -> Array:
    """Return the highlights (Blinn and Phong's, to the 16th power) at the chosen points.

    Args:
        scenes: ``N`` scenes.
        point: Where, in the room frame.
        normal: Unit normals there.
        direction: Directions of the rays, of any length.
        strengths: What `diffuse_light` gave.
        chosen: Places in the flattened arrays, ``(Q,)``.

    Returns:
        RGB float32 ``(3, Q)``.
    """
    image = chosen // point[0][0].size
    at, out, ray = ([axis.reshape(-1)[chosen] for axis in v] for v in (point, normal, direction))
    length = np.sqrt(_dot(ray, ray))
    gloss = np.zeros((3, len(chosen)), dtype=np.float32)
    for number, strength in enumerate(strengths):
        position = scenes.lights.position[:, number].astype(np.float32)[image]
        to_light = [position[:, i] - at[i] for i in range(3)]
        inverse = 1 / np.sqrt(np.maximum(_dot(to_light, to_light), np.float32(1e-4)))
        half = [to_light[i] * inverse - ray[i] / length for i in range(3)]
        norm = np.sqrt(np.maximum(_dot(half, half), np.float32(1e-6)))
        peak = np.maximum(_dot(half, out) / norm, 0)
        for _ in range(4):
            peak = peak * peak
        lit = strength.reshape(-1)[chosen] * peak * (_dot(to_light, out) * inverse > 0)
        gloss += scenes.lights.colour[:, number].T.astype(np.float32)[:, image] * lit
    return gloss


def _dot(first: list[Array], second: list[Array] | tuple[Array, ...]) -> Array:
    total: Array = first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
    return total


def _shadow(scenes: Scenes, point: list[Array], item: NDArray[np.int64]) -> Array:
    """Return the share of the main light that objects hold back, float32 ``(N, size², 1)``.

    Each object casts the soft shadow of the ellipsoid about it, measured at the middle ray of a
    pixel; none falls on the object itself.
    """
    items = scenes.items
    light = scenes.lights.position[:, 0]
    middle = [p[:, :, 0] for p in point]
    own = item[:, :, 0]
    dark = np.zeros_like(middle[0])
    for number in range(LAMP):
        rows = np.flatnonzero(items.present[:, number])
        radius = items.size[rows, number] * np.array([1.0, 0.5, 1.0])
        mean = (radius[:, 0] + radius[:, 2]) / 2
        radius[:, 0] = radius[:, 2] = mean  # whatever its turn
        centre = items.foot[rows, number] + radius * np.array([0.0, 1.0, 0.0])
        far = ((light[rows] - centre) / radius).astype(np.float32)[..., None]
        low, stretch = centre.astype(np.float32)[..., None], radius.astype(np.float32)[..., None]
        start = [(middle[i][rows] - low[:, i]) / stretch[:, i] for i in range(3)]
        step = [far[:, i] - start[i] for i in range(3)]
        along = -_dot(start, step) / np.maximum(_dot(step, step), np.float32(1e-6))
        along = np.clip(along, 0, 1)
        nearest = [start[i] + along * step[i] for i in range(3)]
        gap = _dot(nearest, nearest)
        held = np.clip((np.float32(1.35) - gap) * np.float32(1.2), 0, np.float32(0.8))
        held[own[rows] == number] = 0
        dark[rows] = np.maximum(dark[rows], held)
    return dark[..., None]


def _corner_shade(scenes: Scenes, point: list[Array], on_item: NDArray[np.bool_]) -> Array:
    """Return how much light is left near the edges of the room and at the foot of objects."""
    room = scenes.room.astype(np.float32)[..., None, None]
    close = np.zeros_like(point[0])
    for axis in range(3):
        gap = np.minimum(point[axis], room[:, axis] - point[axis]) * np.float32(4)
        close += 1 / (1 + gap * gap)
    close -= ~on_item  # the surface that the point is on
    left: Array = 1 - np.float32(0.4) * np.clip(close, 0, 1)
    return left
