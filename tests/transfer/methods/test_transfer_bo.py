"""A posterior over the sources' results, and the target that must not be among them."""

import numpy as np
import pytest

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.search import get_searcher
from rlnas.search.base import declared_bound
from rlnas.tasks import TabularTask
from rlnas.transfer import Source
from rlnas.transfer.methods.transfer_bo import CANDIDATES


def known(synthetic, *names):
    blank = PPOController(synthetic.space)
    return [Source(name, blank, synthetic[name]) for name in names]


@pytest.mark.parametrize("name", ["transfer-bo", "round-robin", "selected-source", "guided-reuse"])
def test_a_source_with_the_target_s_results_is_refused(name, synthetic):
    method = get_searcher(name, sources=known(synthetic, "synthetic-0", "synthetic-1"))
    again = load_suite("synthetic-micro")["synthetic-1"]
    renamed = TabularTask("mine", again.space, again.scores, again.metric)
    for target in (synthetic["synthetic-1"], again, renamed):
        with pytest.raises(LeakageError, match=r"synthetic-1.*Leave that source out"):
            method.search(target, 3)
        with pytest.raises(LeakageError):
            method.search_many([synthetic["synthetic-2"], target], 3, [0, 1])
    assert len(method.search(synthetic["synthetic-2"], 3).records) == 3


def test_a_declared_bound_may_know_the_target(synthetic):
    method = get_searcher("round-robin", sources=known(synthetic, "synthetic-1"))
    with declared_bound():
        found = method.search(synthetic["synthetic-1"], 1)
    assert found.best.score == np.nanmax(synthetic["synthetic-1"].scores)
    with pytest.raises(LeakageError):
        method.search(synthetic["synthetic-1"], 1)


def test_a_further_suite_with_the_target_is_refused(synthetic):
    method = get_searcher(
        "transfer-bo", sources=known(synthetic, "synthetic-0"), further=("synthetic-micro",)
    )
    with pytest.raises(LeakageError, match="synthetic-1"):
        method.search(synthetic["synthetic-1"], 3)


@pytest.mark.parametrize(("opening", "openings"), [(3, {3}), (None, {0, 4})])
def test_the_sources_are_asked_which_prior_and_opening(synthetic, monkeypatch, opening, openings):
    asked = {}

    def last(features, scores, candidates, **options):
        asked.update(options, openings={each.opening for each in candidates})
        return candidates[-1]

    monkeypatch.setattr("rlnas.transfer.methods.transfer_bo.choose_candidate", last)
    sources = known(synthetic, "synthetic-0", "synthetic-1")
    method = get_searcher("transfer-bo", sources=sources, opening=opening, starts=2)
    assert method.prior == CANDIDATES[-1]
    assert method.options()["opening"] == max(openings)
    assert asked == {"openings": openings, "starts": 2, "jitter": method.config.jitter}
    plain = get_searcher("transfer-bo", sources=sources, choose=False)
    assert plain.prior == CANDIDATES[0]


@pytest.mark.parametrize("wrong", [{"starts": 0}, {"opening": -1}, {"trusting": 0}])
def test_what_is_out_of_range_is_refused(synthetic, wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        get_searcher("transfer-bo", sources=known(synthetic, "synthetic-0"), **wrong)
