"""Shadows and highlights."""

import dataclasses

import numpy as np
import pytest

from rlnas.datasets.rooms.lighting import diffuse_light, highlight


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
