"""Abilities are shares of pairs; influence is their softmax."""

import numpy as np
from scipy.stats import kendalltau

from rlnas.search.proxies.reliability import falling_temperature, influence_of, ordering_ability


def test_ability_is_kendalls_tau_on_another_scale():
    rng = np.random.default_rng(0)
    scores, predicted = rng.normal(size=30), rng.normal(size=(4, 30))
    taus = [kendalltau(row, scores).statistic for row in predicted]
    np.testing.assert_allclose(2 * ordering_ability(predicted, scores) - 1, taus)


def test_equal_scores_say_nothing_and_equal_predictions_half():
    scores = np.array([1.0, 1.0, 2.0])
    assert ordering_ability(np.array([[5.0, 0.0, 9.0]]), scores) == 1.0
    assert ordering_ability(np.zeros((1, 3)), scores) == 0.5
    assert ordering_ability(np.array([[0.0, 1.0]]), np.ones(2)) == 0.5
    low = np.array([[-np.inf, -np.inf, 0.0]])
    assert ordering_ability(low, scores) == 1.0


def test_influence_hardens_as_the_temperature_falls():
    abilities = np.array([0.6, 0.7])
    soft = influence_of(abilities, falling_temperature(0.05, 1))
    hard = influence_of(abilities, falling_temperature(0.05, 20))
    np.testing.assert_allclose(soft[1] / soft[0], np.exp(2))
    np.testing.assert_allclose(hard[1] / hard[0], np.exp(2 * (1 + np.log(20))))
    assert abs(hard.sum() - 1) < 1e-12
