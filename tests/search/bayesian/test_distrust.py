"""Trust where sources are alike, doubt where they are not; probes are random; order of choices."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.search.bayesian.distrust import STRUCTURED, DistrustingPosterior
from rlnas.search.bayesian.posterior import Features, TargetPosterior
from rlnas.search.bayesian.structure import structure_kernel


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.8, seed=3)


@pytest.fixture(scope="module")
def features(suite):
    scores = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2, 3)])
    return Features(suite.space, scores, structure_kernel(suite.space))


def search(features, target, queries=40, seed=0, **options):
    posterior = DistrustingPosterior(features, np.random.default_rng(seed), **options)
    open_ = np.ones(len(target), dtype=bool)
    for _ in range(queries):
        index = int(np.where(open_, posterior.worth(), -np.inf).argmax())
        posterior.observe(index, target[index])
        open_[index] = False
    return posterior


def test_the_first_choices_are_the_trusting_posteriors(features, suite):
    target = suite["synthetic-0"].scores
    doubting = search(features, target, 10)
    trusting = TargetPosterior(features, STRUCTURED)
    for _ in range(10):
        worth = trusting.worth()
        worth[trusting.queried] = -np.inf
        index = int(worth.argmax())
        trusting.observe(index, target[index])
    assert doubting.queried == trusting.queried
    assert doubting.chosen_by == ["sources"] * 10


def test_the_next_is_a_random_network(features, suite):
    target = suite["synthetic-0"].scores
    first = [search(features, target, 11, seed) for seed in range(20)]
    assert all(posterior.chosen_by[10] == "probe" for posterior in first)
    assert len({posterior.queried[10] for posterior in first}) > 15
    networks = suite.space.canonical_index
    for posterior in first:
        assert networks[posterior.queried[10]] not in networks[posterior.queried[:10]]


def test_sources_that_help_are_kept(features, suite):
    found = [search(features, suite["synthetic-0"].scores, 40, seed) for seed in range(4)]
    assert np.mean([posterior.weights()["sources"] for posterior in found]) > 0.7


@pytest.mark.parametrize("kind", ["reversed", "noise"])
def test_sources_that_mislead_do_little_harm(kind, features, suite):
    noise = np.random.default_rng(9).normal(size=suite.space.size)[suite.space.canonical_index]
    target = noise if kind == "noise" else -suite["synthetic-0"].scores
    ranks, trusting = [], []
    for seed in range(8):
        for found, doubt in ((ranks, 10), (trusting, None)):
            posterior = search(features, target, 50, seed, trusting=doubt)
            found.append((target > target[posterior.queried].max()).sum() + 1)
    assert np.mean(ranks) < 120  # a random search of 50 comes to 80
    if kind == "reversed":
        assert np.mean(ranks) <= np.mean(trusting)


def test_never_doubting(features, suite):
    posterior = search(features, suite["synthetic-0"].scores, 30, trusting=None)
    assert set(posterior.chosen_by) == {"sources"}


def test_queries_of_others_are_nobodys_choice(features, suite):
    target = suite["synthetic-0"].scores
    posterior = DistrustingPosterior(features, np.random.default_rng(0))
    for index in (5, 90, 1700):
        posterior.observe(index, target[index])
    assert posterior.queried == [5, 90, 1700]
    assert posterior.chosen_by == []


def test_weights_are_probabilities(features, suite):
    posterior = search(features, suite["synthetic-0"].scores, 25)
    weights = posterior.weights()
    assert sum(weights.values()) == pytest.approx(1)
    assert set(weights) == {"sources", "structure", "nothing"}


def test_random_choices_reach_each_network_alike(features):
    """A network that is written in many ways is drawn no oftener than another."""
    posterior = DistrustingPosterior(features, np.random.default_rng(0), trusting=1)
    posterior.worth()
    posterior.observe(0, 1.0)
    worth = posterior.worth()
    networks = features.space.canonical_index
    drawable = np.flatnonzero(np.isfinite(worth))
    assert len(drawable) == len(np.unique(networks)) - 1
    assert len(set(networks[drawable])) == len(drawable)
