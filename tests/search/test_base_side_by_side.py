"""Several searches at once: each as if it were alone."""

import numpy as np
import pytest

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError, LeakageError
from rlnas.search import (
    LocalSearch,
    RandomSearch,
    RegularisedEvolution,
    Searcher,
    SideBySideSearcher,
)
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task

LINE = CellSpace("line", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "b", "c"])


def queries(result):
    return [(record.architecture, record.score) for record in result.records]


@pytest.mark.parametrize("make", [RandomSearch, LocalSearch, RegularisedEvolution])
def test_each_search_is_the_one_it_would_be_alone(make, landscape):
    tasks = [landscape(LINE, seed=seed) for seed in (0, 1, 0)]
    together = make().search_many(tasks, 12, [3, 3, 4])
    alone = [make().search(task, 12, seed) for task, seed in zip(tasks, [3, 3, 4], strict=True)]
    assert [queries(r) for r in together] == [queries(r) for r in alone]
    assert [(r.task, r.seed, r.searcher) for r in together] == [
        (r.task, r.seed, r.searcher) for r in alone
    ]
    assert queries(together[0]) != queries(together[2])


def test_nothing_to_search_gives_nothing():
    assert RandomSearch().search_many([], 5, []) == []


@pytest.mark.parametrize(
    ("spaces", "seeds"), [([LINE, LINE], [0]), ([LINE, get_space("transnas-macro")], [0, 1])]
)
def test_tasks_and_seeds_must_fit(spaces, seeds, landscape):
    with pytest.raises(InvalidArgumentError, match="as many of both"):
        RandomSearch().search_many([landscape(space) for space in spaces], 5, seeds)


def test_every_target_is_sealed_until_all_are_done(landscape):
    first, second = landscape(LINE, seed=0), landscape(LINE, seed=1)

    class Peeking(Searcher):
        name = "peeking"

        def _search(self, ledger, rng):
            _ = first.scores

    with pytest.raises(LeakageError):
        Peeking().search_many([second, first], 5, [0, 1])
    assert len(first.scores) == LINE.size  # open again


def test_an_error_comes_through_and_the_end_of_a_budget_does_not(landscape):
    class Straight(Searcher):
        name = "straight"

        def _search(self, ledger, rng):
            for vector in ledger.space.arrays:
                ledger.query(vector)

    class Wrong(Searcher):
        name = "wrong"

        def _search(self, ledger, rng):
            raise BudgetExhaustedError("not true")

    task = landscape(LINE)
    assert [len(r.records) for r in Straight().search_many([task, task], 7, [0, 1])] == [7, 7]
    with pytest.raises(BudgetExhaustedError, match="not true"):
        Wrong().search_many([task], 7, [0])


def test_overriding_how_to_search_once_overrides_searching_many(landscape):
    class Together(SideBySideSearcher):
        name = "together"

        def _search_many(self, ledgers, rngs):
            for ledger in ledgers:
                ledger.query(ledger.space.arrays[0])

    class Own(Together):
        def _search(self, ledger, rng):
            ledger.query(ledger.space.arrays[1])

    task = landscape(LINE)
    for searcher, row in ((Together(), 0), (Own(), 1)):
        (result,) = searcher.search_many([task], 5, [0])
        np.testing.assert_array_equal(result.records[0].vector, LINE.arrays[row])
    assert Together.side_by_side
    assert not Own.side_by_side


def test_failures_are_recorded_in_each_ledger():
    def picky(text):
        if "b" in text:
            raise ValueError("no b")
        return float(len(text))

    results = RandomSearch().search_many([make_task(LINE, picky)] * 2, 20, [0, 1])
    assert all(len(r.records) == 20 for r in results)
    assert all(any(rec.evaluation.failed for rec in r.records) for r in results)
