"""ProxyBO: only ranks count, the able lead, and every quantity is in the result."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import SearchResult, get_searcher
from rlnas.search.proxies.proxy_bo import ProxyBO
from rlnas.spaces import get_space
from rlnas.tasks import Budget, make_task
from rlnas.testing import check_exhaustion, check_searcher
from rlnas.testing.searchers import queries_of


def asked(task, **options):
    return queries_of(ProxyBO(**options).search(task, 30, seed=1))


@pytest.mark.parametrize("options", [{}, {"combine": "sample"}, {"negated": True}])
def test_a_monotone_change_of_a_proxy_changes_nothing(proxied, options):
    plain = asked(proxied(), **options)
    assert asked(proxied(lambda column: np.exp(column / 10)), **options) == plain
    assert asked(proxied(lambda column: 3 * column**3 - 7), **options) == plain
    # With its negative beside it, a proxy may as well be reversed.
    reversed_ = asked(proxied(lambda column: -column), **options)
    assert (reversed_ == plain) == bool(options.get("negated"))


def test_influence_goes_to_the_able(proxied):
    records = ProxyBO().search(proxied(), 40).records
    last = records[-1].notes
    assert last["influence/good"] + last["influence/surrogate"] > 0.99
    assert last["ability/good"] > 0.8 > 0.6 > last["ability/noise"] > last["ability/against"]
    assert abs(sum(v for k, v in last.items() if k.startswith("influence/")) - 1) < 1e-9
    assert records[0].notes == {}  # the first queries are random


def test_a_negated_proxy_can_lead(proxied):
    task = proxied()
    del task.proxies._columns["good"], task.proxies._columns["noise"]
    records = ProxyBO(negated=True, surrogate_model="none").search(task, 20).records
    assert records[-1].notes["influence/-against"] > 0.99
    # In its first choice it takes what the reversed proxy ranks best.
    assert records[10].notes["rank/-against"] == 1


def test_the_result_keeps_its_notes_on_disk(proxied, tmp_path):
    result = ProxyBO().search(proxied(), 15)
    loaded = SearchResult.load(result.save(tmp_path / "search.parquet"))
    assert [r.notes for r in loaded.records] == [r.notes for r in result.records]
    frame = result.to_frame()
    assert frame["note/influence/good"].notna().sum() == 5
    assert (frame["note/rank/candidates"].dropna() > 4000).all()


def test_without_proxies_it_is_bayesian_optimisation(proxied):
    plain = ProxyBO(proxies=()).search(proxied(), 25)
    assert all(r.notes == {} for r in plain.records)
    assert plain.best.score > np.median(plain.scores)


def test_fixed_and_given_influence(proxied):
    fixed = ProxyBO(influence="fixed").search(proxied(), 12).records[-1].notes
    assert {v for k, v in fixed.items() if k.startswith("influence/")} == {0.25}
    told = ProxyBO(abilities=(0.5, 0.9, 0.5, 0.5)).search(proxied(), 12).records[-1].notes
    assert told["influence/good"] > 0.99
    assert told["ability/good"] == 0.9
    with pytest.raises(InvalidArgumentError, match="abilities"):
        ProxyBO(abilities=(0.5,)).search(proxied(), 12)


def test_what_proxies_cost_is_charged(proxied):
    task = proxied()
    task.proxies.free = False
    result = ProxyBO(live=40).search(task, 20)
    assert all(r.notes["rank/candidates"] <= 40 for r in result.records[10:])
    assert result.cost > sum(r.evaluation.cost for r in result.records[:10])
    ledger = task.ledger(Budget(cost=1.0))
    ledger.charge(2.0)
    assert ledger.exhausted


@pytest.mark.parametrize("name", ["proxybo", "proxy-rank", "robot", "proxy-evolution"])
def test_they_conform_where_there_are_proxies(name, proxied):
    check_searcher(lambda: get_searcher(name), proxied())


@pytest.mark.parametrize("name", ["proxybo", "proxy-rank", "robot", "proxy-evolution"])
def test_they_ask_all_of_a_space_whose_proxies_are_computed(name):
    check_exhaustion(lambda: get_searcher(name))
    space = get_space("transnas-macro")
    task = make_task(space, lambda text: 1.0, proxies={"length": (space.arrays > 0).sum(axis=1)})
    task.proxies.free = False
    assert len(get_searcher(name).search(task, 150).records) == 150


@pytest.mark.parametrize(
    "options", [{"combine": "x"}, {"folds": 1}, {"temperature": 0.0}, {"live": 0}]
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        ProxyBO(**options)
