"""Where rays meet parts: exact intersections with the two families of convex parts.

All is in the unit cube of a part: an origin ``o`` outside the part and directions ``d``. Only
additions, multiplications, divisions and square roots touch a ray, which every processor rounds
alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
_FLAT = np.float32(1e-9)


def _nonzero(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values with zeros replaced, so that a quotient is large and not undefined."""
    return np.where(np.abs(values) < _FLAT, _FLAT, values)


def hit_round(origin: Vector, direction: Vector, profile: Vector) -> NDArray[Any]:
    """Return the distances at which rays first meet bodies of revolution, inf where they do not.

    Args:
        origin: Three arrays that broadcast with the directions.
        direction: Three float32 arrays.
        profile: q0, q1, q2 of ``x² + z² <= q0 + q1 y + q2 y²``, ``|y| <= 1``.
    """
    (ox, oy, oz), (dx, dy, dz), (q0, q1, q2) = origin, direction, profile
    a = _nonzero(dx * dx + dz * dz - q2 * (dy * dy))
    b = ox * dx + oz * dz - (0.5 * q1 + q2 * oy) * dy
    c = ox * ox + oz * oz - q0 - (q1 + q2 * oy) * oy
    square = b * b - a * c
    root = np.sqrt(np.maximum(square, 0))
    best = np.full(square.shape, np.inf, dtype=np.float32)
    for sign in (-1, 1):
        t = (sign * root - b) / a
        valid = (square >= 0) & (t > 0) & (np.abs(oy + t * dy) <= 1) & (t < best)
        np.copyto(best, t, where=valid)
    end = np.where(oy > 0, np.float32(1), np.float32(-1))  # the end that faces the origin
    t = (end - oy) / _nonzero(dy)
    x, z = ox + t * dx, oz + t * dz
    valid = (np.abs(oy) > 1) & (t > 0) & (x * x + z * z <= q0 + q1 * end + q2) & (t < best)
    np.copyto(best, t, where=valid)
    return best


def hit_flat(origin: Vector, direction: Vector, profile: Vector) -> NDArray[Any]:
    """Return the distances at which rays first meet boxes with slanting sides, else inf.

    Args:
        origin: Three arrays that broadcast with the directions.
        direction: Three float32 arrays.
        profile: a, b and a third that is not used, of ``|x|, |z| <= a - b y``, ``|y| <= 1``.
    """
    (ox, oy, oz), (dx, dy, dz), (a, b, _) = origin, direction, profile
    lean, room = b * dy, a - b * oy
    enter = np.full(np.broadcast_shapes(dx.shape, np.shape(ox)), -np.inf, dtype=np.float32)
    leave = np.full(enter.shape, np.inf, dtype=np.float32)
    one = np.float32(1)
    for speed, gap in (
        (dx + lean, room - ox),
        (lean - dx, room + ox),
        (dz + lean, room - oz),
        (lean - dz, room + oz),
        (dy, one - oy),
        (-dy, one + oy),
    ):
        speed = _nonzero(speed)  # noqa: PLW2901
        t = gap / speed
        np.maximum(enter, t, out=enter, where=speed < 0)
        np.minimum(leave, t, out=leave, where=speed > 0)
    return np.where((enter <= leave) & (enter > 0), enter, np.float32(np.inf))


def normal_round(point: Vector, profile: Vector) -> Vector:
    """Return the outward normals, of any length, at points on bodies of revolution."""
    (x, y, z), (q0, q1, q2) = point, profile
    side = np.abs(x * x + z * z - q0 - (q1 + q2 * y) * y)
    cap = np.abs(1 - np.abs(y)) < side
    slope = -(0.5 * q1 + q2 * y)
    zero = np.float32(0)
    return np.where(cap, zero, x), np.where(cap, np.sign(y), slope), np.where(cap, zero, z)


def normal_flat(point: Vector, profile: Vector) -> Vector:
    """Return the outward normals, of any length, at points on boxes with slanting sides."""
    (x, y, z), (a, b, _) = point, profile
    wide, deep = np.abs(x), np.abs(z)
    room = a - b * y
    side = np.maximum(wide, deep) - room
    cap = np.abs(y) - 1 > side
    zero = np.float32(0)
    along_x = wide > deep
    nx = np.where(cap | ~along_x, zero, np.sign(x))
    nz = np.where(cap | along_x, zero, np.sign(z))
    return nx, np.where(cap, np.sign(y), b), nz
