"""From hits to pictures: texture, two point lights, soft shadows, highlights and the sensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.lighting import diffuse_light, highlight
from rlnas.datasets.rooms.materials import FIRST_ITEM, MATERIALS, SURFACES, Materials
from rlnas.datasets.rooms.scene import Scenes
from rlnas.datasets.rooms.textures import FREE_TEXTURES, pattern
from rlnas.datasets.rooms.tracing import Hits


def shade(scenes: Scenes, hits: Hits, size: int) -> NDArray[Any]:
    """Return the light that reaches each pixel, before the sensor.

    Args:
        scenes: ``N`` scenes.
        hits: Their hits with ``K`` rays a pixel, the first through its middle.
        size: Side of the image in pixels.

    Returns:
        float32 ``(N, 3, size, size)``, not negative, the mean over each pixel's rays.
    """
    count = len(scenes)
    eye = scenes.camera.position.astype(np.float32)[..., None, None]
    point = [eye[:, i] + hits.depth * hits.direction[i] for i in range(3)]
    item = np.full(hits.part.shape, -1, dtype=np.int64)
    on_item = hits.part >= 0
    item[on_item] = scenes.parts.item[hits.part[on_item]]
    slot = _material_slots(hits, item) + (np.arange(count) * MATERIALS)[:, None, None]

    view = hits.direction
    length = np.sqrt(view[0] * view[0] + view[1] * view[1] + view[2] * view[2])
    facing = -(sum(view[i] * hits.normal[i] for i in range(3))) / length
    width = hits.depth * (2 * scenes.camera.tangent / size).astype(np.float32)[:, None, None]
    footprint = width / np.maximum(facing, np.float32(0.15))
    albedo = _albedo(scenes.materials, slot, hits.u, hits.v, footprint)

    light, strengths = diffuse_light(scenes, point, hits.normal, item)
    glow = _per_material(scenes.materials.glow, slot)
    lit = albedo * (light * (1 - glow) + glow)
    shine = _per_material(scenes.materials.shine, slot).reshape(-1)
    shiny = np.flatnonzero(shine)
    gloss = highlight(
        scenes,
        point=point,
        normal=hits.normal,
        direction=view,
        strengths=strengths,
        chosen=shiny,
    )
    lit.reshape(3, -1)[:, shiny] += shine[shiny] * gloss
    mean: NDArray[Any] = lit.mean(axis=-1).reshape(3, count, size, size).swapaxes(0, 1)
    return mean


def expose(scenes: Scenes, light: NDArray[Any], noise: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the sensor's picture.

    Args:
        scenes: ``N`` scenes.
        light: What `shade` gave, ``(N, 3, size, size)``.
        noise: Standard normal float32 of the same shape.

    Returns:
        uint8 of the same shape: exposure and colour cast, a shoulder that keeps highlights below
        white, gamma 2, noise.
    """
    seen = light * scenes.lights.gain.astype(np.float32)[..., None, None]
    bent = seen / np.sqrt(1 + seen * seen)
    grey = np.sqrt(np.maximum(bent, 0))
    grey = grey + noise * scenes.lights.noise.astype(np.float32)[:, None, None, None]
    levels = np.floor(np.clip(grey, 0, 1) * np.float32(255) + np.float32(0.5))
    picture: NDArray[np.uint8] = levels.astype(np.uint8)
    return picture


def _material_slots(hits: Hits, item: NDArray[np.int64]) -> NDArray[np.int64]:
    room = np.where(hits.patch >= 0, SURFACES + hits.patch, np.minimum(hits.surface, 2))
    return np.where(item >= 0, FIRST_ITEM + item, room)


def _per_material(values: NDArray[Any], slot: NDArray[np.int64]) -> NDArray[Any]:
    return values.astype(np.float32).reshape(-1)[slot]


def _albedo(
    materials: Materials,
    slot: NDArray[np.int64],
    u: NDArray[Any],
    v: NDArray[Any],
    footprint: NDArray[Any],
) -> NDArray[Any]:
    """Return the colour of the surface, float32 ``(3, N, size², K)``."""
    texture = materials.texture.reshape(-1)
    free = (texture < FREE_TEXTURES) & (texture > 0)
    period = np.where(free, materials.period.reshape(-1), 1.0)
    turn = materials.turn.reshape(-1) * free
    salt = materials.salt.reshape(-1)
    scale = np.stack([np.cos(turn) / period, np.sin(turn) / period]).astype(np.float32)
    flat = slot.reshape(-1)
    cosine, sine = scale[0][flat], scale[1][flat]
    uu, vv = u.reshape(-1), v.reshape(-1)
    share = pattern(texture[flat], cosine * uu + sine * vv, cosine * vv - sine * uu, salt[flat])
    # What is finer than a pixel fades to its mean, as in a camera.
    ratio = footprint.reshape(-1) * np.where(free, 1.0 / period, 0.0).astype(np.float32)[flat]
    fade = 1 / (1 + ratio * ratio)
    share = np.float32(0.4) + (share - np.float32(0.4)) * fade
    first = materials.first.reshape(-1, 3).T.astype(np.float32)
    change = materials.second.reshape(-1, 3).T.astype(np.float32) - first
    colours = [first[c][flat] + share * change[c][flat] for c in range(3)]
    return np.stack(colours).reshape(3, *slot.shape)
