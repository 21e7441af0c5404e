"""The checks of tasks catch broken ones."""

import math

import pytest

from rlnas.spaces import CellSpace
from rlnas.tasks import (
    Evaluation,
    Metric,
    TabularTask,
    Task,
    make_task,
)
from rlnas.testing import ConformanceError, check_task

SPACE = CellSpace("pair", [(0, 1), (1, 2)], ["a", "b"])
SCORES = [3.0, 1.0, 3.0, 2.0]


class Unsealed(TabularTask):
    def _guard(self, what):
        pass


class NegatedRank(TabularTask):
    def rank(self, score):
        return 1 + int((self.scores < score).sum())


@pytest.mark.parametrize(("broken", "message"), [(Unsealed, "scores"), (NegatedRank, "rank 1")])
def test_broken_tasks_are_caught(broken, message):
    with pytest.raises(ConformanceError, match=message):
        check_task(broken("broken", SPACE, SCORES, Metric(name="m")))


def test_an_objective_that_is_asked_twice_is_caught():
    class Forgetful(TabularTask):
        def ledger(self, *args, **kwargs):
            ledger = super().ledger(*args, **kwargs)
            ledger._known = type("Nothing", (dict,), {"get": lambda *_: None})()
            return ledger

    with pytest.raises(ConformanceError, match=r"free|BudgetExhausted|another error|raised"):
        check_task(Forgetful("forgetful", SPACE, SCORES, Metric(name="m")))


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


class Mixed(Together):
    def evaluate_many(self, architectures):
        return super().evaluate_many(architectures)[::-1]


class Other(Together):
    def evaluate_many(self, architectures):
        return [Evaluation(e.score + 0.25, e.cost) for e in super().evaluate_many(architectures)]


def test_the_check_of_tasks_compares_together_with_alone():
    check_task(Task("fine", SPACE, Together()))
    check_task(make_task(SPACE, lambda text: float(len(text)), workers=2))
    for wrong in (Mixed(), Other()):
        with pytest.raises(ConformanceError, match="together with others"):
            check_task(Task("wrong", SPACE, wrong), samples=12)
    check_task(Task("rounding", SPACE, Other()), tolerance=0.5)
