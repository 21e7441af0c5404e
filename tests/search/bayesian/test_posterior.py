"""The posterior of a target: right by the textbook formula, and better with good sources."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.posterior import Features, PosteriorConfig, TargetPosterior
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.spaces import get_space


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.7, seed=3)


def scores_of(suite, *numbers):
    return np.stack([suite[f"synthetic-{n}"].scores for n in numbers])


@pytest.mark.parametrize(
    "config",
    [
        PosteriorConfig(scale="robust"),
        PosteriorConfig(scale="z-score"),
        PosteriorConfig(scale="rank-gaussian"),
        PosteriorConfig(structure=0.4, operations=0.0, slope=0.0, log_rank=0.5),
    ],
)
def test_query_by_query_is_the_textbook_posterior(suite, config):
    structure = structure_kernel(suite.space) if config.structure else None
    features = Features(suite.space, scores_of(suite, 1, 2), structure)
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


def test_a_slope_lets_the_target_reverse_its_sources(suite):
    target = -scores_of(suite, 1, 2).mean(axis=0)
    features = Features(suite.space, scores_of(suite, 1, 2))
    some = np.random.default_rng(1).choice(suite.space.size, 12, replace=False)
    likelihoods, agreement = [], []
    for slope in (0.0, 1.0):
        config = PosteriorConfig(linear=0.0, smooth=0.0, operations=0.0, noise=0.3, slope=slope)
        posterior = TargetPosterior(features, config)
        for index in some:
            posterior.observe(int(index), target[index])
        likelihoods.append(posterior.log_likelihood())
        agreement.append(np.corrcoef(posterior.mean, target)[0, 1])
    assert likelihoods[1] > likelihoods[0] + 3
    assert agreement[0] < -0.9 < 0.9 < agreement[1]


def test_the_head_of_each_source_counts_in_the_log_rank(suite):
    features = Features(suite.space, scores_of(suite, 1, 2))
    config = PosteriorConfig(log_rank=1.0)
    found = features.prior_mean(config)
    for source in (0, 1):  # the best of one source is set apart, wherever the other has it
        best = features.scores[:, source].argmax()
        assert (found > found[best]).sum() <= 2
    assert found.std() == pytest.approx(features.scores.mean(axis=1).std())
    one = features.prior_mean(config, np.array([0.0, 1.0]))
    np.testing.assert_array_equal(np.argsort(one), np.argsort(features.scores[:, 1]))
    assert features.without(0).prior_mean(config).argmax() == features.scores[:, 1].argmax()


def test_structure_needs_a_kernel(suite):
    features = Features(suite.space, scores_of(suite, 1))
    with pytest.raises(InvalidArgumentError, match="structure_kernel"):
        features.covariance(0, PosteriorConfig(structure=0.3))


def test_what_no_source_tells_apart_is_alike(suite):
    scores = np.round(scores_of(suite, 1, 2), 0)
    scores[0, :4] = np.nan
    alike = Features(suite.space, scores).alike
    assert len(set(alike[:4].tolist())) == 4  # nothing is known of them
    for one, other in ((10, 11), (200, 3000), (1000, 1001)):
        assert (alike[one] == alike[other]) == (scores[:, one] == scores[:, other]).all()
    assert len(np.unique(Features(suite.space).alike)) == suite.space.size


def test_a_source_can_be_left_out(suite):
    whole, part = (Features(suite.space, scores_of(suite, *n)) for n in ((1, 2, 3), (1, 3)))
    np.testing.assert_array_equal(whole.without(1).scores, part.scores)
    config = PosteriorConfig()
    np.testing.assert_allclose(whole.without(1).covariance(9, config), part.covariance(9, config))
    assert whole.scores.shape[1] == 3


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


@pytest.mark.parametrize(
    "wrong", [{"noise": 0.0}, {"length": -1.0}, {"linear": -0.1}, {"scale": "none"}]
)
def test_a_prior_out_of_range_is_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        PosteriorConfig(**wrong)


def test_features_need_scores_of_the_space():
    with pytest.raises(ValueError, match="reshape"):
        Features(get_space("transnas-micro"), np.zeros((2, 7)))
