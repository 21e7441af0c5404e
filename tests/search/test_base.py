"""What every searcher shares: ends, callbacks and seals."""

import pytest

from rlnas.errors import BudgetExhaustedError
from rlnas.search import (
    RandomSearch,
    Searcher,
)
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task

MACRO = get_space("transnas-macro")
LINE = CellSpace("line", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "b", "c"])


class TestSearcher:
    def test_an_error_that_is_not_the_end_of_the_budget_comes_through(self):
        class Wrong(Searcher):
            name = "wrong"

            def _search(self, ledger, rng):
                raise BudgetExhaustedError("not true")

        with pytest.raises(BudgetExhaustedError, match="not true"):
            Wrong().search(make_task(LINE, lambda text: 1.0), 5)

    def test_running_into_the_end_of_the_budget_is_a_normal_end(self):
        class Straight(Searcher):
            name = "straight"

            def _search(self, ledger, rng):
                for vector in ledger.space.arrays:
                    ledger.query(vector)

        assert len(Straight().search(make_task(LINE, lambda text: 1.0), 5).records) == 5

    def test_on_query_and_canonical_free_reach_the_ledger(self):
        seen = []
        space = CellSpace("chain", [(0, 1), (1, 2)], ["none", "conv"], none="none")
        task = make_task(space, lambda text: 1.0)
        result = RandomSearch().search(task, 4, 0, canonical_free=True, on_query=seen.append)
        assert seen == list(result.records)
        assert len(seen) == 2, "one whole chain, and the broken ones are one class"
        assert result.options["canonical_free"] is True

    def test_the_task_is_unsealed_after_an_error(self, landscape):
        task = landscape(MACRO)

        def stop(record):
            raise RuntimeError

        with pytest.raises(RuntimeError):
            RandomSearch().search(task, 5, on_query=stop)
        assert task.best()
