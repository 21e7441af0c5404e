"""Interquartile and plain means along an axis."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlnas.statistics.means import interquartile_mean, known_mean


def test_a_quarter_is_cut_at_either_end():
    assert interquartile_mean([1000, 1, 2, 3, 4, 5, 6, -1000]) == pytest.approx(3.5)
    assert interquartile_mean([1, 2, 6]) == 3.0  # fewer than four: nothing to cut
    assert math.isnan(interquartile_mean([]))
    values = np.arange(8.0).reshape(2, 4)
    assert interquartile_mean(values) == 3.5
    assert interquartile_mean(values, axis=1).tolist() == [1.5, 5.5]
    assert interquartile_mean(values, axis=0).tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("n", [3, 4, 10, 1001])
def test_it_is_scipys_trimmed_mean(n):
    values = np.random.default_rng(n).normal(size=(3, n))
    expected = stats.trim_mean(values, 0.25, axis=1)
    assert interquartile_mean(values, axis=1) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-9, 9))
)
def test_nan_is_left_out_of_each_row(values):
    values[:, ::4] = np.where(values[:, ::4] > 5, np.nan, values[:, ::4])
    known = [row[~np.isnan(row)] for row in values]
    expected = [stats.trim_mean(row, 0.25) if len(row) else np.nan for row in known]
    assert interquartile_mean(values, axis=1) == pytest.approx(expected, nan_ok=True)
    expected = [row.mean() if len(row) else np.nan for row in known]
    assert known_mean(values) == pytest.approx(expected, nan_ok=True)
