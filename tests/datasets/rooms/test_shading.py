"""Textures, light and the sensor: bounds and directions that a slip of sign would break."""

import numpy as np
import pytest

from rlnas.datasets.rooms.camera import QUINCUNX
from rlnas.datasets.rooms.shading import expose, shade
from rlnas.datasets.rooms.tracing import trace


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
