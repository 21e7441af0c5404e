"""Rank correlations of many rows at once."""

import numpy as np
import pytest
from scipy import stats

from rlnas.statistics.correlation import spearman


def test_spearman_is_scipys_with_ties_and_gaps():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (7, 12)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    y = rng.integers(0, 6, (5, 12)).astype(float)
    y[:, 3] = np.nan
    found = spearman(x, y)
    for g in range(7):
        for b in range(5):
            known = ~np.isnan(x[g]) & ~np.isnan(y[b])
            expected = stats.spearmanr(x[g][known], y[b][known]).statistic
            assert found[g, b] == pytest.approx(expected)
    assert np.isnan(spearman(np.ones((1, 4)), y[:, :4])).all()
    assert np.isnan(spearman(np.full((1, 4), np.nan), y[:, :4])).all()
