"""Rank correlations of many samples at once."""

import numpy as np
import pytest
from scipy import stats

from rlnas.statistics.correlation import (
    spearman,
    spearman_rows,
    weighted_kendall,
    weighted_pearson,
)


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


def test_weighted_kendall_is_tau_b_of_the_repeated_sample():
    rng = np.random.default_rng(0)
    x, y = rng.integers(5, size=(3, 12)).astype(float), rng.integers(4, size=12).astype(float)
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=6)
    found = weighted_kendall(x, y, counts)
    for row, count in enumerate(counts):
        repeated = np.repeat(np.arange(12), count)
        for source in range(3):
            tau = stats.kendalltau(x[source, repeated], y[repeated]).statistic
            assert found[row, source] == pytest.approx(tau)


def test_weighted_correlations_of_constants_are_zero():
    x, y = np.ones((1, 4)), np.arange(4.0)
    assert weighted_kendall(x, y, np.ones((1, 4))).tolist() == [[0.0]]
    assert weighted_pearson(x, y, np.ones((1, 4))).tolist() == [[0.0]]


def test_weighted_pearson_is_pearson():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9)), rng.normal(size=9)
    found = weighted_pearson(x, y, np.ones((1, 9)))[0]
    assert found == pytest.approx([stats.pearsonr(row, y).statistic for row in x])


def test_spearman_of_rows_is_scipys_on_what_both_know():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 5, (2, 30, 12)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    y[rng.random(y.shape) < 0.2] = np.nan
    found = spearman_rows(x, y)
    for a, b, each in zip(x, y, found, strict=True):
        known = ~(np.isnan(a) | np.isnan(b))
        assert each == pytest.approx(stats.spearmanr(a[known], b[known]).statistic)
    assert np.isnan(spearman_rows(np.ones((1, 3)), np.arange(3.0)[None]))[0]
