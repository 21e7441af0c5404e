"""Smooth functions of networks."""

import numpy as np

from rlnas.benchmarks.smooth_draw import smooth_draw
from rlnas.spaces import CellSpace, get_space
from rlnas.spaces.paths import path_features

SPACE = CellSpace("three", [(0, 1), (0, 2), (1, 2)], ["none", "skip_connect", "conv"], none="none")


def test_a_draw_has_the_covariance_of_its_kernel():
    features = path_features(get_space("transnas-macro"))[::400]
    draws = np.stack([smooth_draw(features, seed) for seed in range(300)])
    distance = np.square(features[:, None] - features[None]).sum(axis=2)
    error = np.cov(draws.T, bias=True) - np.exp(-distance / 8)
    assert np.abs(error).max() < 0.35
    assert np.abs(error).mean() < 0.1


def test_draws_follow_from_seed_and_name():
    features = path_features(SPACE)
    first = smooth_draw(features, 0, "a")
    assert (first == smooth_draw(features, 0, "a")).all()
    assert not (first == smooth_draw(features, 0, "b")).all()
    assert not (first == smooth_draw(features, 1, "a")).all()
