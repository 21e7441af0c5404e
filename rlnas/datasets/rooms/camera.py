"""The camera: where it stands, where it looks, and the rays of its pixels.

Room frame: x from the left wall (0) to the right (width), y from the floor (0) to the ceiling
(height), z from the back wall (0) to the front wall (depth), in metres. Camera frame: x to the
right of the image, y up, z into the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CENTRE = np.array([[0.5, 0.5]])
"""One ray a pixel, through its middle."""

QUINCUNX = np.array([[0.5, 0.5], [0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
"""Five rays a pixel, the first through its middle: a 2 x 2 grid and the centre."""


@dataclass(frozen=True)
class Camera:
    """One camera a scene.

    Attributes:
        position: float64 ``(N, 3)``, in the room frame.
        axes: float64 ``(N, 3, 3)``; rows are the camera's right, up and forward in the room frame.
        tangent: float64 ``(N,)``, tangent of half the field of view.
        angles: float64 ``(N, 4)``: yaw (positive: to the right of the front wall's normal), pitch
            (positive: up), roll (positive: the camera turns clockwise), field of view, degrees.
    """

    position: NDArray[Any]
    axes: NDArray[Any]
    tangent: NDArray[Any]
    angles: NDArray[Any]

    def __len__(self) -> int:
        return len(self.position)


def aim(position: NDArray[Any], angles: NDArray[Any]) -> Camera:
    """Return the cameras at these positions ``(N, 3)`` with these angles ``(N, 4)`` in degrees."""
    yaw, pitch, roll, view = np.deg2rad(np.moveaxis(angles, -1, 0))
    level = np.stack([np.cos(yaw), np.zeros_like(yaw), -np.sin(yaw)], axis=-1)
    forward = np.stack(
        [np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], axis=-1
    )
    upright = np.stack(
        [-np.sin(yaw) * np.sin(pitch), np.cos(pitch), -np.cos(yaw) * np.sin(pitch)], axis=-1
    )
    cosine, sine = np.cos(roll)[:, None], np.sin(roll)[:, None]
    right, up = cosine * level - sine * upright, sine * level + cosine * upright
    return Camera(position, np.stack([right, up, forward], axis=1), np.tan(view / 2), angles)


def pixel_slopes(size: int, offsets: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the image coordinates of the rays, from -1 (left, bottom) to 1 (right, top).

    Args:
        size: Side of the image in pixels.
        offsets: Places of the rays in a pixel, ``(K, 2)`` as (down, right) in [0, 1].

    Returns:
        Coordinates to the right by column ``(size, K)`` and up by row ``(size, K)``, float32.
    """
    cells = np.arange(size)[:, None]
    right = 2.0 * (cells + offsets[None, :, 1]) / size - 1.0
    up = 1.0 - 2.0 * (cells + offsets[None, :, 0]) / size
    return right.astype(np.float32), up.astype(np.float32)


def rays(camera: Camera, size: int, offsets: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the three room coordinates of all rays' directions, each float32 ``(N, size², K)``.

    A direction has length one along the camera's forward axis, so a distance along it is a depth.
    """
    right, up = pixel_slopes(size, offsets)
    shape = (size, size, len(offsets))
    across = np.broadcast_to(right[None], shape).reshape(1, size * size, -1)
    above = np.broadcast_to(up[:, None], shape).reshape(1, size * size, -1)
    scaled = camera.axes.copy()
    scaled[:, :2] *= camera.tangent[:, None, None]
    axes = scaled.astype(np.float32)[..., None, None]
    return tuple(axes[:, 0, i] * across + axes[:, 1, i] * above + axes[:, 2, i] for i in range(3))


def project(camera: Camera, points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Project points of the room into the image.

    Args:
        camera: ``N`` cameras.
        points: float64 ``(N, M, 3)``, in the room frame.

    Returns:
        Image coordinates ``(N, M, 2)`` from -1 (left, bottom) to 1 (right, top), which mean
        something where the depth is positive, and depths ``(N, M)`` in metres.
    """
    offset = points - camera.position[:, None]
    seen = np.sum(camera.axes[:, None] * offset[:, :, None], axis=-1)
    depth = seen[..., 2]
    safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth) * camera.tangent[:, None]
    return seen[..., :2] / safe[..., None], depth
