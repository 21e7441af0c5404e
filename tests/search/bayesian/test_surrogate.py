"""Surrogates: what is listed, and how architectures become numbers."""

import numpy as np

from rlnas.search.bayesian.surrogate import is_listed, one_hot
from rlnas.spaces import get_space


def test_one_hot_has_a_one_for_each_position():
    space = get_space("transnas-micro")
    hot = one_hot(space, space.arrays[:50])
    assert hot.dtype == np.float32
    assert (hot.reshape(50, 6, 4).argmax(axis=2) == space.arrays[:50]).all()
    assert (hot.sum(axis=1) == 6).all()
    assert is_listed(space)
