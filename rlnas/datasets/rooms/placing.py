"""Where the objects of a scene stand: the main one in view, its companions about the room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.rooms.draws import Draws
from rlnas.datasets.rooms.furniture import DESIGNS, LAMPS, SIZES
from rlnas.datasets.rooms.kinds import kind_table
from rlnas.datasets.rooms.names import OBJECT_CLASSES, SEGMENT_CLASSES
from rlnas.datasets.rooms.parts import Designs, Parts, Placed

COMPANIONS = 6
LAMP = 1 + COMPANIONS
"""Number of the lamp among a scene's items; item 0 is the main object."""

_LYING = OBJECT_CLASSES.index("cylinder")
_LAMP_KIND = len(OBJECT_CLASSES)
_DESIGNS = Designs([design for name in OBJECT_CLASSES for design in DESIGNS[name]] + [*LAMPS])
_LABELS = np.array(
    [SEGMENT_CLASSES.index(name) for name in (*OBJECT_CLASSES, "lamp")], dtype=np.uint8
)


@dataclass(frozen=True)
class Items:
    """The objects and the lamp of ``N`` scenes, ``LAMP + 1`` items each.

    Attributes:
        present: bool ``(N, items)``.
        kind: int64 ``(N, items)``, object class; not used for the lamp.
        design: int64 ``(N, items)``, 0 or 1.
        foot: float64 ``(N, items, 3)``, middle of the bottom, room frame.
        size: float64 ``(N, items, 3)``: half width, height, half depth in metres.
        angle: float64 ``(N, items)``, turn about the vertical in radians.
    """

    present: NDArray[np.bool_]
    kind: NDArray[np.int64]
    design: NDArray[np.int64]
    foot: NDArray[Any]
    size: NDArray[Any]
    angle: NDArray[Any]


def draw_sizes(
    draws: Draws, kind: NDArray[np.int64], design: NDArray[np.int64], limit: NDArray[Any]
) -> NDArray[Any]:
    """Return sizes ``(N, items, 3)`` of objects, their footprints no wider than ``limit``."""
    span = SIZES[kind]
    drawn = span[..., 0] + (span[..., 1] - span[..., 0]) * draws.unit(kind.shape[1], 3)
    size = np.stack([drawn[..., 0], drawn[..., 1], drawn[..., 0] * drawn[..., 2]], axis=-1)
    lies = (kind == _LYING) & (design == 1)
    flipped = np.stack([size[..., 1] / 2, 2 * size[..., 2], size[..., 2]], axis=-1)
    size = np.where(lies[..., None], flipped, size)
    wide = np.maximum(size[..., 0], size[..., 2])
    fitted: NDArray[Any] = size * np.minimum(1.0, limit[:, None] / wide)[..., None]
    return fitted


def draw_items(
    draws: Draws,
    *,
    kind: NDArray[np.int64],
    main: NDArray[np.int64],
    room: NDArray[Any],
    eye: NDArray[Any],
    heading: NDArray[Any],
) -> Items:
    """Draw the objects of scenes.

    Args:
        draws: The scenes' random numbers.
        kind: Kind of room, ``(N,)``.
        main: Class of the main object, ``(N,)``.
        room: Sizes of the rooms, ``(N, 3)``.
        eye: Positions of the cameras, ``(N, 3)``.
        heading: Yaw and field of view in radians, ``(N, 2)``.
    """
    others = draws.choice(kind_table("clutter")[kind], COMPANIONS)
    classes = np.concatenate([main[:, None], others], axis=1)
    design = draws.choice((0.6, 0.4), LAMP)
    size = draw_sizes(draws, classes, design, 0.4 * np.minimum(room[:, 0], room[:, 2]))
    angle = draws.uniform(0.0, 2 * np.pi, LAMP)
    reach = np.maximum(size[..., 0], size[..., 2])

    azimuth = heading[:, 0] + draws.uniform(-0.4, 0.4) * heading[:, 1]
    away = 0.35 + draws.uniform(1.6, 3.4) * np.sqrt(size[:, 0, 0] * size[:, 0, 1])
    low = reach
    high = np.maximum(room[:, None, [0, 2]] - reach[..., None], 0.0)
    spot = draws.unit(LAMP, 2)
    near = np.stack([np.zeros(draws.count), eye[:, 2] * 0.8], axis=1)[:, None]
    place = near + spot * (room[:, None, [0, 2]] - near)
    place[:, 0, 0] = eye[:, 0] + away * np.sin(azimuth)
    place[:, 0, 1] = eye[:, 2] + away * np.cos(azimuth)
    place = np.clip(place, np.minimum(low[..., None], high), high)

    present = draws.chance(kind_table("crowd")[kind][:, None], LAMP)
    present[:, 0] = True
    clear = np.sqrt(np.sum((place - eye[:, None, [0, 2]]) ** 2, axis=-1)) > reach + 0.45
    present[:, 1:] &= clear[:, 1:]
    for item in range(1, LAMP):
        for other in range(item):
            gap = np.sqrt(np.sum((place[:, item] - place[:, other]) ** 2, axis=-1))
            touch = gap < 0.9 * (reach[:, item] + reach[:, other])
            present[:, item] &= ~(touch & present[:, other])

    foot = np.stack([place[..., 0], np.zeros_like(place[..., 0]), place[..., 1]], axis=-1)
    lamp = _draw_lamp(draws, kind, room, eye)
    return Items(
        present=np.concatenate([present, lamp[0][:, None]], axis=1),
        kind=np.concatenate([classes, np.zeros_like(classes[:, :1])], axis=1),
        design=np.concatenate([design, lamp[1][:, None]], axis=1),
        foot=np.concatenate([foot, lamp[2][:, None]], axis=1),
        size=np.concatenate([size, lamp[3][:, None]], axis=1),
        angle=np.concatenate([angle, np.zeros((draws.count, 1))], axis=1),
    )


def _draw_lamp(
    draws: Draws, kind: NDArray[np.int64], room: NDArray[Any], eye: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Return presence, design, bottom and size of the lamps."""
    present = draws.chance(kind_table("lamp")[kind])
    stands = draws.chance(0.3)
    drop = draws.uniform(0.35, 0.9) * np.minimum(1.0, room[:, 1] / 2.6)
    height = np.where(stands, draws.uniform(1.3, 1.75), drop)
    wide = np.where(stands, draws.uniform(0.14, 0.24), draws.uniform(0.15, 0.35))
    place = draws.uniform(0.15, 0.85, 2)
    x = place[:, 0] * room[:, 0]
    z = eye[:, 2] + 0.5 + place[:, 1] * np.maximum(room[:, 2] - eye[:, 2] - 0.8, 0.1)
    y = np.where(stands, 0.0, room[:, 1] - height)
    size = np.stack([wide, height, wide], axis=-1)
    return present, stands.astype(np.int64), np.stack([x, y, z], axis=-1), size


def item_parts(items: Items) -> Parts:
    """Return the parts of all objects and lamps that are present."""
    image, item = np.nonzero(items.present)
    kind = np.where(item == LAMP, _LAMP_KIND, items.kind[image, item])
    return _DESIGNS.build(
        Placed(
            image=image,
            item=item,
            label=_LABELS[kind],
            design=2 * kind + items.design[image, item],
            foot=items.foot[image, item],
            size=items.size[image, item],
            angle=items.angle[image, item],
        )
    )
