"""Patterns on surfaces."""

import numpy as np
import pytest

from rlnas.datasets.rooms.textures import TEXTURES, pattern


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
