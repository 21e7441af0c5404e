"""The query ledger: what costs, what is free, what fails, what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import BudgetExhaustedError, InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Budget, Evaluation, Metric, QueryLedger

SPACE = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)


class Counting:
    """An objective that counts its calls and does what it is told."""

    def __init__(self, outcome=lambda vector: Evaluation(float(vector.sum()), cost=1.0)):
        self.metric = Metric(name="sum")
        self.calls = 0
        self._outcome = outcome

    def evaluate(self, architecture):
        self.calls += 1
        return self._outcome(architecture)


def ledger_of(objective, budget, **options):
    return QueryLedger(SPACE, objective, budget, **options)


def test_repeats_are_free_and_not_evaluated_again():
    objective = Counting()
    ledger = ledger_of(objective, 2)
    first = ledger.query([1, 2, 0])
    assert ledger.query(np.array([1, 2, 0])) is first
    assert ledger.query([2, 2, 2]).score == 6
    assert ledger.exhausted
    assert ledger.query([1, 2, 0]) is first, "known ones can be asked for after the end"
    assert (objective.calls, ledger.queries, len(ledger)) == (2, 2, 2)


def test_a_new_architecture_beyond_the_budget_is_refused_and_not_evaluated():
    objective = Counting()
    ledger = ledger_of(objective, 1)
    ledger.query([0, 0, 1])
    with pytest.raises(BudgetExhaustedError, match="1 queries"):
        ledger.query([0, 0, 2])
    assert objective.calls == 1
    assert ledger.seen([0, 0, 2]) is None


def test_an_invalid_architecture_costs_nothing():
    objective = Counting()
    ledger = ledger_of(objective, 1)
    with pytest.raises(InvalidArchitectureError):
        ledger.query([0, 0, 3])
    assert (objective.calls, ledger.queries) == (0, 0)


def test_a_budget_in_cost_starts_no_query_once_it_is_spent():
    ledger = ledger_of(Counting(), Budget(cost=2.5))
    for vector in ([0, 0, 0], [0, 0, 1], [0, 0, 2]):
        assert not ledger.exhausted
        ledger.query(vector)
    assert ledger.spent_cost == 3.0
    assert (ledger.exhausted, ledger.remaining) == (True, 0)
    with pytest.raises(BudgetExhaustedError):
        ledger.query([1, 0, 0])


def test_the_tighter_of_two_limits_binds():
    assert ledger_of(Counting(), Budget(queries=5, cost=1e9)).remaining == 5
    ledger = ledger_of(Counting(), Budget(queries=5, cost=0.5))
    ledger.query([0, 0, 0])
    assert ledger.exhausted


def test_a_cost_budget_alone_ends_when_the_space_is_known():
    ledger = ledger_of(Counting(lambda v: Evaluation(1.0, cost=0.0)), Budget(cost=10.0))
    for vector in SPACE.arrays:
        ledger.query(vector)
    assert ledger.exhausted


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"queries": 0},
        {"queries": -1},
        {"queries": 1.5},
        {"cost": 0.0},
        {"cost": -1},
        {"cost": math.nan},
    ],
)
def test_wrong_budgets_are_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        Budget(**wrong)


def raising(vector):
    raise ValueError("no memory")


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (raising, "ValueError: no memory"),
        (lambda v: Evaluation(math.nan, cost=2.0), "score is nan"),
        (lambda v: Evaluation(math.inf, cost=2.0), "score is inf"),
        (lambda v: Evaluation(-math.inf), "score is -inf"),
        (lambda v: Evaluation(1.0, cost=math.nan), "cost is nan"),
        (lambda v: Evaluation(1.0, cost=-3.0), "cost is -3"),
        (lambda v: Evaluation(7.0, error="half a training"), "half a training"),
    ],
)
def test_failures_are_recorded_cost_a_query_and_end_nothing(outcome, message):
    objective = Counting(outcome)
    ledger = ledger_of(objective, 3)
    evaluation = ledger.query([1, 1, 1])
    assert evaluation.failed
    assert message in evaluation.error
    assert math.isnan(evaluation.score)
    assert math.isfinite(ledger.spent_cost)
    assert ledger.spent_cost >= 0
    assert (ledger.queries, ledger.best, ledger.remaining) == (1, None, 2)
    assert ledger.query([1, 1, 1]) is evaluation, "a failure is known, too"
    assert objective.calls == 1


def test_a_failure_keeps_its_cost_and_other_numbers():
    ledger = ledger_of(Counting(lambda v: Evaluation(math.nan, 4.0, metrics={"loss": 9.0})), 1)
    evaluation = ledger.query([0, 0, 0])
    assert (evaluation.cost, evaluation.metrics) == (4.0, {"loss": 9.0})


def test_ctrl_c_is_no_failure():
    def interrupted(vector):
        raise KeyboardInterrupt

    ledger = ledger_of(Counting(interrupted), 1)
    with pytest.raises(KeyboardInterrupt):
        ledger.query([0, 0, 0])


def test_an_objective_cannot_change_what_was_asked():
    def scribbles(vector):
        vector[:] = 0
        return Evaluation(1.0)

    ledger = ledger_of(Counting(scribbles), 1)
    ledger.query([2, 2, 2])
    assert ledger.vectors().tolist() == [[2, 2, 2]]


def test_the_best_is_the_first_of_equals_and_ignores_failures():
    scores = iter([1.0, math.nan, 3.0, 3.0, 2.0])
    ledger = ledger_of(Counting(lambda v: Evaluation(next(scores))), 5)
    for vector in SPACE.arrays[:5]:
        ledger.query(vector)
    assert ledger.best.query == 3
    assert np.isnan(ledger.scores()).tolist() == [False, True, False, False, False]
    assert ledger.vectors().tolist() == SPACE.arrays[:5].tolist()
    assert [record.query for record in ledger] == [1, 2, 3, 4, 5]


def test_an_empty_ledger_has_shapes():
    ledger = ledger_of(Counting(), 3)
    assert ledger.vectors().shape == (0, 3)
    assert ledger.scores().shape == (0,)


def test_on_query_sees_each_record_once():
    seen = []
    ledger = ledger_of(Counting(), 4, on_query=seen.append)
    for vector in ([0, 0, 1], [0, 0, 1], [0, 0, 2]):
        ledger.query(vector)
    assert [(r.query, r.architecture) for r in seen] == [
        (1, "none,none,skip"),
        (2, "none,none,conv"),
    ]
    assert seen == ledger.records


class TestCanonicalFree:
    def test_equivalent_architectures_are_free(self):
        objective = Counting()
        ledger = ledger_of(objective, 5, canonical_free=True)
        through_node_1 = ledger.query([2, 0, 1])  # conv, then an identity
        assert ledger.query([0, 2, 0]) is through_node_1  # conv straight to the output
        assert ledger.seen([1, 0, 2]) is through_node_1
        assert objective.calls == 1

    def test_without_the_option_they_cost(self):
        objective = Counting()
        ledger = ledger_of(objective, 5)
        ledger.query([2, 0, 1])
        assert ledger.query([0, 2, 0]) is not None
        assert objective.calls == 2

    def test_in_a_space_too_large_to_index(self, large_space):
        ledger = QueryLedger(large_space, Counting(), 3, canonical_free=True)
        nothing = np.zeros(large_space.num_positions, dtype=np.int8)
        dead = nothing.copy()
        dead[0] = 3  # an edge from which nothing reaches the output
        assert ledger.query(nothing) is ledger.query(dead)
        assert ledger.queries == 1


@given(
    rows=st.lists(st.integers(0, SPACE.size - 1), max_size=40),
    budget=st.integers(1, 30),
    canonical_free=st.booleans(),
)
def test_accounting_of_any_sequence_of_questions(rows, budget, canonical_free):
    """Queries are distinct, never more than the budget, and everything known is free."""
    objective = Counting()
    ledger = ledger_of(objective, budget, canonical_free=canonical_free)
    keys = SPACE.canonical_index if canonical_free else np.arange(SPACE.size)
    known = set()
    for row in rows:
        key = int(keys[row])
        if key not in known and len(known) == budget:
            with pytest.raises(BudgetExhaustedError):
                ledger.query(SPACE.arrays[row])
        else:
            ledger.query(SPACE.arrays[row])
            known.add(key)
        assert ledger.queries == objective.calls == len(known)
        assert ledger.exhausted == (min(budget, SPACE.size) == len(known))
    assert ledger.spent_cost == len(known)


def test_seen_spends_nothing():
    objective = Counting()
    ledger = QueryLedger(get_space("transnas-macro"), objective, 1)
    vector = get_space("transnas-macro").parse("64-2243-basic")
    assert ledger.seen(vector) is None
    evaluation = ledger.query(vector)
    assert ledger.seen(vector) is evaluation
    assert objective.calls == 1
