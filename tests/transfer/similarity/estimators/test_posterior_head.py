"""Posterior head: its probes are good and in the heads, and it finds the kin."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.transfer.similarity import PosteriorHead, query_probes
from rlnas.transfer.similarity.policy_preference import policy_preferences


def probed(sources, task, queries, **options):
    ledger, rng = task.ledger(max(queries, 1)), np.random.default_rng(0)
    estimator = PosteriorHead(**options)
    estimator.probe(sources, ledger, rng, queries)
    return estimator, ledger


def test_the_first_probes_are_what_the_policies_prefer(trained_sources, family):
    space = family.tasks["sun-1"].space
    _, ledger = probed(trained_sources, family.tasks["sun-1"], 10)
    favourites = policy_preferences(trained_sources, space).argmax(axis=1)
    queried = space.index(ledger.vectors())
    assert len(set(queried.tolist())) == 10
    assert queried[:3].tolist() == favourites.tolist()
    heads = np.argsort(-policy_preferences(trained_sources, space), axis=1)[:, :20]
    assert np.isin(queried, heads).all()


def test_its_probes_are_better_than_random_ones(trained_sources, family):
    task = family.tasks["sun-1"]
    _, own = probed(trained_sources, task, 10)
    random = task.ledger(10)
    table = policy_preferences(trained_sources, task.space)
    query_probes("random", table, random, np.random.default_rng(1), 10)
    assert task.rank(own.best.score) < task.rank(random.best.score)


@pytest.mark.parametrize(("target", "kin"), [("sun-1", "sun-2"), ("rain-1", "rain-2")])
def test_it_finds_the_kin(target, kin, trained, family):
    sources = [source for name, source in trained.items() if name != target]
    estimator, ledger = probed(sources, family.tasks[target], 10)
    ranking = estimator.rank(sources, ledger, np.random.default_rng(2))
    assert ranking.best == kin
    assert ranking.weights.max() > 0.5
    assert ranking.queries == 10


def test_a_small_head_is_used_up_and_no_more_is_asked(trained_sources, family):
    _, ledger = probed(trained_sources, family.tasks["sun-1"], 10, head=2)
    assert 4 <= len(ledger) <= 6


def test_numbers_out_of_range_are_refused():
    for wrong in ({"head": 0}, {"draws": 0}):
        with pytest.raises(InvalidArgumentError, match="1 or more"):
            PosteriorHead(**wrong)
