"""Every registered searcher passes the exported checks."""

import json

import pytest

from rlnas.search import get_searcher, searcher_names
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import CellSpace, get_space, space_names
from rlnas.tasks import Budget, make_task
from rlnas.testing import check_exhaustion, check_no_leakage, check_searcher

# Lists want a space whose networks are known; tests/transfer/controls has theirs. What trains a
# super-network wants examples; tests/one_shot has those.
SEARCHERS_OF_TABLES = [
    n for n in searcher_names() if not (SEARCHERS.get(n).control or SEARCHERS.get(n).trains)
]
every_searcher = pytest.mark.parametrize("name", SEARCHERS_OF_TABLES)
# A second and more a search: they are looked at on fewer real tables.
MODELS = {"bo-forest", "bo-gp", "bo-ensemble", "proxybo", "brp"}
every_space = pytest.mark.parametrize(
    "space_name", [name for name in space_names() if get_space(name).indexable]
)


@every_searcher
@every_space
def test_searchers_conform_on_every_space(name, space_name, landscape):
    check_searcher(lambda: get_searcher(name), landscape(get_space(space_name)))


@every_searcher
def test_searchers_conform_on_a_space_too_large_to_index(name, large_space):
    task = make_task(large_space, lambda text: float(text.count("conv3x3")))
    check_searcher(lambda: get_searcher(name), task)


@every_searcher
def test_searchers_conform_on_the_large_dense_space(name):
    task = make_task(get_space("attn"), lambda text: float(text.count("relu") + text.count("s2")))
    check_searcher(lambda: get_searcher(name), task)


@pytest.mark.parametrize(
    "name", [name for name in SEARCHERS_OF_TABLES if name not in MODELS - {"bo-gp"}]
)
def test_searchers_conform_on_schedules(name):
    task = make_task(get_space("schedules"), lambda text: float(text.count("l2-0.3")))
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
    tasks = list(real_suite(suite_name).values())
    for task in tasks[:1] if name in MODELS else tasks:
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
