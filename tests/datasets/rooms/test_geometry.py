"""Rays against brute force: every first hit is where marching along the ray first gets inside."""

import numpy as np
import pytest

from rlnas.datasets.rooms.furniture import DESIGNS, LAMPS
from rlnas.datasets.rooms.geometry import hit_flat, hit_round, normal_flat, normal_round

SHAPES = sorted(
    {(s.round, s.profile) for pair in [*DESIGNS.values(), LAMPS] for design in pair for s in design}
)


def some_rays(count, seed):
    rng = np.random.default_rng(seed)
    origin = rng.normal(size=(count, 3))
    origin *= (2.0 + rng.random((count, 1))) / np.linalg.norm(origin, axis=1, keepdims=True)
    direction = rng.uniform(-1.4, 1.4, (count, 3)) - origin
    return origin.astype(np.float32), direction.astype(np.float32)


@pytest.mark.parametrize(("kind", "profile"), SHAPES)
def test_the_first_hit_is_where_marching_gets_inside(kind, profile, inside):
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
def test_normals_point_out_of_the_part_and_are_normal_to_it(kind, profile, inside):
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
