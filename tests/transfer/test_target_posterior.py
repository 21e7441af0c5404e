"""The posterior of a target: right by the textbook formula, and better with good sources."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space
from rlnas.transfer.posterior import Features, PosteriorConfig, TargetPosterior
from rlnas.transfer.prior_choice import CANDIDATES, choose_prior


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.7, seed=3)


def scores_of(suite, *numbers):
    return np.stack([suite[f"synthetic-{n}"].scores for n in numbers])


@pytest.mark.parametrize("scale", ["robust", "z-score", "rank-gaussian"])
def test_query_by_query_is_the_textbook_posterior(suite, scale):
    config = PosteriorConfig(scale=scale)
    features = Features(suite.space, scores_of(suite, 1, 2))
    posterior = TargetPosterior(features, config)
    target = scores_of(suite, 0)[0]
    queried = np.random.default_rng(0).choice(suite.space.size, 23, replace=False)
    for index in queried:
        posterior.observe(int(index), target[index])
    columns = np.stack([features.covariance(int(i), config) for i in queried], axis=1)
    gram = columns[queried] + config.noise * np.eye(len(queried))
    prior = features.prior_mean(config)
    residual = posterior.targets() - prior[queried]
    mean = prior + columns @ np.linalg.solve(gram, residual)
    variance = features.variance(config) - np.einsum(
        "ij,ji->i", columns, np.linalg.solve(gram, columns.T)
    )
    np.testing.assert_allclose(posterior.mean, mean, atol=1e-8)
    np.testing.assert_allclose(posterior.deviation, np.sqrt(np.maximum(variance, 1e-9)), atol=1e-6)


def test_the_prior_covariance_is_positive_definite(suite):
    features = Features(suite.space, scores_of(suite, 1, 2, 3))
    some = np.random.default_rng(1).choice(suite.space.size, 80, replace=False)
    gram = np.stack([features.covariance(int(i), PosteriorConfig())[some] for i in some])
    np.testing.assert_allclose(gram, gram.T, atol=1e-12)
    assert np.linalg.eigvalsh(gram).min() > -1e-9
    np.testing.assert_allclose(np.diag(gram), features.variance(PosteriorConfig())[some])


def test_sources_tell_more_than_operations_alone(suite):
    target = scores_of(suite, 0)[0]
    queried = np.random.default_rng(2).choice(suite.space.size, 15, replace=False)
    found = []
    for sources in (scores_of(suite, 1, 2, 3), ()):
        posterior = TargetPosterior(Features(suite.space, sources))
        for index in queried:
            posterior.observe(int(index), target[index])
        found.append(np.corrcoef(posterior.mean, target)[0, 1])
    assert found[0] > found[1] + 0.1
    assert found[1] > 0.2  # without a source it still learns from the operations


def test_worth_explores_what_is_uncertain(suite):
    features = Features(suite.space, scores_of(suite, 1))
    bold = TargetPosterior(features, PosteriorConfig(exploration=100.0))
    bold.observe(7, 1.0)
    assert int(bold.worth().argmax()) == int(bold.deviation.argmax())
    expected = TargetPosterior(features)
    expected.observe(7, 1.0)
    assert (expected.worth() >= 0).all()


def test_an_unmeasured_source_score_counts_as_the_middle(suite):
    scores = scores_of(suite, 1).copy()
    scores[0, :5] = np.nan
    features = Features(suite.space, scores)
    assert (features.scores[:5] == 0).all()
    assert np.isfinite(features.scores).all()


def test_the_prior_is_chosen_on_the_sources():
    """Where sources say nothing of one another, a prior that trusts them less must win."""
    suite = synthetic_suite(num_tasks=3, correlation=0.0, noise=0.0, interaction=0.0, seed=5)
    scores = np.stack([task.scores for task in suite.values()])
    trusting = PosteriorConfig(prior_mean=3.0, operations=0.0)
    doubting = PosteriorConfig(prior_mean=0.0, operations=1.0, linear=0.1, smooth=0.1)
    assert choose_prior(suite.space, scores, (trusting, doubting), 20) == doubting
    suite = synthetic_suite(num_tasks=3, correlation=0.95, noise=0.5, seed=5)
    alike = np.stack([task.scores for task in suite.values()])
    assert choose_prior(suite.space, alike, (doubting, trusting), 20) == trusting
    assert choose_prior(suite.space, scores[:1]) == CANDIDATES[0]


@pytest.mark.parametrize(
    "wrong", [{"noise": 0.0}, {"length": -1.0}, {"linear": -0.1}, {"scale": "none"}]
)
def test_a_prior_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        PosteriorConfig(**wrong)


def test_features_need_scores_of_the_space():
    with pytest.raises(ValueError, match="reshape"):
        Features(get_space("transnas-micro"), np.zeros((2, 7)))
