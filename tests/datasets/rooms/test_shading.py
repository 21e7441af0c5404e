"""Textures, light and the sensor: bounds and directions that a slip of sign would break."""

import dataclasses

import numpy as np
import pytest

from rlnas.datasets.rooms.camera import QUINCUNX
from rlnas.datasets.rooms.draws import Draws, uniform_rows
from rlnas.datasets.rooms.lighting import diffuse_light, highlight
from rlnas.datasets.rooms.scene import draw_scenes
from rlnas.datasets.rooms.shading import expose, shade
from rlnas.datasets.rooms.textures import TEXTURES, pattern
from rlnas.datasets.rooms.tracing import trace


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(uniform_rows(5, "look", np.arange(12), np.zeros(12, dtype=int)))


@pytest.mark.parametrize("kind", range(len(TEXTURES)))
def test_a_pattern_is_a_share_and_its_salt_its_own(kind):
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-9, 9, (2, 4000)).astype(np.float32)
    if kind >= 7:
        u, v = rng.random((2, 4000), dtype=np.float32)
    kinds, salt = np.full(4000, kind), np.full(4000, 17)
    share = pattern(kinds, u, v, salt)
    assert share.dtype == np.float32
    assert share.min() >= 0
    assert share.max() <= 1
    assert (share.std() > 0.1) == (TEXTURES[kind] != "plain")
    salted = not np.array_equal(share, pattern(kinds, u, v, salt + 4))
    assert salted == (TEXTURES[kind] in ("bricks", "planks", "noise", "picture", "window"))


def test_a_checker_alternates_and_noise_is_smooth():
    u = np.array([0.5, 1.5, 0.5, 1.5, -0.5], dtype=np.float32)
    v = np.array([0.5, 0.5, 1.5, 1.5, 0.5], dtype=np.float32)
    checker = pattern(np.full(5, TEXTURES.index("checker")), u, v, np.zeros(5, dtype=int))
    assert checker.tolist() == [0, 1, 1, 0, 1]
    line = np.linspace(-3, 3, 6001, dtype=np.float32)
    noise = pattern(np.full(6001, 5), line, 0.3 * line, np.full(6001, 9))
    assert np.abs(np.diff(noise)).max() < 0.01


def test_objects_only_take_the_main_light_away(scenes):
    rng = np.random.default_rng(1)
    shape = (len(scenes), 400, 1)
    room = scenes.room[..., None, None]
    point = [(rng.random(shape) * room[:, i]).astype(np.float32) for i in range(3)]
    point[1] = np.zeros_like(point[1])
    up = tuple(np.full(shape, float(axis == 1), dtype=np.float32) for axis in range(3))
    nothing = np.full(shape, -1)
    empty = dataclasses.replace(
        scenes, items=dataclasses.replace(scenes.items, present=np.zeros_like(scenes.items.present))
    )
    shaded, _ = diffuse_light(scenes, point, up, nothing)
    free, _ = diffuse_light(empty, point, up, nothing)
    assert np.all(shaded <= free + 1e-6)
    assert 0.02 < np.mean(shaded < free - 1e-3) < 0.6
    # Right under an object it is dark, but ambient light and the second lamp stay.
    foot = scenes.items.foot[:, 0].astype(np.float32)
    below = [foot[:, i][:, None, None] for i in range(3)]
    one = tuple(axis[:, :1] for axis in up)
    dark, _ = diffuse_light(scenes, below, one, nothing[:, :1])
    bright, _ = diffuse_light(empty, below, one, nothing[:, :1])
    assert np.all(dark > 0)
    assert np.median(dark / bright) < 0.75


def test_a_highlight_is_where_the_mirror_image_of_the_light_is(scenes):
    light = scenes.lights.position[:, 0]
    eye = scenes.camera.position
    # On a floor that mirrors, the light shows where the line from the eye to its image crosses it.
    share = eye[:, 1] / (eye[:, 1] + light[:, 1])
    mirror = eye + share[:, None] * (light * np.array([1, -1, 1]) - eye)
    away = mirror + np.array([1.5, 0.0, 0.0])
    values = []
    for spot in (mirror, away):
        point = [spot[:, i].astype(np.float32)[:, None, None] for i in range(3)]
        ray = tuple((spot - eye)[:, i].astype(np.float32)[:, None, None] for i in range(3))
        up = tuple(np.full(point[0].shape, float(i == 1), dtype=np.float32) for i in range(3))
        ones = [np.ones_like(point[0]), np.zeros_like(point[0])]
        chosen = np.arange(len(scenes))
        found = highlight(
            scenes, point=point, normal=up, direction=ray, strengths=ones, chosen=chosen
        )
        values.append(found.T / scenes.lights.colour[:, 0])
    assert values[0] == pytest.approx(np.ones((len(scenes), 3)), abs=1e-3)
    assert np.all(values[1] < 0.98)


def test_the_sensor_is_monotone_and_its_noise_has_the_given_strength(scenes):
    ramp = np.linspace(0, 4, 64, dtype=np.float32)
    light = np.broadcast_to(ramp, (len(scenes), 3, 64, 64))
    clean = expose(scenes, light, np.zeros_like(light)).astype(int)
    assert np.all(np.diff(clean, axis=-1) >= 0)
    assert clean.min() == 0
    assert clean.max() <= 255
    grey = np.full((len(scenes), 3, 64, 64), 0.3, dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal(grey.shape).astype(np.float32)
    noisy = expose(scenes, grey, noise)
    expected = np.hypot(scenes.lights.noise * 255, 12**-0.5)
    assert noisy.std(axis=(2, 3)).mean(axis=1) == pytest.approx(expected, rel=0.15)


def test_shading_is_finite_and_lit(scenes):
    light = shade(scenes, trace(scenes, 24, QUINCUNX), 24)
    assert light.shape == (len(scenes), 3, 24, 24)
    assert np.isfinite(light).all()
    assert light.min() > 0


def test_draws_keep_to_their_bounds_and_weights():
    draws = Draws(np.random.default_rng(0).random((3000, 60)))
    number = draws.uniform(2.0, np.full((3000, 4), 5.0), 4)
    assert 2.0 <= number.min() < 2.1 < 4.9 < number.max() < 5.0
    spread = draws.around(1.0, 0.5, 3)
    assert 0.5 <= spread.min() < spread.max() <= 1.5
    assert spread.mean() == pytest.approx(1.0, abs=0.02)
    picked = draws.choice((1.0, 0.0, 3.0), 5)
    assert np.bincount(picked.ravel(), minlength=3) / picked.size == pytest.approx(
        [0.25, 0, 0.75], abs=0.02
    )
    rows = draws.choice(np.eye(3)[np.arange(3000) % 3], 2)
    assert np.array_equal(rows, np.repeat(np.arange(3000)[:, None] % 3, 2, axis=1))
    colour = draws.colour(1.0, 1.0, 3)
    assert colour.shape == (3000, 3, 3)
    assert 0 <= colour.min() < 0.02 < 0.98 < colour.max() <= 1
