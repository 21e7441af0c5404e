"""The objects as sums of convex parts: bodies of revolution and boxes with slanting sides.

A part fills the unit cube of its own frame. A round one is ``x² + z² <= q0 + q1 y + q2 y²``, a flat
one ``|x|, |z| <= a - b y``, both with ``|y| <= 1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.names import OBJECT_CLASSES

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Shape:
    """A part in its object's frame: x, z in [-1, 1] are the footprint, y in [0, 1] the height."""

    round: bool
    profile: Triple
    """q0, q1, q2 of a round part; a, b, 0 of a flat one."""
    centre: Triple
    half: Triple
    lying: bool = False
    """Whether the part's axis is the object's x axis in place of its y axis."""


def _block(centre: Triple, half: Triple, top: float = 1.0) -> Shape:
    """Return a box whose top is ``top`` times as wide as its bottom."""
    return Shape(False, ((1.0 + top) / 2, (1.0 - top) / 2, 0.0), centre, half)


def _turned(
    centre: Triple, half: Triple, top: float = 1.0, bottom: float = 1.0, lying: bool = False
) -> Shape:
    """Return a cylinder, cone or frustum with these radii at its two ends."""
    mean, slope = (top + bottom) / 2, (bottom - top) / 2
    return Shape(True, (mean * mean, -2 * mean * slope, slope * slope), centre, half, lying)


def _ellipsoid(centre: Triple, half: Triple) -> Shape:
    return Shape(True, (1.0, 0.0, -1.0), centre, half)


def _legs(spread: float, height: float, thick: float) -> tuple[Shape, ...]:
    """Return four legs that stand on the floor."""
    return tuple(
        _block((x * spread, height / 2, z * spread), (thick, height / 2, thick))
        for x in (-1, 1)
        for z in (-1, 1)
    )


_WHOLE: Triple = (0.0, 0.5, 0.0)
_FULL: Triple = (1.0, 0.5, 1.0)

DESIGNS: dict[str, tuple[tuple[Shape, ...], tuple[Shape, ...]]] = {
    "box": ((_block(_WHOLE, _FULL),), (_block(_WHOLE, _FULL, top=0.92),)),
    "ball": ((_ellipsoid(_WHOLE, _FULL),), (_ellipsoid(_WHOLE, _FULL),)),
    "cylinder": (
        (_turned(_WHOLE, _FULL),),
        (_turned(_WHOLE, _FULL, lying=True),),
    ),
    "cone": ((_turned(_WHOLE, _FULL, top=0.0),), (_turned(_WHOLE, _FULL, top=0.1),)),
    "pyramid": ((_block(_WHOLE, _FULL, top=0.0),), (_block(_WHOLE, _FULL, top=0.12),)),
    "table": (
        (_block((0, 0.93, 0), (1, 0.07, 1)), *_legs(0.86, 0.86, 0.09)),
        (
            _turned((0, 0.93, 0), (1, 0.07, 1)),
            _turned((0, 0.46, 0), (0.14, 0.42, 0.14)),
            _turned((0, 0.03, 0), (0.5, 0.03, 0.5), top=0.5),
        ),
    ),
    "chair": (
        (
            _block((0, 0.47, 0), (1, 0.05, 1)),
            _block((0, 0.76, -0.88), (1, 0.24, 0.12)),
            *_legs(0.85, 0.42, 0.12),
        ),
        (
            _turned((0, 0.47, 0.05), (0.95, 0.05, 0.95)),
            _block((0, 0.76, -0.85), (0.85, 0.24, 0.12)),
            *_legs(0.66, 0.42, 0.11),
        ),
    ),
    "sofa": (
        (
            _block((0, 0.26, 0.05), (0.98, 0.2, 0.95)),
            _block((0, 0.55, -0.75), (1, 0.45, 0.25)),
            _block((-0.87, 0.33, 0.1), (0.13, 0.33, 0.9)),
            _block((0.87, 0.33, 0.1), (0.13, 0.33, 0.9)),
        ),
        (
            _block((0, 0.24, 0.0), (1, 0.24, 1)),
            _block((0, 0.7, -0.72), (1, 0.3, 0.28), top=0.9),
            _turned((-0.9, 0.42, 0.0), (0.12, 0.2, 1.0)),
            _turned((0.9, 0.42, 0.0), (0.12, 0.2, 1.0)),
        ),
    ),
    "plant": (
        (
            _turned((0, 0.15, 0), (0.55, 0.15, 0.55), bottom=0.7),
            _turned((0, 0.42, 0), (0.08, 0.15, 0.08)),
            _ellipsoid((0, 0.7, 0), (1, 0.3, 1)),
        ),
        (
            _turned((0, 0.13, 0), (0.5, 0.13, 0.5), bottom=0.75),
            _turned((0, 0.45, 0), (0.95, 0.2, 0.95), top=0.1),
            _turned((0, 0.76, 0), (0.65, 0.24, 0.65), top=0.0),
        ),
    ),
}
"""Two designs of every class."""

_SIZES = {  # least and greatest half width, height, half depth as a share of the half width
    "box": ((0.25, 0.6), (0.4, 1.5), (0.6, 1.3)),
    "ball": ((0.22, 0.5), (0.44, 1.0), (0.9, 1.1)),
    "cylinder": ((0.2, 0.45), (0.4, 1.3), (0.9, 1.1)),
    "cone": ((0.25, 0.5), (0.5, 1.4), (0.9, 1.1)),
    "pyramid": ((0.3, 0.6), (0.45, 1.3), (0.8, 1.25)),
    "table": ((0.45, 0.85), (0.55, 0.85), (0.6, 1.0)),
    "chair": ((0.22, 0.32), (0.75, 1.1), (0.9, 1.1)),
    "sofa": ((0.6, 1.05), (0.65, 0.95), (0.4, 0.65)),
    "plant": ((0.25, 0.5), (0.7, 1.6), (0.9, 1.1)),
}
SIZES: NDArray[Any] = np.array([_SIZES[name] for name in OBJECT_CLASSES])
"""float64 ``(classes, 3, 2)``: bounds of half width (m), height (m), depth over width."""

LAMPS: tuple[tuple[Shape, ...], tuple[Shape, ...]] = (
    (  # hangs from the ceiling: y = 1
        _turned((0, 0.75, 0), (0.06, 0.25, 0.06)),
        _turned((0, 0.25, 0), (1, 0.25, 1), top=0.35),
    ),
    (  # stands on the floor
        _turned((0, 0.02, 0), (0.8, 0.02, 0.8)),
        _turned((0, 0.42, 0), (0.09, 0.4, 0.09)),
        _turned((0, 0.87, 0), (1, 0.13, 1), top=0.7),
    ),
)
