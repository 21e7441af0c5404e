"""Learners that are judged: a policy of Stable-Baselines3 with its own weights."""

import torch

from rlnas.bench.measures.quality_learners import (
    MlpPolicyLearner,
)


def test_a_policy_of_stable_baselines_is_judged_with_its_own_weights(task):
    learner = MlpPolicyLearner(task, {"n_steps": 16}, 0, "cpu")
    learner.learn(1)
    network = learner.controller().network
    obs = learner.model.env.reset()
    with torch.no_grad():
        logits, values = network(torch.as_tensor(obs))
        policy = learner.model.policy
        theirs = policy.get_distribution(torch.as_tensor(obs)).distribution
        values_there = policy.predict_values(torch.as_tensor(obs))[:, 0]
    legal = logits > logits.max() - 1e3
    assert legal.any(1).all()
    own = torch.where(legal, logits, -torch.inf).log_softmax(1)[legal]
    masked = torch.where(legal, theirs.logits, -torch.inf).log_softmax(1)[legal]
    torch.testing.assert_close(own, masked)
    torch.testing.assert_close(values, values_there)
