"""The parts of all objects of many scenes, as flat arrays: one row a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.furniture import Shape


@dataclass(frozen=True)
class Parts:
    """``P`` parts, ordered by scene and object.

    Attributes:
        image: int64 ``(P,)``, number of the scene.
        item: int64 ``(P,)``, number of the object in its scene; the lamp is the last.
        label: uint8 ``(P,)``, class of its pixels.
        round: bool ``(P,)``: a body of revolution, or a box with slanting sides.
        profile: float64 ``(P, 3)``, see `Shape`.
        centre: float64 ``(P, 3)``, in the room frame.
        turn: float64 ``(P, 3, 3)``; rows are the part's axes, unit vectors in the room frame.
        half: float64 ``(P, 3)``, half the extents along those axes in metres.
    """

    image: NDArray[np.int64]
    item: NDArray[np.int64]
    label: NDArray[np.uint8]
    round: NDArray[np.bool_]
    profile: NDArray[Any]
    centre: NDArray[Any]
    turn: NDArray[Any]
    half: NDArray[Any]

    def __len__(self) -> int:
        return len(self.image)

    @property
    def frame(self) -> NDArray[Any]:
        """``(P, 3, 3)``: takes an offset from the centre to the unit cube of the part."""
        frame: NDArray[Any] = self.turn / self.half[..., None]
        return frame


@dataclass(frozen=True)
class Placed:
    """``M`` objects where they stand, ordered by scene and object.

    Attributes:
        image: int64 ``(M,)``.
        item: int64 ``(M,)``.
        label: uint8 ``(M,)``.
        design: int64 ``(M,)``, number of the design in its `Designs`.
        foot: float64 ``(M, 3)``, middle of the bottom.
        size: float64 ``(M, 3)``: half width, height, half depth in metres.
        angle: float64 ``(M,)``, turn about the vertical in radians.
    """

    image: NDArray[np.int64]
    item: NDArray[np.int64]
    label: NDArray[np.uint8]
    design: NDArray[np.int64]
    foot: NDArray[Any]
    size: NDArray[Any]
    angle: NDArray[Any]


class Designs:
    """The shapes of many designs in one table, so that objects of all of them are built at once."""

    def __init__(self, designs: Sequence[Sequence[Shape]]) -> None:
        shapes = [shape for design in designs for shape in design]
        self._count = np.array([len(design) for design in designs])
        self._first = np.cumsum(self._count) - self._count
        self._round = np.array([shape.round for shape in shapes])
        self._lying = np.array([shape.lying for shape in shapes])
        self._profile = np.array([shape.profile for shape in shapes], dtype=float)
        self._centre = np.array([shape.centre for shape in shapes], dtype=float)
        self._half = np.array([shape.half for shape in shapes], dtype=float)

    def build(self, placed: Placed) -> Parts:
        """Return the parts of the objects, in the order of the objects and of their designs."""
        count = self._count[placed.design]
        owner = np.repeat(np.arange(len(count)), count)
        rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        shape = self._first[placed.design][owner] + rank
        turn = _axes(placed.angle)[owner]
        size = placed.size[owner]
        half = self._half[shape] * size
        offset = self._centre[shape] * size
        centre = placed.foot[owner] + np.sum(offset[..., None] * turn, axis=1)
        lying = self._lying[shape]
        turn[lying] = turn[lying][:, [1, 0, 2]]
        half[lying] = half[lying][:, [1, 0, 2]]
        return Parts(
            image=placed.image[owner],
            item=placed.item[owner],
            label=placed.label[owner],
            round=self._round[shape],
            profile=self._profile[shape],
            centre=centre,
            turn=turn,
            half=half,
        )


def _axes(angle: NDArray[Any]) -> NDArray[Any]:
    """Return the axes ``(M, 3, 3)`` of objects turned about the vertical."""
    axes = np.zeros((len(angle), 3, 3))
    axes[:, 0, 0] = axes[:, 2, 2] = np.cos(angle)
    axes[:, 0, 2] = np.sin(angle)
    axes[:, 2, 0] = -axes[:, 0, 2]
    axes[:, 1, 1] = 1.0
    return axes
