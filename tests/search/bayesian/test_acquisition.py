"""Acquisitions against what they are defined by."""

import numpy as np

from rlnas.search.bayesian.acquisition import expected_improvement, promise
from rlnas.search.bayesian.surrogate import Prediction


def test_expected_improvement_is_the_mean_of_improvements():
    rng = np.random.default_rng(0)
    prediction = Prediction(np.array([0.0, 1.0]), np.array([1.0, 0.25]))
    draws = rng.normal(prediction.mean, np.sqrt(prediction.variance), size=(200_000, 2))
    expected = np.maximum(draws - 0.5, 0).mean(axis=0)
    np.testing.assert_allclose(expected_improvement(prediction, 0.5), expected, atol=5e-3)


def test_the_bound_adds_deviations_and_thompson_draws():
    rng = np.random.default_rng(0)
    prediction = Prediction(np.zeros(10_000), np.full(10_000, 4.0))
    assert (promise("ucb", prediction, 0.0, 1.5, rng) == 3.0).all()
    assert abs(promise("thompson", prediction, 0.0, 1.0, rng).std() - 2.0) < 0.1
