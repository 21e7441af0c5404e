"""Fronts and volumes of points, against the definition."""

import importlib.util

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.pareto import hypervolume, non_dominated

POINTS = st.integers(1, 3).flatmap(
    lambda d: st.integers(0, 12).flatmap(
        lambda n: arrays(np.int64, (n, d), elements=st.integers(0, 4))
    )
)


@given(POINTS)
def test_the_front_is_what_the_definition_says(points):
    kept = non_dominated(points)
    for row, point in enumerate(points):
        beaten = any((other <= point).all() and (other < point).any() for other in points) or any(
            (other == point).all() for other in points[:row]
        )
        assert kept[row] == (not beaten)


def test_unknown_values_are_on_no_front_and_beat_nothing():
    assert non_dominated([[np.nan, 0], [1, 1], [0, np.nan]]).tolist() == [False, True, False]


@given(POINTS)
def test_the_volume_is_the_share_of_cells_that_a_point_dominates(points):
    pytest.importorskip("moocore")
    d = points.shape[1]
    grid = np.stack(np.meshgrid(*[np.arange(4)] * d), axis=-1).reshape(-1, d)
    dominated = sum((points <= cell).all(axis=1).any() for cell in grid)
    assert hypervolume(points, [4] * d) == pytest.approx(dominated)


def test_a_reference_that_does_not_fit_is_refused():
    with pytest.raises(InvalidArgumentError, match="2 objectives"):
        hypervolume([[1, 2]], [1])
    with pytest.raises(InvalidArgumentError, match="shape"):
        non_dominated([1, 2])


@pytest.mark.skipif(importlib.util.find_spec("moocore") is not None, reason="moocore is there")
def test_without_the_library_it_says_what_to_install():
    with pytest.raises(InvalidArgumentError, match=r"rlnas\[pareto\]"):
        hypervolume([[1, 2]], [3, 3])
