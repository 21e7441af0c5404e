"""Advantages are Stable-Baselines3's, and samples keep what belongs together."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

from rlnas.agents.engine.rollout import Rollout

K, T, N, D = 3, 11, 5, 4


@pytest.fixture
def rollout():
    """A rollout with episodes that end anywhere, at the last step too."""
    torch.manual_seed(0)
    made = Rollout(
        obs=torch.randn(K, T, N, D),
        actions=torch.randint(9, (K, T, N)),
        log_probabilities=torch.randn(K, T, N),
        values=torch.randn(K, T, N),
        rewards=torch.randn(K, T, N),
        ended=torch.rand(K, T, N) < 0.25,
        tasks=torch.arange(N).repeat(K, 1) % 2,
    )
    made.ended[:, -1, 0], made.ended[:, -1, 1] = True, False
    return made


@pytest.mark.parametrize(("gamma", "gae_lambda"), [(0.99, 0.95), (0.9, 0.0), (1.0, 1.0)])
def test_advantages_are_those_of_the_reference_buffer(gamma, gae_lambda, rollout):
    last = torch.randn(K, N)
    got = rollout.advantages(last, gamma, gae_lambda)
    for k in range(K):
        buffer = RolloutBuffer(
            T,
            spaces.Box(-1, 1, (D,)),
            spaces.Discrete(9),
            gamma=gamma,
            gae_lambda=gae_lambda,
            n_envs=N,
        )
        starts = np.ones(N, dtype=bool)
        for t in range(T):
            buffer.add(
                rollout.obs[k, t].numpy(),
                rollout.actions[k, t].numpy(),
                rollout.rewards[k, t].numpy(),
                starts,
                rollout.values[k, t],
                rollout.log_probabilities[k, t],
            )
            starts = rollout.ended[k, t].numpy()
        buffer.compute_returns_and_advantage(last[k], starts)
        np.testing.assert_allclose(got[k].numpy(), buffer.advantages, rtol=1e-4, atol=1e-5)
        returns = rollout.samples(got).numbers[2].view(K, T, N)[k]
        np.testing.assert_allclose(returns.numpy(), buffer.returns, rtol=1e-4, atol=1e-5)


def test_nothing_passes_from_an_episode_to_the_one_before(rollout):
    last = torch.zeros(K, N)
    before = rollout.advantages(last, 0.99, 0.95)
    rollout.ended[:, 5] = True
    first = rollout.advantages(last, 0.99, 0.95)
    rollout.rewards[:, 6:] += 100.0
    changed = rollout.advantages(last, 0.99, 0.95)
    assert torch.equal(first[:, :6], changed[:, :6])
    assert not torch.equal(first[:, 6:], changed[:, 6:])
    assert not torch.equal(before[:, :6], first[:, :6])


def test_a_minibatch_keeps_what_belongs_together(rollout):
    advantages = rollout.advantages(torch.zeros(K, N), 0.99, 0.95)
    samples = rollout.samples(advantages)
    assert samples.count == K
    torch.manual_seed(1)
    rows = torch.stack([torch.randperm(T * N)[:8] for _ in range(K)])
    batch = samples.minibatch(rows + T * N * torch.arange(K)[:, None])
    for k in range(K):
        for b, row in enumerate(rows[k].tolist()):
            t, n = divmod(row, N)
            assert torch.equal(batch.obs[k, b], rollout.obs[k, t, n])
            assert batch.actions[k, b] == rollout.actions[k, t, n]
            assert batch.log_probabilities[k, b] == rollout.log_probabilities[k, t, n]
            assert batch.values[k, b] == rollout.values[k, t, n]
            assert batch.advantages[k, b] == advantages[k, t, n]
            assert batch.returns[k, b] == advantages[k, t, n] + rollout.values[k, t, n]
            assert batch.tasks[k, b] == n % 2
