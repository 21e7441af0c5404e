"""Procedural textures: how much of a material's second colour shows at a point of a surface.

Only additions, multiplications, divisions, floors and integer hashes: see `geometry`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TEXTURES = (
    "plain",
    "checker",
    "stripes",
    "bricks",
    "planks",
    "noise",
    "dots",
    "window",
    "door",
    "picture",
)
"""Kinds of texture; the last three expect coordinates from 0 to 1 over their rectangle."""
FREE_TEXTURES = 7
"""How many of them, from the first, fill a surface of any size."""


def _hash(x: Array, y: Array, salt: Array) -> Array:
    """Return float32 in [0, 1) from whole numbers: the same for the same three."""
    mixed = x.astype(np.int32).view(np.uint32) * np.uint32(0x9E3779B1)
    mixed ^= y.astype(np.int32).view(np.uint32) * np.uint32(0x85EBCA77)
    mixed ^= salt.astype(np.uint32) * np.uint32(0xC2B2AE3D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    mixed *= np.uint32(0x297A2D39)
    mixed ^= mixed >> np.uint32(15)
    share: Array = (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return share


def _value_noise(u: Array, v: Array, salt: Array) -> Array:
    """Return smooth noise in [0, 1) with one value a unit cell."""
    x, y = np.floor(u), np.floor(v)
    fu, fv = u - x, v - y
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    top = _hash(x, y, salt) * (1 - fu) + _hash(x + 1, y, salt) * fu
    low = _hash(x, y + 1, salt) * (1 - fu) + _hash(x + 1, y + 1, salt) * fu
    value: Array = top * (1 - fv) + low * fv
    return value


def _inside(fraction: Array, margin: float) -> NDArray[np.bool_]:
    return (fraction > margin) & (fraction < 1 - margin)


def _mask(values: NDArray[np.bool_]) -> Array:
    return values.astype(np.float32)


def _plain(u: Array, v: Array, salt: Array) -> Array:
    return np.zeros_like(u)


def _checker(u: Array, v: Array, salt: Array) -> Array:
    odd: Array = np.mod(np.floor(u) + np.floor(v), 2)
    return odd


def _stripes(u: Array, v: Array, salt: Array) -> Array:
    return _mask(u - np.floor(u) < 0.5)


def _bricks(u: Array, v: Array, salt: Array) -> Array:
    row = np.floor(v * 2)
    shifted = u + 0.5 * np.mod(row, 2)
    column = np.floor(shifted)
    stone = _inside(shifted - column, 0.06) & _inside(v * 2 - row, 0.12)
    return np.where(stone, 0.35 * _hash(column, row, salt), np.float32(1))


def _planks(u: Array, v: Array, salt: Array) -> Array:
    row = np.floor(u * 2)
    along = v * 0.4 + _hash(row, row, salt)
    board = np.floor(along)
    seam = ~_inside(u * 2 - row, 0.06)
    return np.where(seam, np.float32(1), 0.7 * _hash(row, board, salt))


def _noise(u: Array, v: Array, salt: Array) -> Array:
    return 0.65 * _value_noise(u, v, salt) + 0.35 * _value_noise(u * 3, v * 3, salt + 1)


def _dots(u: Array, v: Array, salt: Array) -> Array:
    x, y = u - np.floor(u) - 0.5, v - np.floor(v) - 0.5
    return _mask(x * x + y * y < 0.09)


def _window(u: Array, v: Array, salt: Array) -> Array:
    """Frame and glazing bars; the sky is the first colour, darker towards the bottom."""
    bars = 1 + np.mod(salt, 3)
    pane = u * bars - np.floor(u * bars)
    glass = _inside(u, 0.06) & _inside(v, 0.06) & _inside(pane, 0.04)
    glass &= (np.mod(salt, 2) == 0) | (np.abs(v - 0.5) > 0.03)
    return np.where(glass, 0.3 * (1 - v), np.float32(1))


def _door(u: Array, v: Array, salt: Array) -> Array:
    """Frame, two panels and a handle."""
    frame = ~(_inside(u, 0.07) & (v < 0.96))
    panel = _inside(u, 0.2) & (_inside(v * 2 - np.floor(v * 2), 0.14))
    handle = (np.abs(u - 0.86) < 0.05) & (np.abs(v - 0.48) < 0.03)
    return np.where(frame | handle, np.float32(1), np.where(panel, np.float32(0.3), 0))


def _picture(u: Array, v: Array, salt: Array) -> Array:
    """A frame about smooth shapes."""
    inner = _inside(u, 0.1) & _inside(v, 0.1)
    return np.where(inner, 0.8 * _value_noise(u * 4, v * 3, salt), np.float32(1))


_PATTERNS: tuple[Callable[[Array, Array, Array], Array], ...] = (
    _plain,
    _checker,
    _stripes,
    _bricks,
    _planks,
    _noise,
    _dots,
    _window,
    _door,
    _picture,
)


def pattern(kind: Array, u: Array, v: Array, salt: Array) -> Array:
    """Return the share of the second colour at points.

    Args:
        kind: Texture of each point as a number of `TEXTURES`, ``(Q,)``.
        u: First coordinate in periods of the texture, float32 ``(Q,)``.
        v: Second coordinate.
        salt: Whole numbers that make each material's random texture its own, ``(Q,)``.

    Returns:
        float32 ``(Q,)`` in [0, 1].
    """
    share = np.zeros_like(u)
    for number, paint in enumerate(_PATTERNS[1:], start=1):
        at = np.flatnonzero(kind == number)
        if len(at):
            share[at] = paint(u[at], v[at], salt[at])
    return share
