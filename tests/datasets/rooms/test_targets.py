"""The targets against what an independent pinhole camera says of the layout's nine numbers."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rlnas.datasets.rooms import SEGMENT_CLASSES
from rlnas.datasets.rooms.targets import layout_units

FLOOR, CEILING, WALL = range(3)


def cameras(rooms):
    """Return rotations from the camera (x right, y up, z ahead) to the room, one a room."""
    yaw, pitch, roll = layout_units(rooms.room_layout)[:, 5:8].T
    # A positive turn about y takes z to x; one about x takes y to z, so up is negative.
    turns = Rotation.from_euler("YXZ", np.stack([yaw, -pitch, -roll], axis=1), degrees=True)
    return turns.as_matrix()


def directions(rooms):
    size = rooms.images.shape[-1]
    slope = np.tan(np.deg2rad(layout_units(rooms.room_layout)[:, 8]) / 2)
    steps = (np.arange(size) + 0.5) / size * 2 - 1
    across, down = np.meshgrid(steps, steps)
    flat = np.stack([across, -down], axis=-1)[None] * slope[:, None, None, None]
    seen = np.concatenate([flat, np.ones((*flat.shape[:3], 1))], axis=-1)
    return seen, np.einsum("nij,nrcj->nrci", cameras(rooms), seen)


def test_the_layout_tells_floor_ceiling_and_wall_of_every_free_pixel(rooms):
    left, right, front, floor, ceiling = layout_units(rooms.room_layout)[:, :5].T
    _, d = directions(rooms)
    shape = (-1, 1, 1)
    aside = np.where(d[..., 0] > 0, right.reshape(shape), left.reshape(shape)) / np.abs(d[..., 0])
    height = np.where(d[..., 1] > 0, ceiling.reshape(shape), floor.reshape(shape))
    height = height / np.abs(d[..., 1])
    ahead = np.where(d[..., 2] > 0, front.reshape(shape) / np.abs(d[..., 2]), np.inf)
    wall = np.minimum(aside, ahead) < height
    expected = np.where(wall, WALL, np.where(d[..., 1] > 0, CEILING, FLOOR))
    free = rooms.segmentsemantic <= WALL
    assert free.mean() > 0.5
    assert np.mean(expected[free] == rooms.segmentsemantic[free]) > 0.9999
    # The other way round: what hangs on a wall is on a wall, a rug is on the floor.
    names = [SEGMENT_CLASSES.index(name) for name in ("door", "window", "picture")]
    assert np.all(expected[np.isin(rooms.segmentsemantic, names)] == WALL)
    assert np.all(expected[rooms.segmentsemantic == SEGMENT_CLASSES.index("rug")] == FLOOR)


def test_normals_of_room_surfaces_are_the_rooms_axes(rooms):
    normals = rooms.normal.astype(float).transpose(0, 2, 3, 1) / 127
    # From (right, up, towards the camera) to the room.
    normals[..., 2] *= -1
    world = np.einsum("nij,nrcj->nrci", cameras(rooms), normals)
    rounding = 0.5 * 3**0.5 / 127 + 1e-3
    for label, axis in ((FLOOR, (0, 1, 0)), (CEILING, (0, -1, 0))):
        found = world[rooms.segmentsemantic == label]
        assert len(found) > 1000
        assert np.linalg.norm(found - axis, axis=1).max() < rounding
    walls = world[rooms.segmentsemantic == WALL]
    facing = np.array([(1, 0, 0), (-1, 0, 0), (0, 0, -1), (0, 0, 1)])
    distance = np.linalg.norm(walls[:, None] - facing, axis=2)
    assert distance.min(axis=1).max() < rounding
    assert np.all(np.bincount(distance.argmin(axis=1), minlength=3)[:3] > 500)


def test_every_normal_is_a_unit_vector_that_faces_the_camera(rooms):
    normals = rooms.normal.astype(float).transpose(0, 2, 3, 1) / 127
    assert np.abs(np.linalg.norm(normals, axis=-1) - 1).max() < 0.5 * 3**0.5 / 127 + 1e-6
    seen, _ = directions(rooms)
    towards = -seen * np.array([1, 1, -1])
    towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
    assert np.sum(normals * towards, axis=-1).min() > -0.02


def test_the_main_object_covers_most_of_all_objects(rooms):
    size = rooms.images.shape[-1]
    first = len(SEGMENT_CLASSES) - 9
    flat = rooms.segmentsemantic.reshape(len(rooms), -1)
    counts = np.stack([(flat == first + k).sum(axis=1) for k in range(9)], axis=1)
    main = counts[np.arange(len(rooms)), rooms.class_object]
    counts[np.arange(len(rooms)), rooms.class_object] = 0
    assert main.min() >= 0.05 * size * size
    assert np.all(main >= 1.5 * counts.max(axis=1))


def test_the_layout_is_standardised_and_within_its_units(rooms):
    assert np.abs(rooms.room_layout.mean(axis=0)).max() < 0.3
    assert rooms.room_layout.std(axis=0) == pytest.approx(np.ones(9), abs=0.2)
    units = layout_units(rooms.room_layout)
    assert units[:, :5].min() > 0.1
    assert np.abs(units[:, 5]).max() < 40
    assert 54 < units[:, 8].min() < units[:, 8].max() < 89
