"""Judging a policy: it changes nothing, and repeats."""

import torch

from rlnas.agents import ControllerConfig
from rlnas.bench.measures.judging import judge
from rlnas.bench.measures.quality_learners import (
    EngineLearner,
)


def test_judging_changes_nothing_and_repeats(task):
    learner = EngineLearner(task, ControllerConfig(), "device", 0, "cpu")
    learner.learn(1)
    before = {n: p.clone() for n, p in learner.controller().network.state_dict().items()}
    first, again, other = (
        judge(learner.controller(), task, 4, (number,), queries=10) for number in (0, 0, 1)
    )
    assert first == again != other
    after = learner.controller().network.state_dict()
    assert all(torch.equal(before[n], after[n]) for n in before)
    assert 1 <= first <= task.space.size
