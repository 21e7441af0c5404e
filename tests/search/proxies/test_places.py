"""Ranks among what is left, from orders sorted once, are those of sorting anew."""

import numpy as np

from rlnas.search.proxies.places import Places, ranks_of


def test_places_rank_as_sorting_anew_does():
    rng = np.random.default_rng(0)
    worth = rng.integers(6, size=(3, 200)).astype(float)  # many equals
    worth[1, :90] = -np.inf
    places = Places(worth)
    for size in (200, 77, 1):
        left = rng.permutation(200)[:size]
        assert np.array_equal(places.ranks(left), ranks_of(worth[:, left]))


def test_the_best_is_first_and_equals_share_their_mean():
    assert ranks_of(np.array([[1.0, 9.0, 1.0, -np.inf]])).tolist() == [[2.5, 1.0, 2.5, 4.0]]
