"""The closed-form gradient is autograd's of Stable-Baselines3's loss; actions are drawn right."""

import pytest
import torch
from torch.nn import functional as F

from rlnas.agents.engine.loss import LossWeights, ppo_gradient
from rlnas.agents.engine.rollout import Minibatch

K, B, A = 3, 40, 7


def make_batch(seed=0, spread=0.3):
    """Return a minibatch, logits with illegal actions, values and normalised advantages."""
    torch.manual_seed(seed)
    legal = torch.rand(K, B, A) < 0.7
    legal[..., 2] = True
    logits = torch.where(legal, torch.randn(K, B, A), -1e8)
    old = torch.where(legal, logits + spread * torch.randn(K, B, A), -1e8)
    old = torch.distributions.Categorical(logits=old)
    actions = old.sample()
    values, old_values = torch.randn(K, B), torch.randn(K, B)
    advantages = torch.randn(K, B)
    batch = Minibatch(
        obs=torch.zeros(K, B, 1),
        actions=actions,
        log_probabilities=old.log_prob(actions),
        advantages=advantages,
        returns=old_values + advantages,
        values=old_values,
        tasks=torch.zeros(K, B, dtype=torch.int64),
    )
    return batch, logits, values, advantages, legal


def reference(batch, advantages, logits, values, weights, k):
    """Return Stable-Baselines3's loss of one controller and its parts."""
    distribution = torch.distributions.Categorical(logits=logits[k])
    log_ratio = distribution.log_prob(batch.actions[k]) - batch.log_probabilities[k]
    ratio, clip = log_ratio.exp(), weights.clip_range
    plain = advantages[k] * ratio
    policy = -torch.min(plain, advantages[k] * torch.clamp(ratio, 1 - clip, 1 + clip)).mean()
    predicted = values[k]
    if weights.clip_range_vf is not None:
        limit = weights.clip_range_vf
        predicted = batch.values[k] + torch.clamp(values[k] - batch.values[k], -limit, limit)
    value = F.mse_loss(batch.returns[k], predicted)
    entropy = -distribution.entropy().mul(-1).mean()
    loss = policy - weights.ent_coef * entropy + weights.vf_coef * value
    kl = ((log_ratio.exp() - 1) - log_ratio).mean()
    clipped = ((ratio - 1).abs() > clip).float().mean()
    return loss, torch.stack([policy, value, entropy, kl, clipped])


@pytest.mark.parametrize(
    "weights",
    [
        LossWeights(clip_range=0.2, ent_coef=0.03, vf_coef=0.5),
        LossWeights(clip_range=0.05, ent_coef=0.0, vf_coef=1.0),
        LossWeights(clip_range=0.2, ent_coef=0.5, vf_coef=0.5, clip_range_vf=0.4),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_gradient_is_that_of_autograd(weights, seed):
    batch, logits, values, advantages, _ = make_batch(seed)
    leaves = logits.double().requires_grad_(), values.double().requires_grad_()
    losses, parts = zip(
        *(reference(batch, advantages.double(), *leaves, weights, k) for k in range(K)),
        strict=True,
    )
    by_logits, by_values = torch.autograd.grad(sum(losses), leaves)
    got = ppo_gradient(batch, advantages, logits, values, weights, with_parts=True)
    torch.testing.assert_close(got.logits, by_logits.float(), rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(got.values, by_values.float(), rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(got.parts, torch.stack(parts).float(), rtol=1e-4, atol=1e-6)
    assert (got.parts[:, 4] > 0.05).all()  # clipping is active, or nothing was compared
    assert (by_logits.abs().sum(-1) == 0).any() == (weights.ent_coef == 0)
    if weights.clip_range_vf is not None:
        assert 0 < (got.values == 0).sum() < K * B


def test_an_illegal_action_gets_no_gradient():
    batch, logits, values, advantages, legal = make_batch()
    weights = LossWeights(clip_range=0.2, ent_coef=0.5, vf_coef=0.5)
    got = ppo_gradient(batch, advantages, logits, values, weights)
    assert got.parts is None
    assert got.logits[~legal].abs().max() < 1e-30
    assert got.logits[legal].abs().min() > 1e-12


def test_parts_do_not_change_the_gradient():
    batch, logits, values, advantages, _ = make_batch()
    weights = LossWeights(clip_range=0.2, ent_coef=0.1, vf_coef=0.5, clip_range_vf=0.2)
    before = logits.clone(), values.clone(), advantages.clone()
    one = ppo_gradient(batch, advantages, logits, values, weights)
    two = ppo_gradient(batch, advantages, logits, values, weights, with_parts=True)
    assert torch.equal(one.logits, two.logits)
    assert torch.equal(one.values, two.values)
    inputs = (logits, values, advantages)
    assert all(torch.equal(a, b) for a, b in zip(before, inputs, strict=True))
