"""Parallel episodes are parallel queries where the objective can work on several at once."""

import math

import numpy as np
import pytest

from rlnas.envs import ImprovementCore, LedgerScorer, RunningTransform
from rlnas.envs.scoring import CohortScorer
from rlnas.errors import BudgetExhaustedError
from rlnas.spaces import get_space
from rlnas.tasks import Evaluation, Metric, Task

SPACE = get_space("transnas-micro")


class Single:
    metric = Metric(name="sum")

    def evaluate(self, architecture):
        fails = architecture[0] == 2
        return Evaluation(math.nan if fails else float(architecture.sum()), cost=1.0)


class Together(Single):
    in_flight = 4

    def __init__(self):
        self.batches = []

    def evaluate_many(self, architectures):
        self.batches.append(len(architectures))
        return [self.evaluate(architecture) for architecture in architectures]


def played(scorer, ledgers, episodes=8, steps=6):
    """Return the scores that episodes of random actions meet, and what was queried on the way."""
    rng = np.random.default_rng(0)
    core = ImprovementCore(scorer)
    state = core.reset(episodes, rng)
    scores = [state.scores]
    for _ in range(steps):
        state, _, _ = core.step(state, rng.integers(0, SPACE.num_actions, episodes))
        scores.append(state.scores)
    return np.stack(scores), [[r.architecture for r in ledger] for ledger in ledgers]


def shared(objective):
    ledger = Task("t", SPACE, objective).ledger(200)
    return LedgerScorer(ledger, RunningTransform("identity")), [ledger]


def own(objective):
    task = Task("t", SPACE, objective)
    ledgers = [task.ledger(50) for _ in range(8)]
    return CohortScorer(ledgers, None), ledgers


@pytest.mark.parametrize("make", [shared, own], ids=["one ledger", "a ledger each"])
def test_episodes_meet_the_same_scores_and_are_evaluated_together(make):
    together = Together()
    scores, queried = played(*make(together))
    expected, asked = played(*make(Single()))
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, expected)
    assert queried == asked
    assert len(together.batches) <= 7, "once at the start, and once a step"
    assert max(together.batches) > 4
    assert sum(together.batches) == sum(map(len, queried))


def test_a_failed_one_counts_as_the_worst_of_its_own_ledger():
    scorer, ledgers = own(Together())
    failing = SPACE.arrays[SPACE.arrays[:, 0] == 2][:8]
    assert scorer.score(failing).tolist() == [0.0] * 8, "nothing else is known yet"
    ledgers[3].query(np.full(SPACE.num_positions, 3))
    ledgers[3].query(np.full(SPACE.num_positions, 1))
    scores = scorer.score(failing[[3, 5]], np.array([3, 5]))
    assert scores.tolist() == [float(SPACE.num_positions), 0.0]


@pytest.mark.parametrize("make", [shared, own], ids=["one ledger", "a ledger each"])
def test_the_end_of_a_budget_is_told(make):
    scorer, ledgers = make(Together())
    for ledger in ledgers:
        ledger.budget = type(ledger.budget)(queries=1)
    scorer.score(SPACE.arrays[:1])
    with pytest.raises(BudgetExhaustedError):
        scorer.score(SPACE.arrays[1:2])
