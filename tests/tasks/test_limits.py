"""Limits on what architectures cost: who is refused, what it costs, and when a search is over."""

import numpy as np
import pytest

from rlnas.errors import BudgetExhaustedError, InvalidArgumentError
from rlnas.spaces import CellSpace
from rlnas.tasks import Limit, Limits, make_task, query_together
from rlnas.tasks.proxies import ProxyColumns

TINY = CellSpace("tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none")
LARGE = CellSpace(
    "large", [(i, j) for j in range(1, 11) for i in range(j)][:45], ["none", "skip", "conv"]
)


class Convolutions:
    """Counts convolutions, and how often it was asked."""

    names = ("convolutions",)

    def __init__(self, free=True):
        self.free = free
        self.asked = 0

    def values(self, names, vectors):
        self.asked += len(vectors)
        return np.sum(vectors == 2, axis=1, dtype=np.float64)[None].repeat(len(names), 0)


def limited(space, most, free=True):
    source = Convolutions(free)
    task = make_task(space, lambda text: float(text.count("conv")))
    task.limits = Limits(space, [Limit("convolutions", most, source)])
    return task, source


def test_what_is_over_the_limit_costs_no_query_and_is_not_evaluated():
    seen = []
    task = make_task(TINY, lambda text: seen.append(text) or 1.0)
    task.limits = Limits(TINY, [Limit("convolutions", 1, Convolutions())])
    ledger = task.ledger(2)
    refused = ledger.query([2, 2, 0])
    assert refused.failed
    assert refused.error == "over the limit: convolutions 2, allowed 1"
    assert refused.cost == 0
    assert (ledger.queries, seen) == (0, [])
    both = ledger.query_many([[2, 2, 2], [2, 0, 0], [2, 2, 0]])
    assert [e.failed for e in both] == [True, False, True]
    assert ledger.queries == 1
    assert ledger.refused.tolist() == [[2, 2, 0], [2, 2, 2]]
    ledger.query([0, 0, 0])
    assert ledger.query([2, 2, 0]).failed  # free also when the budget is spent
    with pytest.raises(BudgetExhaustedError):
        ledger.query([1, 0, 0])


def test_ledgers_asked_together_refuse_each_for_itself():
    strict, _ = limited(TINY, 1)
    lax, _ = limited(TINY, 2)
    first, second = strict.ledger(3), lax.ledger(3)
    found = query_together([(first, [2, 2, 0]), (second, [2, 2, 0]), (first, [2, 0, 0])])
    assert [e.failed for e in found] == [True, False, False]
    assert (first.queries, second.queries) == (1, 1)


def test_a_space_is_looked_up_once_and_ends_where_nothing_is_left():
    task, source = limited(TINY, 1)
    ledger = task.ledger(100)
    allowed = TINY.arrays[(TINY.arrays == 2).sum(axis=1) <= 1]
    assert ledger.remaining == ledger.distinct == len(allowed) == 20
    assert source.asked == TINY.size
    assert ledger.seen([2, 2, 2]).failed  # it is known beforehand
    assert ledger.seen([2, 0, 0]) is None
    ledger.query_many(allowed)
    assert ledger.exhausted
    assert source.asked == TINY.size + 1  # and once to say by how much


def test_of_equal_networks_only_the_dear_ones_are_refused():
    task, _ = limited(TINY, 1)
    ledger = task.ledger(100, canonical_free=True)
    dead, alive = [2, 2, 0], [0, 2, 0]  # what 0→1 does leads nowhere
    assert ledger.key(dead) == ledger.key(alive)
    assert ledger.query(dead).failed
    assert not ledger.query(alive).failed
    assert not ledger.query(dead).failed  # its network is known by now
    assert ledger.queries == 1
    allowed = (TINY.arrays == 2).sum(axis=1) <= 1
    assert ledger.distinct == len(np.unique(TINY.canonical_index[allowed]))


def test_measured_costs_are_asked_one_by_one_and_count_as_seconds():
    task, source = limited(TINY, 1, free=False)
    ledger = task.ledger(5)
    assert ledger.seen([2, 2, 2]) is None  # not known before it is asked for
    assert source.asked == 0
    assert ledger.query([2, 2, 2]).failed
    assert ledger.seen([2, 2, 2]).failed
    assert source.asked == 1
    ledger.query([2, 2, 2])
    assert source.asked == 1
    assert ledger.spent_cost > 0
    assert ledger.distinct == TINY.size - 1
    spent = ledger.spent_cost
    assert ledger.query([0, 0, 0]).cost >= spent


def test_cheap_costs_spare_the_measuring_of_dear_ones():
    cheap, dear = Convolutions(), Convolutions(free=False)
    limits = Limits(TINY, [Limit("convolutions", 1, dear), Limit("convolutions", 2, cheap)])
    assert limits.broken(np.array([2, 2, 2], dtype=np.int8)).endswith("allowed 2")
    assert dear.asked == 0
    assert limits.broken(np.array([2, 2, 0], dtype=np.int8)).endswith("allowed 1")
    assert dear.asked == 1


def test_a_search_of_a_space_without_anything_allowed_comes_to_an_end(caplog):
    task, _ = limited(LARGE, 0.5, free=False)
    ledger = task.ledger(5)
    rng = np.random.default_rng(0)
    while not ledger.exhausted:
        ledger.query_many(LARGE.sample(50, rng))
    assert ledger.queries == 0
    assert "over the limits" in caplog.text


def test_unknown_costs_and_limits_that_nothing_keeps_are_refused():
    with pytest.raises(InvalidArgumentError, match="no cost 'macs'"):
        Limit("macs", 1, Convolutions())
    for most in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidArgumentError, match="above 0"):
            Limit("convolutions", most, Convolutions())
    columns = ProxyColumns(TINY, {"size": np.arange(27.0) + 5, "nothing": np.full(27, np.nan)})
    with pytest.raises(InvalidArgumentError, match=r"keeps to size 4; .* size 5\. Allow more"):
        Limits(TINY, [Limit("size", 4, columns)]).allowed(TINY.arrays)
    assert Limits(TINY, [Limit("size", 6, columns)]).allowed(TINY.arrays).sum() == 2


def test_without_limits_everything_is_allowed():
    ledger = make_task(TINY, lambda text: 1.0).ledger(3)
    assert ledger.allowed(TINY.arrays).all()
    assert ledger.refused.shape == (0, 3)
    assert not Limits(TINY, [])
