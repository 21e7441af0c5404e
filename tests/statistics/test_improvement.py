"""How often a run of one method beats a run of another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlnas.statistics.improvement import probability_of_improvement


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
)
def test_pairs_are_counted_and_ties_half(x, y):
    wins = np.mean([(a > b) + 0.5 * (a == b) for a in x for b in y])
    assert probability_of_improvement(x, y) == pytest.approx(wins)
    assert probability_of_improvement(y, x) == pytest.approx(1 - wins)


def test_many_samples_at_once_with_gaps():
    own = np.array([[1.0, 2, np.nan], [3, 3, 3], [np.nan, np.nan, np.nan]])
    base = np.array([[0.0, 2], [4, np.nan], [1, 1]])
    found = probability_of_improvement(own, base)
    assert found.tolist()[:2] == [(1 + 0 + 1 + 0.5) / 4, 0]
    assert np.isnan(found[2])
    for row in range(2):
        assert probability_of_improvement(own[row], base[row]) == found[row]
