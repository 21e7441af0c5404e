"""The best source, chosen afterwards."""

import numpy as np

from rlnas.reporting.matrix.oracle import cross_fitted_oracle


def test_cross_fitting_splits_cells_of_unequal_numbers_of_seeds():
    ranks = np.full((1, 2, 5), np.nan)
    ranks[0, 0, :5], ranks[0, 1, :2] = 1.0, 9.0
    oracle = cross_fitted_oracle(ranks, 30, 0, resampled=True)
    assert (oracle.mean_ranks == 1).all()
    assert (oracle.judged == [[1, 9]]).all()
    assert (oracle.first == 1).all()
    ranks[0, 1, 1] = np.nan
    assert cross_fitted_oracle(ranks, 30, 0, resampled=False) is None
