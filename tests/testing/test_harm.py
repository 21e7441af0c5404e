"""The check of harm passes random and local search, and catches who trusts a wrong source."""

import numpy as np
import pytest

from rlnas.agents import PPOController
from rlnas.benchmarks import hostile_suite, load_suite
from rlnas.benchmarks.hostile import kind_of, origin_of
from rlnas.search import RandomSearch, get_searcher
from rlnas.testing import ConformanceError, check_does_no_harm
from rlnas.transfer import Source


@pytest.fixture(scope="module")
def suite():
    return load_suite("synthetic-micro")


@pytest.fixture(scope="module")
def hostile(suite):
    return hostile_suite(suite, draws=1)


def some(hostile, *kinds):
    return {name: hostile[name] for name in hostile if kind_of(name) in kinds}


def test_random_search_does_no_harm(hostile):
    check_does_no_harm(lambda name: RandomSearch(), hostile)


def test_a_list_of_the_sources_best_harms_where_the_best_is_the_worst(suite, hostile):
    controller = PPOController(suite.space)

    def factory(name):
        sources = [Source(t, controller, suite[t]) for t in suite if t != origin_of(name)]
        return get_searcher("mean-source-score", sources=sources)

    with pytest.raises(ConformanceError, match=r"negated-synthetic-0: rank \d+ where random is"):
        check_does_no_harm(factory, some(hostile, "negated", "permuted"), budget=10, seeds=3)


def test_the_tolerance_is_of_log_ranks(hostile):
    targets = some(hostile, "latency")
    rank = np.log10(
        targets["latency"].rank(
            get_searcher("most-flops").search(targets["latency"], 10).best.score
        )
    )
    with pytest.raises(ConformanceError, match="latency"):
        check_does_no_harm(lambda name: get_searcher("most-flops"), targets, budget=10, seeds=2)
    check_does_no_harm(
        lambda name: get_searcher("most-flops"), targets, budget=10, seeds=2, tolerance=float(rank)
    )
