"""PPO's loss and its gradient with respect to logits and values, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlnas.agents.engine.actions import log_probabilities_of
from rlnas.agents.engine.rollout import Minibatch


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """What weighs the parts of the loss, by Stable-Baselines3's names.

    Attributes:
        clip_range: Clipping of the probability ratio.
        ent_coef: Weight of the entropy bonus.
        vf_coef: Weight of the value loss.
        clip_range_vf: Clipping of the change of values, or None for none.
    """

    clip_range: float
    ent_coef: float
    vf_coef: float
    clip_range_vf: float | None = None


@dataclass(frozen=True)
class LossGradient:
    """The gradient of PPO's loss, and what is logged of it.

    Attributes:
        logits: ``(K, B, A)``.
        values: ``(K, B)``.
        parts: ``(K, 5)`` policy loss, value loss, mean entropy, approximate KL divergence and
            fraction of clipped ratios, or None if they were not asked for.
    """

    logits: Tensor
    values: Tensor
    parts: Tensor | None


def ppo_gradient(
    batch: Minibatch,
    advantages: Tensor,
    logits: Tensor,
    values: Tensor,
    weights: LossWeights,
    *,
    with_parts: bool = False,
) -> LossGradient:
    """Return the gradient of each controller's PPO loss (Schulman et al., arXiv 1707.06347).

    The loss of a controller is the mean over its minibatch of −min(r·Â, clip(r)·Â) −
    ``ent_coef``·H + ``vf_coef``·(V − R)². As in autograd, no gradient flows through a clipped
    ratio. With p the probabilities and H their entropy, ∂log p(a)/∂z = 1[a] − p and ∂H/∂z =
    −p·(log p + H).

    Args:
        batch: The minibatch.
        advantages: ``(K, B)`` normalised advantages Â.
        logits: ``(K, B, A)`` masked logits z.
        values: ``(K, B)`` values V.
        weights: What weighs the parts.
        with_parts: Whether to compute what is logged.
    """
    n, clip = values.shape[1], weights.clip_range
    log_p = log_probabilities_of(logits)
    actions = batch.actions[..., None]
    log_ratio = log_p.gather(-1, actions).squeeze(-1) - batch.log_probabilities
    ratio = log_ratio.exp()
    plain, clipped = advantages * ratio, advantages * ratio.clamp(1 - clip, 1 + clip)
    by_log_p = torch.where(plain <= clipped, plain, 0.0).mul_(-1 / n)[..., None]
    p = log_p.exp()
    p_log_p = p * log_p
    entropy = -p_log_p.sum(-1, keepdim=True)
    by_logits = torch.addcmul(p_log_p, p, entropy).mul_(weights.ent_coef / n)
    by_logits.addcmul_(p, by_log_p, value=-1).scatter_add_(-1, actions, by_log_p)
    predicted = values
    if weights.clip_range_vf is not None:
        change = values - batch.values
        limit = weights.clip_range_vf
        predicted = batch.values + change.clamp(-limit, limit)
    by_values = (predicted - batch.returns).mul_(2 * weights.vf_coef / n)
    if weights.clip_range_vf is not None:
        by_values = torch.where(change.abs() <= limit, by_values, 0.0)
    parts = None
    if with_parts:
        columns = [
            -torch.minimum(plain, clipped),
            (predicted - batch.returns).square(),
            entropy.squeeze(-1),
            ratio - 1 - log_ratio,
            ((ratio - 1).abs() > clip).float(),
        ]
        parts = torch.stack([column.mean(1) for column in columns], dim=1)
    return LossGradient(by_logits, by_values, parts)
