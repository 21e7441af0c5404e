"""Rays against brute force: every first hit is where marching along the ray first gets inside."""

import numpy as np
import pytest

from rlnas.datasets.rooms.camera import CENTRE, aim, project, rays
from rlnas.datasets.rooms.draws import uniform_rows
from rlnas.datasets.rooms.furniture import DESIGNS, LAMPS
from rlnas.datasets.rooms.geometry import hit_flat, hit_round, normal_flat, normal_round
from rlnas.datasets.rooms.scene import draw_scenes
from rlnas.datasets.rooms.tracing import trace

SHAPES = sorted(
    {(s.round, s.profile) for pair in [*DESIGNS.values(), LAMPS] for design in pair for s in design}
)


def inside(kind, profile, x, y, z):
    """Return whether points are inside the unit part, straight from its definition."""
    p, q, r = profile
    if kind:
        return (x * x + z * z <= p + q * y + r * y * y) & (np.abs(y) <= 1)
    return (np.maximum(np.abs(x), np.abs(z)) <= p - q * y) & (np.abs(y) <= 1)


def some_rays(count, seed):
    rng = np.random.default_rng(seed)
    origin = rng.normal(size=(count, 3))
    origin *= (2.0 + rng.random((count, 1))) / np.linalg.norm(origin, axis=1, keepdims=True)
    direction = rng.uniform(-1.4, 1.4, (count, 3)) - origin
    return origin.astype(np.float32), direction.astype(np.float32)


@pytest.mark.parametrize(("kind", "profile"), SHAPES)
def test_the_first_hit_is_where_marching_gets_inside(kind, profile):
    origin, direction = some_rays(400, 1)
    found = (hit_round if kind else hit_flat)(origin.T, direction.T, np.float32(profile))
    steps = np.linspace(0.0, 2.0, 4001)
    path = origin[..., None] + direction[..., None] * steps
    within = inside(kind, profile, path[:, 0], path[:, 1], path[:, 2])
    marched = np.where(within.any(axis=1), steps[within.argmax(axis=1)], np.inf)
    assert 30 < np.isfinite(found).sum() < 400
    # A ray may graze a part between two steps; no more than that may differ.
    grazed = np.isfinite(found) & np.isinf(marched)
    assert grazed.mean() < 0.02
    assert not np.any(np.isinf(found) & np.isfinite(marched))
    both = np.isfinite(found) & np.isfinite(marched)
    assert np.abs(found[both] - marched[both]).max() < 2e-3


@pytest.mark.parametrize(("kind", "profile"), SHAPES)
def test_normals_point_out_of_the_part_and_are_normal_to_it(kind, profile):
    origin, direction = some_rays(600, 2)
    found = (hit_round if kind else hit_flat)(origin.T, direction.T, np.float32(profile))
    hit = np.isfinite(found)
    point = (origin + np.where(hit, found, 0)[:, None] * direction)[hit].astype(float)
    normal = np.stack((normal_round if kind else normal_flat)(point.T, np.float32(profile)), axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    outward, inward = point + 2e-3 * normal, point - 2e-3 * normal
    assert not inside(kind, profile, *outward.T).any()
    assert inside(kind, profile, *inward.T).mean() > 0.97  # but at an edge or a tip
    assert np.all(np.sum(normal * direction[hit], axis=1) < 1e-4)


def test_a_ray_along_an_axis_hits_at_the_face():
    origin, ahead = np.float32([[0.2], [0.3], [-3.0]]), np.float32([[0.0], [0.0], [1.0]])
    box, cylinder, sphere = (1, 0, 0), (1, 0, 0), (1, 0, -1)
    assert hit_flat(origin, ahead, np.float32(box))[0] == pytest.approx(2.0)
    assert hit_round(origin, ahead, np.float32(cylinder))[0] == pytest.approx(3 - 0.96**0.5)
    assert hit_round(origin, ahead, np.float32(sphere))[0] == pytest.approx(3 - 0.87**0.5)
    assert np.isinf(hit_flat(origin, -ahead, np.float32(box))[0])


def test_the_traced_scene_is_the_marched_scene():
    scenes = draw_scenes(uniform_rows(3, "march", np.arange(4), np.zeros(4, dtype=int)))
    size = 12
    hits = trace(scenes, size, CENTRE)
    parts = scenes.parts
    agree = []
    for image in range(len(scenes)):
        own = np.flatnonzero(parts.image == image)
        eye = scenes.camera.position[image]
        direction = np.stack([d[image, :, 0] for d in hits.direction], axis=1).astype(float)
        share = np.arange(1, 2501) * 0.004
        path = eye + share[:, None, None] * direction
        first = np.full(size * size, -1)
        reached = np.full(size * size, np.inf)
        for number in own:
            local = (path - parts.centre[number]) @ parts.frame[number].T
            within = inside(parts.round[number], parts.profile[number], *np.moveaxis(local, -1, 0))
            depth = np.where(within.any(axis=0), share[within.argmax(axis=0)], np.inf)
            first = np.where(depth < reached, number, first)
            reached = np.minimum(depth, reached)
        beyond = ((path < 0) | (path > scenes.room[image])).any(axis=-1)
        wall = np.where(beyond.any(axis=0), share[beyond.argmax(axis=0)], 10.0)
        first = np.where(reached < wall, first, -1)
        seen = hits.part[image, :, 0]
        agree.append(first == seen)
        depth = np.minimum(reached, wall)
        same = (first == seen) & (depth < 9.9)
        assert np.abs(depth - hits.depth[image, :, 0])[same].max() < 0.01
    assert np.mean(agree) > 0.97
    assert np.mean(hits.part >= 0) > 0.05


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
