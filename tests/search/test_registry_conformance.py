"""Every registered searcher passes the exported checks, and the checks catch broken searchers."""

import json
import random

import numpy as np
import pytest

from rlnas.search import RandomSearch, Searcher, get_searcher, searcher_names
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import CellSpace, get_space, space_names
from rlnas.tasks import Budget, make_task
from rlnas.testing import ConformanceError, check_exhaustion, check_no_leakage, check_searcher

every_searcher = pytest.mark.parametrize("name", searcher_names())
every_space = pytest.mark.parametrize("space_name", space_names())


@every_searcher
@every_space
def test_searchers_conform_on_every_space(name, space_name, landscape):
    check_searcher(lambda: get_searcher(name), landscape(get_space(space_name)))


@every_searcher
def test_searchers_conform_on_a_space_too_large_to_index(name, large_space):
    task = make_task(large_space, lambda text: float(text.count("conv3x3")))
    check_searcher(lambda: get_searcher(name), task)


@every_searcher
def test_searchers_end_when_all_is_known(name):
    check_exhaustion(lambda: get_searcher(name))


@every_searcher
@every_space
@pytest.mark.parametrize("canonical_free", [False, True])
def test_searchers_leak_nothing(name, space_name, canonical_free, landscape):
    task = landscape(get_space(space_name))
    check_no_leakage(lambda: get_searcher(name), task, 50, seed=1, canonical_free=canonical_free)


@every_searcher
@pytest.mark.realdata
@pytest.mark.parametrize("suite_name", ["transnas-micro", "transnas-macro"])
def test_searchers_leak_nothing_of_real_tables(name, suite_name, real_suite):
    for task in real_suite(suite_name).values():
        check_no_leakage(lambda: get_searcher(name), task, 50, seed=2)


@every_searcher
def test_seeds_and_tasks_of_one_name_differ_only_as_they_should(name, landscape):
    task = landscape(get_space("transnas-micro"))
    first, second = (get_searcher(name).search(task, 30, seed=s) for s in (0, 1))
    assert [r.architecture for r in first.records] != [r.architecture for r in second.records]


@every_searcher
def test_a_space_of_two_architectures(name):
    space = CellSpace("two", [(0, 1)], ["a", "b"])
    result = get_searcher(name).search(make_task(space, lambda text: float(text == "b")), 100)
    assert sorted(r.architecture for r in result.records) == ["a", "b"]
    assert result.best.architecture == "b"


@every_searcher
def test_a_cost_budget_far_beyond_the_space_ends(name):
    space = CellSpace("nine", [(0, 1), (1, 2)], ["a", "b", "c"])
    task = make_task(space, lambda text: {"score": 1.0, "cost": 0.0})
    assert len(get_searcher(name).search(task, Budget(cost=1e9)).records) == 9


@every_searcher
def test_where_all_scores_are_equal_the_budget_is_still_spent(name):
    task = make_task(get_space("transnas-macro"), lambda text: 1.0)
    assert len(get_searcher(name).search(task, 300).records) == 300


@every_searcher
def test_a_result_states_its_options(name, landscape):
    result = get_searcher(name).search(landscape(get_space("transnas-macro")), 5)
    options = dict(result.options)
    assert options.pop("canonical_free") is False
    assert options == dict(get_searcher(name).options())
    json.dumps(options)


# -- the checks catch broken searchers ----------------------------------------------------------


class Peeking(Searcher):
    """Reads the objective's table behind the ledger's back and starts at its best."""

    name = "peeking"

    def _search(self, ledger, rng):
        table = ledger._objective._scores
        for row in np.argsort(-np.nan_to_num(table))[:5]:
            ledger.query(ledger.space.from_index([row])[0])


class PeekingAtTheMean(RandomSearch):
    """Stops early by a quantile of the table: a leak through the stopping rule."""

    name = "peeking-at-the-mean"

    def _search(self, ledger, rng):
        goal = np.nanquantile(ledger._objective._scores, 0.9)
        sampler = UnseenSampler(ledger, rng)
        while not ledger.exhausted and (ledger.best is None or ledger.best.score < goal):
            ledger.query(sampler.draw())


class GlobalRandomness(Searcher):
    name = "global"

    def _search(self, ledger, rng):
        while not ledger.exhausted:
            row = random.randrange(ledger.space.size)
            ledger.query(ledger.space.from_index([row])[0])


class Remembering(RandomSearch):
    """Continues where its last search ended."""

    name = "remembering"
    rounds = 0

    def _search(self, ledger, rng):
        self.rounds += 1
        super()._search(ledger, np.random.default_rng(self.rounds))


class Fragile(Searcher):
    """Takes it for granted that something succeeds."""

    name = "fragile"

    def _search(self, ledger, rng):
        sampler = UnseenSampler(ledger, rng)
        while not ledger.exhausted:
            ledger.query(sampler.draw())
            assert ledger.best.score is not None


class Lazy(Searcher):
    name = "lazy"

    def _search(self, ledger, rng):
        pass


class Secretive(RandomSearch):
    name = "secretive"

    def options(self):
        return {"rng": np.random.default_rng(0)}


@pytest.mark.parametrize("leaky", [Peeking, PeekingAtTheMean])
def test_leaks_are_caught(leaky, landscape):
    with pytest.raises(ConformanceError, match="nothing of its target but its own queries"):
        check_no_leakage(leaky, landscape(get_space("transnas-micro"), noise=1.0), 50, seed=0)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (GlobalRandomness, "global random generator"),
        (Remembering, "other queries with the same seed"),
        (Fragile, "must not end a search"),
        (Lazy, "made 0 queries"),
        (Secretive, "JSON"),
    ],
)
def test_broken_searchers_are_caught(broken, message, landscape):
    with pytest.raises(ConformanceError, match=message):
        check_searcher(broken, landscape(get_space("transnas-macro")))


def test_a_searcher_that_gives_up_is_caught():
    with pytest.raises(ConformanceError, match="queried 0 of 27"):
        check_exhaustion(Lazy)
