"""The prior that the sources choose: the one that serves them, and nothing of a target enters."""

import numpy as np
import pytest

from rlnas.benchmarks import synthetic_suite
from rlnas.search.bayesian.choice import choose_prior, replay
from rlnas.search.bayesian.posterior import Features, PosteriorConfig


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.8, seed=3)


def test_a_replay_asks_what_no_source_told_it_yet(suite):
    scores = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2)])
    features = Features(suite.space, scores)
    asked = replay(features, PosteriorConfig(exploration=1.0), suite["synthetic-0"].scores, 25)
    assert len(set(asked.tolist())) == len(set(features.alike[asked].tolist())) == 25


def test_the_sources_choose_trust_where_they_agree(suite):
    scores = np.stack([task.scores for task in suite.values()])
    trusting = PosteriorConfig(exploration=0.5)
    blind = PosteriorConfig(prior_mean=0.0, linear=0.0, smooth=0.0, operations=0.0, exploration=0.5)
    features = Features(suite.space, scores)
    assert choose_prior(features, scores, (blind, trusting), checkpoints=(5, 15)) == trusting
    assert choose_prior(features, scores, (trusting, blind), checkpoints=(5, 15)) == trusting


def test_one_source_or_one_prior_leaves_nothing_to_choose(suite):
    first, second = PosteriorConfig(), PosteriorConfig(noise=0.5)
    one = np.stack([suite["synthetic-1"].scores])
    assert choose_prior(Features(suite.space, one), one, (first, second)) == first
    two = np.stack([suite[f"synthetic-{n}"].scores for n in (1, 2)])
    assert choose_prior(Features(suite.space, two), two, (second,)) == second
