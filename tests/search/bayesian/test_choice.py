"""The prior that the sources choose: the one that serves them, and nothing of a target enters."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.search.bayesian.choice import Candidate, choose_candidate, draw_weights, replay
from rlnas.search.bayesian.opening import Opening
from rlnas.search.bayesian.posterior import Features, PosteriorConfig


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.8, seed=3)


def test_a_replay_asks_what_no_source_told_it_yet(suite):
    scores = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2)])
    features = Features(suite.space, scores)
    candidate = Candidate(prior=PosteriorConfig(exploration=1.0))
    asked = replay(features, candidate, suite["synthetic-0"].scores, 25)
    assert len(set(asked.tolist())) == len(set(features.alike[asked].tolist())) == 25


def test_a_replay_opens_and_weighs_as_it_is_told(suite):
    scores = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2)])
    features, target = Features(suite.space, scores), suite["synthetic-0"].scores
    candidate = Candidate(prior=PosteriorConfig(exploration=1.0), opening=3)
    asked = replay(features, candidate, target, 6)
    opening = Opening(features, candidate.prior)
    for number in range(3):
        worth = opening.worth(asked[:number])
        worth[asked[:number]] = -np.inf
        assert asked[number] == worth.argmax()
    plain = replay(features, Candidate(prior=candidate.prior), target, 6, np.array([1.0, 0.0]))
    assert plain[0] == features.scores[:, 0].argmax()


def candidates_of(suite):
    trusting = PosteriorConfig(exploration=0.5)
    blind = PosteriorConfig(prior_mean=0.0, linear=0.0, smooth=0.0, operations=0.0, exploration=0.5)
    return Candidate(prior=blind), Candidate(prior=trusting)


@pytest.mark.parametrize("starts", [1, 2])
def test_the_sources_choose_trust_where_they_agree(suite, starts):
    scores = np.stack([task.scores for task in suite.values()])
    blind, trusting = candidates_of(suite)
    features = Features(suite.space, scores)
    options = {"checkpoints": (5, 15), "starts": starts, "jitter": 0.2}
    assert choose_candidate(features, scores, (blind, trusting), **options) == trusting
    assert choose_candidate(features, scores, (trusting, blind), **options) == trusting


def test_each_source_is_searched_so_often_by_every_candidate(suite, monkeypatch):
    scores = np.stack([task.scores for task in suite.values()])
    asked = []

    def counted(features, candidate, table, queries, weights):
        asked.append((candidate.opening, tuple(weights)))
        return np.argsort(-table)[[candidate.opening] * queries]  # opening 0 finds the best at once

    monkeypatch.setattr("rlnas.search.bayesian.choice.replay", counted)
    candidates = [Candidate(opening=number) for number in (9, 0, 2)]
    features = Features(suite.space, scores)
    found = choose_candidate(features, scores, candidates, starts=5, jitter=0.2)
    assert found.opening == 0
    weights = {number: [w for n, w in asked if n == number] for number in (9, 0, 2)}
    assert weights[9] == weights[0] == weights[2]  # compared under the same weights
    assert len(set(weights[0])) == 5 * len(scores)
    asked.clear()
    choose_candidate(features, scores, candidates, starts=1, jitter=0.2)
    assert len(asked) == 3 * len(scores)


def test_one_source_or_one_candidate_leaves_nothing_to_choose(suite):
    first, second = (Candidate(prior=PosteriorConfig(noise=noise)) for noise in (0.05, 0.5))
    one = np.stack([suite["synthetic-1"].scores])
    assert choose_candidate(Features(suite.space, one), one, (first, second)) == first
    two = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2)])
    assert choose_candidate(Features(suite.space, two), two, (second,)) == second


def test_weights_are_shares_around_alike():
    rng = np.random.default_rng(0)
    drawn = np.stack([draw_weights(4, 0.2, rng) for _ in range(500)])
    np.testing.assert_allclose(drawn.sum(axis=1), 1.0)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.25, atol=0.02)
    assert draw_weights(4, 0.0, rng) is None
    assert draw_weights(1, 0.2, rng) is None
