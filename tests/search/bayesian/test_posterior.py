"""The posterior of a target: right by the textbook formula, and better with good sources."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.adaptive_posterior import AdaptivePosterior
from rlnas.search.bayesian.posterior import Features, PosteriorConfig, TargetPosterior
from rlnas.spaces import get_space


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


def test_the_likelihood_is_the_textbooks(suite):
    from scipy.stats import multivariate_normal

    config = PosteriorConfig()
    features = Features(suite.space, scores_of(suite, 1, 2))
    posterior = TargetPosterior(features, config)
    target = scores_of(suite, 0)[0]
    for index in (5, 900, 2000, 4000):
        posterior.observe(index, target[index])
    rows = posterior.queried
    gram = np.stack([features.covariance(i, config)[rows] for i in rows]) + 0.05 * np.eye(4)
    expected = multivariate_normal(features.prior_mean(config)[rows], gram)
    assert posterior.log_likelihood() == pytest.approx(expected.logpdf(posterior.targets()))


def test_queries_choose_how_far_to_trust_the_sources(suite):
    trusting = PosteriorConfig(operations=0.1)
    doubting = PosteriorConfig(prior_mean=0.0, linear=0.0, smooth=0.0, operations=1.0)
    features = Features(suite.space, scores_of(suite, 1, 2, 3))
    own = scores_of(suite, 0)[0]
    alone = synthetic_suite(num_tasks=1, correlation=0.0, noise=0.0, seed=44)["synthetic-0"].scores
    some = np.random.default_rng(3).choice(suite.space.size, 40, replace=False)
    for target, expected in ((own, trusting), (alone, doubting)):
        posterior = AdaptivePosterior(features, (trusting, doubting))
        for index in some:
            posterior.observe(int(index), target[index])
        assert posterior.speaker.config == expected
        assert posterior.queried == some.tolist()


def test_before_queries_say_anything_the_first_prior_speaks(suite):
    posterior = AdaptivePosterior(Features(suite.space, scores_of(suite, 1)))
    assert posterior.speaker is posterior.members[0]
    posterior.observe(3, 1.0)
    posterior.observe(4, 0.0)
    assert posterior.speaker is posterior.members[0]


def test_priors_must_be_comparable(suite):
    features = Features(suite.space, scores_of(suite, 1))
    for wrong in ((), (PosteriorConfig(), PosteriorConfig(scale="z-score"))):
        with pytest.raises(InvalidArgumentError, match="expected one prior or more"):
            AdaptivePosterior(features, wrong)


@pytest.mark.parametrize(
    "wrong", [{"noise": 0.0}, {"length": -1.0}, {"linear": -0.1}, {"scale": "none"}]
)
def test_a_prior_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        PosteriorConfig(**wrong)


def test_features_need_scores_of_the_space():
    with pytest.raises(ValueError, match="reshape"):
        Features(get_space("transnas-micro"), np.zeros((2, 7)))
