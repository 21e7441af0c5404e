"""The contact sheet: its edges are the room's, its tiles all there, and a command writes it."""

import numpy as np

from rlnas.datasets.rooms import SEGMENT_CLASSES, generate_rooms
from rlnas.datasets.rooms.preview import (
    COLUMNS,
    SEGMENT_COLOURS,
    draw_preview,
    layout_edges,
    shuffle_tiles,
)
from rlnas.datasets.rooms.targets import layout_units


def test_the_drawn_edges_part_the_rooms_surfaces():
    rooms = generate_rooms(12, seed=1, image_size=96)
    parted = []
    for row, numbers in enumerate(layout_units(rooms.room_layout)):
        segments = rooms.segmentsemantic[row]
        bottom = layout_edges(numbers)[0]  # of the front wall, from left to right
        for x, y in bottom[~np.isnan(bottom[:, 0])]:
            column, line = int((x + 1) * 48), int((1 - y) * 48)
            if 0 <= column < 96 and 2 <= line < 94:
                above, below = segments[line - 2, column], segments[line + 2, column]
                if {above, below} <= {0, 2}:  # no object in the way
                    parted.append((above, below) == (2, 0))
    assert len(parted) > 50
    assert np.mean(parted) > 0.98


def test_points_behind_the_camera_are_left_out():
    # Turned to the right by 30 degrees, the camera has the right wall's near end before it.
    for yaw, hidden in ((0.0, 4), (30.0, 2)):
        lines = layout_edges(np.array([1.0, 1.0, 3.0, 1.5, 1.0, yaw, 0.0, 0.0, 60.0]))
        assert len(lines) == 8
        assert sum(np.isnan(line).any() for line in lines) == hidden
        assert all(np.isfinite(line).all() for line in lines[::2])


def test_shuffled_tiles_are_the_tiles():
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    order = np.array([4, 0, 8, 2, 7, 1, 3, 6, 5])
    sheet = shuffle_tiles(picture, order)
    assert sheet.shape == (32, 32, 3)
    assert np.array_equal(sheet[:10, :10], picture[10:20, 10:20])
    assert np.array_equal(sheet[11:21, 22:], picture[:10, 10:20])
    assert np.all(sheet[10] == 255)


def test_the_sheet_has_a_panel_for_every_target_and_a_colour_for_every_class():
    assert len(np.unique(SEGMENT_COLOURS, axis=0)) == len(SEGMENT_CLASSES)
    figure = draw_preview(generate_rooms(2, image_size=16))
    assert len(figure.axes) == 2 * len(COLUMNS)
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == list(SEGMENT_CLASSES)
