"""Several queries at once: the same records as one by one, whatever the objective can do."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError
from rlnas.spaces import CellSpace
from rlnas.tasks import Budget, Evaluation, Metric, QueryLedger, query_together

SPACE = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)


class Single:
    """A plain objective: the sum of the operations, of which every fifth architecture fails."""

    metric = Metric(name="sum")

    def evaluate(self, architecture):
        number = int(SPACE.index(architecture[None])[0])
        architecture[:] = 0  # nobody may notice
        if number % 5 == 4:
            return Evaluation(math.nan, cost=0.5)
        return Evaluation(float(number % 7), cost=1.0, metrics={"number": float(number)})


class Together(Single):
    """The same, several at once."""

    def __init__(self, in_flight=3):
        self.in_flight = in_flight
        self.batches = []

    def evaluate_many(self, architectures):
        self.batches.append(len(architectures))
        return [self.evaluate(architecture) for architecture in architectures]


def told(ledger):
    """Return what a ledger recorded, comparable: NaN equals NaN, times are left out."""
    return [
        (r.query, r.architecture, repr(r.score), r.evaluation.cost, r.evaluation.error)
        for r in ledger
    ]


def one_by_one(ledger, vectors):
    return [ledger.query(vector) for vector in vectors]


@given(
    batches=st.lists(st.lists(st.integers(0, SPACE.size), max_size=12), max_size=5),
    queries=st.integers(1, 30),
    canonical_free=st.booleans(),
    in_flight=st.sampled_from([0, 1, 3, 50]),
)
def test_any_sequence_of_questions_is_answered_as_one_by_one(
    batches, queries, canonical_free, in_flight
):
    """With duplicates, equivalents, an end of the budget and what is no architecture (the last)."""
    objective = Together(in_flight) if in_flight else Single()
    seen = []
    expected = QueryLedger(SPACE, Single(), queries, canonical_free=canonical_free)
    ledger = QueryLedger(
        SPACE, objective, queries, canonical_free=canonical_free, on_query=seen.append
    )
    vectors = [*SPACE.arrays, np.full(3, 9)]
    for rows in batches:
        asked = [vectors[row] for row in rows]
        results = []
        for ask in (lambda: one_by_one(expected, asked), lambda: ledger.query_many(asked)):  # noqa: B023
            try:
                found = [(repr(e.score), e.error) for e in ask()]
            except (BudgetExhaustedError, InvalidArchitectureError) as error:
                found = (type(error), str(error))
            results.append(found)
        assert results[0] == results[1]
        assert told(ledger) == told(expected)
    assert seen == ledger.records
    assert ledger.spent_cost == expected.spent_cost
    assert ledger.vectors().tolist() == expected.vectors().tolist()
    assert ledger.in_flight == max(1, in_flight)


def test_new_ones_go_together_and_known_ones_are_free():
    objective = Together()
    ledger = QueryLedger(SPACE, objective, 20)
    first = ledger.query(SPACE.arrays[1])
    found = ledger.query_many([SPACE.arrays[row] for row in (0, 1, 2, 0, 3, 5, 2)])
    assert objective.batches == [4]
    assert found[1] is first
    assert found[3] is found[0]
    assert found[6] is found[2]
    assert ledger.query_many([]) == []
    assert objective.batches == [4], "nothing new, so nothing is handed over"


def test_the_budget_ends_inside():
    objective = Together()
    ledger = QueryLedger(SPACE, objective, 4)
    with pytest.raises(BudgetExhaustedError, match="4 queries"):
        ledger.query_many(SPACE.arrays[:9])
    assert (objective.batches, ledger.queries, ledger.exhausted) == ([4], 4, True)
    assert len(ledger.query_many([SPACE.arrays[3], SPACE.arrays[0]])) == 2, "known ones go on"
    with pytest.raises(BudgetExhaustedError):
        ledger.query_many(SPACE.arrays[:5])
    assert objective.batches == [4]


@pytest.mark.parametrize(("in_flight", "queries"), [(1, 3), (2, 4), (3, 3), (5, 5)])
def test_a_budget_in_cost_is_overshot_by_less_than_is_in_flight(in_flight, queries):
    """Each costs 1 of 2.5 s: one by one the third ends it; a round that began is finished."""
    objective = Together(in_flight)
    ledger = QueryLedger(SPACE, objective, Budget(cost=2.5))
    with pytest.raises(BudgetExhaustedError):
        ledger.query_many(SPACE.arrays[5:9].tolist() + SPACE.arrays[10:14].tolist())
    assert ledger.queries == queries
    assert all(batch <= in_flight for batch in objective.batches)


def test_each_is_recorded_as_soon_as_it_and_those_before_it_are_done():
    begun, seen = [], []

    class Slow(Together):
        def evaluate_many(self, architectures):
            for number, architecture in enumerate(architectures):
                begun.append(number)
                time.sleep(0.02)
                yield self.evaluate(architecture)

    ledger = QueryLedger(
        SPACE, Slow(), 9, on_query=lambda record: seen.append((len(begun), record.seconds))
    )
    ledger.query_many(SPACE.arrays[:4])
    assert [count for count, _ in seen] == [1, 2, 3, 4]
    assert (np.diff([seconds for _, seconds in seen]) >= 0.02).all()


def stops(architectures):
    yield Evaluation(1.0, 2.0)


def raises(architectures):
    yield from (Evaluation(1.0, 2.0), Evaluation(7.0, 2.0))
    raise MemoryError("no room for the third")


def raises_at_once(architectures):
    raise RuntimeError("no device")


@pytest.mark.parametrize(
    ("function", "given_by_then", "message"),
    [
        (stops, 1, "gave fewer evaluations than the 4"),
        (raises, 2, "MemoryError: no room for the third"),
        (raises_at_once, 0, "RuntimeError: no device"),
        (lambda architectures: None, 0, "TypeError"),
        (lambda architectures: [Evaluation(1.0)] * 9, 4, ""),
    ],
)
def test_what_does_not_come_back_is_recorded_as_failed(function, given_by_then, message):
    objective = Together()
    objective.evaluate_many = function
    ledger = QueryLedger(SPACE, objective, 10)
    found = ledger.query_many(SPACE.arrays[:4])
    assert [e.failed for e in found] == [False] * given_by_then + [True] * (4 - given_by_then)
    assert all(message in e.error and e.cost >= 0 for e in found[given_by_then:])
    assert ledger.queries == 4


@pytest.mark.parametrize(
    ("evaluation", "message"),
    [
        (Evaluation(math.nan, 3.0), "score is nan"),
        (Evaluation(-math.inf, 3.0), "score is -inf"),
        (Evaluation(1.0, math.nan), "cost is nan"),
        (Evaluation(1.0, -2.0), "cost is -2"),
    ],
)
def test_useless_numbers_are_failures_of_one_alone(evaluation, message):
    objective = Together()
    objective.evaluate_many = lambda _: [Evaluation(1.0, 3.0), evaluation, Evaluation(2.0, 3.0)]
    ledger = QueryLedger(SPACE, objective, 10)
    found = ledger.query_many(SPACE.arrays[:3])
    assert [e.failed for e in found] == [False, True, False]
    assert message in found[1].error
    assert math.isnan(found[1].score)
    assert 0 <= ledger.spent_cost < 20


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_is_in_flight_is_given_up_when_the_caller_stops(error):
    closed = []

    class Working(Together):
        def evaluate_many(self, architectures):
            try:
                yield from super().evaluate_many(architectures)
            finally:
                closed.append(True)

    def stop(record):
        raise error

    ledger = QueryLedger(SPACE, Working(), 9, on_query=stop)
    with pytest.raises(error) as caught:  # the traceback keeps frames alive: closing is explicit
        ledger.query_many(SPACE.arrays[:4])
    assert closed == [True]
    assert ledger.queries == 1, "what was done is kept"
    assert caught


def test_ledgers_of_one_objective_are_asked_together():
    shared, other = Together(), Together()
    asked = [SPACE.arrays[row] for row in (0, 1, 0, 2, 3, 0, 3)]
    owners = (0, 1, 1, 2, 0, 0, 2)

    def ledgers(objectives):
        return [QueryLedger(SPACE, objective, 2) for objective in objectives]

    found = ledgers([shared, shared, other])
    results = query_together((found[o], a) for o, a in zip(owners, asked, strict=True))
    assert (shared.batches, other.batches) == ([4], [2])
    expected = ledgers([Single()] * 3)
    single = [expected[o].query(a) for o, a in zip(owners, asked, strict=True)]
    assert [told(ledger) for ledger in found] == [told(ledger) for ledger in expected]
    assert [repr(e.score) for e in results] == [repr(e.score) for e in single]
    with pytest.raises(BudgetExhaustedError):
        query_together([(found[0], SPACE.arrays[9])])
