"""What is drawn at random keeps to its bounds."""

import numpy as np
import pytest

from rlnas.datasets.rooms.draws import Draws


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
