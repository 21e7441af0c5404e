"""The best source, chosen afterwards."""

import numpy as np

from rlnas.reporting.matrix.oracle import cross_fitted_oracle, random_halves


def test_cross_fitting_splits_cells_of_unequal_numbers_of_seeds():
    ranks = np.full((1, 2, 5), np.nan)
    ranks[0, 0, :5], ranks[0, 1, :2] = 1.0, 9.0
    oracle = cross_fitted_oracle(ranks, 30, 0, resampled=True)
    assert (oracle.mean_ranks == 1).all()
    assert (oracle.judged == [[1, 9]]).all()
    assert (oracle.first == 1).all()
    ranks[0, 1, 1] = np.nan
    assert cross_fitted_oracle(ranks, 30, 0, resampled=False) is None


def test_halves_divide_the_known_values_of_each_row():
    values = np.array([[1.0, np.nan, 2, 3, 4, 5], [7, 8, np.nan, np.nan, np.nan, np.nan]])
    one, other = random_halves(values, 20, np.random.default_rng(0))
    both = np.sort(np.concatenate([one, other], axis=-1), axis=-1)
    assert (both[:, 0, :5] == [1, 2, 3, 4, 5]).all()
    assert (both[:, 1, :2] == [7, 8]).all()
    assert np.isnan(both[:, 0, 5:]).all()
    assert (np.isfinite(one).sum(axis=-1) == [2, 1]).all()
