"""The camera: its angles, and the way from a point to its pixel and back."""

import numpy as np
import pytest

from rlnas.datasets.rooms.camera import CENTRE, aim, project, rays
from rlnas.datasets.rooms.draws import uniform_rows
from rlnas.datasets.rooms.scene import draw_scenes


def test_the_angles_turn_the_camera_as_documented():
    right, up, forward = np.eye(3)
    eye = np.zeros((1, 3))
    turned = {
        name: aim(eye, np.array([angles], dtype=float)).axes[0]
        for name, angles in {
            "yaw": (90, 0, 0, 60),
            "pitch": (0, 90, 0, 60),
            "roll": (0, 0, 90, 60),
        }.items()
    }
    assert turned["yaw"] == pytest.approx(np.array([-forward, up, right]), abs=1e-12)
    assert turned["pitch"] == pytest.approx(np.array([right, -forward, up]), abs=1e-12)
    assert turned["roll"] == pytest.approx(np.array([-up, right, forward]), abs=1e-12)


def test_projecting_a_point_of_a_ray_gives_its_pixel_back():
    scenes = draw_scenes(uniform_rows(0, "x", np.arange(5), np.zeros(5, dtype=int)))
    direction = np.stack(rays(scenes.camera, 8, CENTRE), axis=-1)[:, :, 0]
    points = scenes.camera.position[:, None] + 2.5 * direction
    seen, depth = project(scenes.camera, points)
    centres = (np.arange(8) + 0.5) / 4 - 1
    assert depth == pytest.approx(np.full(depth.shape, 2.5), abs=1e-5)
    assert seen[..., 0].reshape(5, 8, 8) == pytest.approx(np.tile(centres, (5, 8, 1)), abs=1e-5)
    assert seen[..., 1].reshape(5, 8, 8)[..., 0] == pytest.approx(
        np.tile(-centres, (5, 1)), abs=1e-5
    )
