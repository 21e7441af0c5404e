"""Interquartile means and intervals by resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlnas.statistics.bootstrap import interquartile_means_of_rows, occurrences, random_halves
from rlnas.statistics.samples import interquartile_mean


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-9, 9))
)
def test_interquartile_means_of_rows_leave_out_nan(values):
    values[:, ::4] = np.where(values[:, ::4] > 5, np.nan, values[:, ::4])
    found = interquartile_means_of_rows(values)
    for row, mean in zip(values, found, strict=True):
        known = row[~np.isnan(row)]
        assert mean == pytest.approx(interquartile_mean(known), nan_ok=True)


def test_long_rows_have_the_same_interquartile_mean():
    values = np.random.default_rng(0).normal(size=(3, 1001))
    assert interquartile_means_of_rows(values) == pytest.approx(
        stats.trim_mean(values, 0.25, axis=1)
    )


def test_occurrences_count_and_halves_divide():
    indices = np.array([[0, 0, 2], [1, 1, 1]])
    assert occurrences(indices).tolist() == [[2, 0, 1], [0, 3, 0]]
    values = np.array([[1.0, np.nan, 2, 3, 4, 5], [7, 8, np.nan, np.nan, np.nan, np.nan]])
    one, other = random_halves(values, 20, np.random.default_rng(0))
    both = np.sort(np.concatenate([one, other], axis=-1), axis=-1)
    assert (both[:, 0, :5] == [1, 2, 3, 4, 5]).all()
    assert (both[:, 1, :2] == [7, 8]).all()
    assert np.isnan(both[:, 0, 5:]).all()
    assert (np.isfinite(one).sum(axis=-1) == [2, 1]).all()
