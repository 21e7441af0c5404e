"""The closed-form gradient is autograd's of Stable-Baselines3's loss; actions are drawn right."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch.nn import functional as F

from rlnas.agents.engine.hooks import Minibatch
from rlnas.agents.engine.loss import LossWeights, choose, ppo_gradient

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


def test_actions_are_drawn_by_their_probabilities():
    """Twenty thousand draws of five distributions; the smallest p-value of a right sampler."""
    torch.manual_seed(0)
    logits = torch.randn(5, A)
    logits[torch.rand(5, A) < 0.3] = -1e8
    n = 20_000
    actions, log_probabilities = choose(logits[:, None].expand(5, n, A), torch.rand(5, n))
    expected = torch.distributions.Categorical(logits=logits)
    torch.testing.assert_close(log_probabilities, expected.log_prob(actions.T).T)
    for k in range(5):
        counts = np.bincount(actions[k].numpy(), minlength=A)
        probabilities = expected.probs[k].double().numpy()
        legal = logits[k].numpy() > -1e7
        assert counts[~legal].sum() == 0
        wanted = probabilities[legal] / probabilities[legal].sum() * n
        assert chisquare(counts[legal], wanted).pvalue > 1e-3


def test_the_extreme_numbers_choose_the_extreme_legal_actions():
    """A generator gives 0 exactly, and 1 − 2⁻²⁴ at most; sums of probabilities are rounded."""
    torch.manual_seed(0)
    n = 4_000
    for actions in (2, 3, 25, 130):
        logits = 3 * torch.randn(n, actions)
        legal = torch.rand(n, actions) < 0.5
        legal[torch.arange(n), torch.randint(actions, (n,))] = True
        logits[~legal] = -1e8
        for number in (0.0, 2**-149, 2**-25, 0.5, 1 - 2**-23, 1 - 2**-24):
            chosen, log_probabilities = choose(logits, torch.full((n,), number))
            assert legal[torch.arange(n), chosen].all(), (actions, number)
            assert (log_probabilities > -60).all()


def test_a_single_legal_action_is_chosen_whatever_the_number():
    logits = torch.full((A, A), -1e8).fill_diagonal_(0.3)
    for number in (0.0, 0.5, 1 - 2**-24):
        chosen, log_probabilities = choose(logits, torch.full((A,), number))
        assert chosen.tolist() == list(range(A))
        assert (log_probabilities == 0).all()
