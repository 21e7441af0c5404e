"""A contact sheet: images of rooms beside their targets, drawn from the targets alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.atomic import atomic_file
from rlnas.datasets.rooms.camera import aim, project
from rlnas.datasets.rooms.names import OBJECT_CLASSES, SCENE_CLASSES, SEGMENT_CLASSES
from rlnas.datasets.rooms.render import Rooms
from rlnas.datasets.rooms.targets import layout_units
from rlnas.seeding import generator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("image,\nautoencoding", "room layout", "segmentation", "normals", "jigsaw")
SEGMENT_COLOURS: NDArray[np.uint8] = np.array(
    [
        *([196, 186, 164], [236, 236, 240], [148, 160, 178], [140, 90, 50], [120, 200, 250]),
        *([250, 225, 90], [110, 60, 110], [255, 255, 180], [215, 50, 45], [245, 135, 35]),
        *([150, 205, 60], [20, 125, 65], [0, 170, 165], [35, 75, 195], [240, 115, 190]),
        *([130, 35, 60], [150, 105, 225]),
    ],
    dtype=np.uint8,
)
"""RGB of each of `SEGMENT_CLASSES`: structure pale, objects strong."""

_INCHES = 1.35
_LEFT, _TOP, _BOTTOM = 1.25, 0.5, 0.95
_DPI = 110
_NEAR = 0.05


def draw_preview(rooms: Rooms, *, seed: int = 0) -> Figure:
    """Return a figure with a row a room and a column a target.

    Args:
        rooms: The rooms, one or more.
        seed: Seed of the order of the jigsaw's tiles.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = len(rooms)
    width = _LEFT + _INCHES * len(COLUMNS) + 0.1
    height = _TOP + _INCHES * rows + _BOTTOM
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.subplots(
        rows,
        len(COLUMNS),
        squeeze=False,
        gridspec_kw={
            "left": _LEFT / width,
            "right": 1 - 0.1 / width,
            "top": 1 - _TOP / height,
            "bottom": _BOTTOM / height,
            "wspace": 0.06,
            "hspace": 0.06,
        },
    )
    for axes, title in zip(grid[0], COLUMNS, strict=True):
        axes.set_title(title, fontsize=8)
    layouts = layout_units(rooms.room_layout)
    for row, axes in enumerate(grid):
        picture = rooms.images[row].transpose(1, 2, 0)
        normals = rooms.normal[row].transpose(1, 2, 0).astype(np.int64) + 128
        order = generator(seed, "rooms", "preview", row).permutation(9)
        for ax, shown in zip(
            axes,
            (
                picture,
                picture,
                SEGMENT_COLOURS[rooms.segmentsemantic[row]],
                normals.astype(np.uint8),
                shuffle_tiles(picture, order),
            ),
            strict=True,
        ):
            _show(ax, shown)
        for line in layout_edges(layouts[row]):
            for colour, thick in (("black", 2.2), ("#ffe14d", 1.1)):
                axes[1].plot(line[:, 0], line[:, 1], color=colour, linewidth=thick)
        axes[0].set_ylabel(
            _describe(rooms, row, layouts[row]),
            rotation=0,
            fontsize=7.5,
            labelpad=6,
            horizontalalignment="right",
            verticalalignment="center",
        )
    _add_legend(figure, height)
    return figure


def write_preview(rooms: Rooms, path: str | Path, *, seed: int = 0) -> None:
    """Write the contact sheet as a PNG file.

    Args:
        rooms: The rooms, one or more.
        path: Where to; an existing file is replaced.
        seed: Seed of the order of the jigsaw's tiles.
    """
    figure = draw_preview(rooms, seed=seed)
    with atomic_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DPI, metadata={"Software": None})


def shuffle_tiles(picture: NDArray[np.uint8], order: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the nine tiles of a picture in another order with white gaps between them.

    Args:
        picture: uint8 ``(S, S, 3)``; up to two rows and columns at the end are left out.
        order: The tile shown at each of the nine places, row by row.
    """
    side = len(picture) // 3
    gap = max(1, side // 12)
    pitch = side + gap
    sheet = np.full((3 * pitch - gap, 3 * pitch - gap, 3), 255, dtype=np.uint8)
    for place, tile in enumerate(order):
        (down, right), (y, x) = divmod(place, 3), divmod(int(tile), 3)
        sheet[down * pitch :, right * pitch :][:side, :side] = picture[
            y * side : (y + 1) * side, x * side : (x + 1) * side
        ]
    return sheet


def layout_edges(numbers: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the room's edges in the image, from the nine numbers of ``room_layout``.

    Args:
        numbers: In metres and degrees, see `names.LAYOUT_NAMES`.

    Returns:
        The four edges of the front wall and the four that run towards the camera, each float64
        ``(points, 2)`` in image coordinates from -1 (left, bottom) to 1 (right, top); points
        behind the camera are NaN.
    """
    left, right, front, floor, ceiling = numbers[:5]
    camera = aim(np.array([[left, floor, 0.0]]), numbers[None, 5:])
    corners = [(x, y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    size = np.array([left + right, floor + ceiling, front])
    ends = []
    for number, (x, y) in enumerate(corners):
        following = corners[(number + 1) % 4]
        ends.append(((x, y, 1), (*following, 1)))
        ends.append(((x, y, 1), (x, y, 0)))
    share = np.linspace(0.0, 1.0, 65)[:, None]
    lines = []
    for first, last in ends:
        points = (np.array(first) * (1 - share) + np.array(last) * share) * size
        seen, depth = project(camera, points[None])
        lines.append(np.where(depth[0, :, None] > _NEAR, seen[0], np.nan))
    return lines


def _show(axes: Axes, picture: NDArray[np.uint8]) -> None:
    axes.imshow(picture, interpolation="nearest", extent=(-1, 1, -1, 1))
    axes.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _describe(rooms: Rooms, row: int, layout: NDArray[Any]) -> str:
    left, right, front, floor, ceiling, yaw, pitch = layout[:7]
    return (
        (
            f"{OBJECT_CLASSES[rooms.class_object[row]]}\n"
            f"in a {SCENE_CLASSES[rooms.class_scene[row]]}\n"
            f"{left + right:.1f} m wide\n{floor + ceiling:.1f} m high\n"
            f"{front:.1f} m ahead\nyaw {yaw:.0f}°\npitch {pitch:.0f}°"
        )
        .replace("a office", "an office")
        .replace("-", "−")
    )


def _add_legend(figure: Figure, height: float) -> None:
    from matplotlib.patches import Patch

    figure.legend(
        handles=[
            Patch(facecolor=colour / 255.0, edgecolor="grey", linewidth=0.5, label=name)
            for name, colour in zip(SEGMENT_CLASSES, SEGMENT_COLOURS, strict=True)
        ],
        loc="lower center",
        bbox_to_anchor=(0.5, 0.06 / height),
        ncols=6,
        fontsize=7.5,
        frameon=False,
        handlelength=1.2,
        handleheight=1.0,
        title="segmentation",
        title_fontsize=8,
    )
