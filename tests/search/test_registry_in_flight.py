"""Searchers with several queries in flight: what they ask, and that one in flight changes nothing.

The digests were recorded before searchers could have several queries in flight.
"""

import hashlib

import pytest

from rlnas.search import get_searcher, searcher_names
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Budget, Task
from rlnas.testing import check_exhaustion, check_searcher

MICRO = get_space("transnas-micro")
TINY = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)
LARGE = CellSpace(
    "large",
    [(i, j) for j in range(1, 10) for i in range(j)][:40],
    ["none", "skip", "conv1x1", "conv3x3", "conv5x5", "pool"],
    none="none",
    identity="skip",
)
BUDGETS = {"queries": Budget(40), "cost": Budget(cost=60.0)}


CASES = [
    (name, tuple(options.items()), space.name, canonical_free, budget)
    for name, options in (
        ("random", {}),
        ("local", {}),
        ("local", {"improvement": "best"}),
        ("regularised-evolution", {}),
        ("regularised-evolution", {"population": 25, "sample": 2, "with_replacement": True}),
        ("regularised-evolution", {"population": 2, "sample": 2}),
    )
    for space, canonical_free, budget in (
        (MICRO, False, "queries"),
        (MICRO, True, "cost"),
        (TINY, False, "queries"),
        (LARGE, False, "cost"),
        (LARGE, True, "queries"),
    )
]


def digest(name, options, space_name, canonical_free, budget, rugged):
    """Return a digest of the queries of three searches."""
    space = {space.name: space for space in (MICRO, TINY, LARGE)}[space_name]
    text = hashlib.sha256()
    for seed in range(3):
        searcher = get_searcher(name, **dict(options))
        task = Task("t", space, rugged())
        result = searcher.search(task, BUDGETS[budget], seed, canonical_free=canonical_free)
        text.update("\n".join(r.architecture for r in result.records).encode() + b"\0")
    return text.hexdigest()[:12]


# fmt: off
RECORDED = (  # a row for each searcher of CASES
    "a6648bd52879", "e2d7b97ff359", "042a8ac1605e", "13bd341f8e7e", "822b7758bd19",
    "37fce4cdeded", "c525c79ba41b", "a665d584faf9", "6a61fe31ec29", "cc9012a0c429",
    "df71d662feca", "6e35635638e8", "f83ace9d404b", "e84db639a2f1", "a6ac20d62ee1",
    "00222a8a4820", "21e92a4bab36", "d11fb4058160", "970c3ceba3a3", "b13fb6ba446d",
    "ed6382e4766e", "bd23aa5bb102", "9b38dc9f7929", "b628f9d2af91", "5ebcefdb899c",
    "db84ba54fc19", "7eefe26ae1fb", "33a8d37683af", "da2ed60c498e", "189d05932d53",
)
# fmt: on


@pytest.mark.parametrize(
    ("case", "recorded"),
    [*zip(CASES, RECORDED, strict=True)],
    ids=lambda v: v[0] if v in CASES else v,
)
def test_one_in_flight_asks_what_was_always_asked(case, recorded, rugged):
    assert digest(*case, rugged) == recorded


@pytest.mark.parametrize("canonical_free", [False, True])
@pytest.mark.parametrize("space", [MICRO, TINY, LARGE], ids=lambda space: space.name)
def test_random_search_asks_the_same_whatever_is_in_flight(space, canonical_free, rugged, several):
    runs = [
        get_searcher("random")
        .search(Task("t", space, objective), 25, 3, canonical_free=canonical_free)
        .records
        for objective in (rugged(), several(4), several(100))
    ]
    asked = [[r.architecture for r in run] for run in runs]
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize(
    "name",
    [n for n in searcher_names() if not (SEARCHERS.get(n).control or SEARCHERS.get(n).trains)],
)
class TestEverySearcher:
    def test_it_keeps_the_contract(self, name, smooth):
        check_searcher(lambda: get_searcher(name), Task("t", MICRO, smooth(4)))
        check_exhaustion(lambda: get_searcher(name))

    def test_it_asks_all_of_a_small_space(self, name, several):
        for canonical_free in (False, True):
            task = Task("t", TINY, several(5))
            result = get_searcher(name).search(task, 500, 0, canonical_free=canonical_free)
            classes = len(set(TINY.canonical_index)) if canonical_free else TINY.size
            assert len(result.records) == classes

    def test_the_result_states_what_was_in_flight(self, name, smooth):
        several = get_searcher(name).search(Task("t", MICRO, smooth(4)), 6)
        single = get_searcher(name).search(Task("t", MICRO, smooth(1)), 6)
        assert several.options["in_flight"] == 4
        assert "in_flight" not in single.options
