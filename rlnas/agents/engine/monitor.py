"""What is logged of a training while it goes on: means over episodes, loss, explained variance."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

from rlnas.agents.engine.loss import LossWeights
from rlnas.agents.engine.rollout import Collected

EPISODES = 100
"""Means over episodes are over so many, as in Stable-Baselines3."""


class EpisodeMeans:
    """Means over the last episodes of each of ``K`` controllers.

    Args:
        count: Number of controllers.
    """

    def __init__(self, count: int) -> None:
        self.episodes: list[deque[tuple[float, int, float]]] = [
            deque(maxlen=EPISODES) for _ in range(count)
        ]

    def add(self, collected: Collected) -> None:
        """Add the episodes that ended in a rollout; waits for the device."""
        for step in collected.finished:
            ended = step.ended.cpu()
            rows = torch.stack([step.returns.double(), step.lengths.double(), step.scores], dim=-1)
            for k, (own, mask) in enumerate(zip(rows.cpu(), ended, strict=True)):
                # More than are kept need not be looked at.
                for total, length, score in own[mask][-EPISODES:].tolist():
                    self.episodes[k].append((total, int(length), score))

    def scalars(self, controller: int) -> dict[str, float]:
        """Return the means of one controller by tag, nothing before its first episode ended."""
        rows = self.episodes[controller]
        if not rows:
            return {}
        total, length, score = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        return {
            "rollout/ep_rew_mean": total,
            "rollout/ep_len_mean": length,
            "rollout/ep_score_mean": score,
        }


def loss_scalars(parts: Tensor, weights: LossWeights) -> list[dict[str, float]]:
    """Return the parts of the loss ``(K, 5)`` by Stable-Baselines3's tags, for each controller."""
    return [
        {
            "train/policy_gradient_loss": policy,
            "train/value_loss": value,
            "train/entropy_loss": -entropy,
            "train/approx_kl": kl,
            "train/clip_fraction": clipped,
            "train/loss": policy + weights.vf_coef * value - weights.ent_coef * entropy,
        }
        for policy, value, entropy, kl, clipped in parts.tolist()
    ]


def explained_variance(collected: Collected) -> list[float]:
    """Return 1 − Var[R − V] / Var[R] for each controller, NaN where returns do not vary."""
    advantages, values = collected.advantages.flatten(1), collected.rollout.values.flatten(1)
    spread = (advantages + values).var(1)
    explained = torch.where(spread > 0, 1 - advantages.var(1) / spread, torch.nan)
    result: list[float] = explained.tolist()
    return result
