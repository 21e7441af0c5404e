"""Rollouts of K controllers as tensors: their steps, their advantages, minibatches of both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlnas.agents.engine.episodes import FinishedEpisodes


@dataclass
class Rollout:
    """``T`` steps of ``N`` episodes of each of ``K`` controllers.

    Attributes:
        obs: ``(K, T, N, D)`` float32.
        actions: ``(K, T, N)`` int64.
        log_probabilities: ``(K, T, N)`` float32, under the policy that acted.
        values: ``(K, T, N)`` float32.
        rewards: ``(K, T, N)`` float32.
        ended: ``(K, T, N)`` bool; whether the episode ended with that step.
        tasks: ``(K, N)`` int64 number of each episode's task among its controller's.
    """

    obs: Tensor
    actions: Tensor
    log_probabilities: Tensor
    values: Tensor
    rewards: Tensor
    ended: Tensor
    tasks: Tensor

    def advantages(self, last_values: Tensor, gamma: float, gae_lambda: float) -> Tensor:
        """Return generalised advantages ``(K, T, N)`` (Schulman et al., arXiv 1506.02438).

        Args:
            last_values: ``(K, N)`` values of the observations after the last step.
            gamma: Discount.
            gae_lambda: λ.
        """
        going_on = 1.0 - self.ended.float()
        following = torch.cat([self.values[:, 1:], last_values[:, None]], dim=1)
        errors = self.rewards + gamma * going_on * following - self.values
        decay = gamma * gae_lambda * going_on
        advantage, result = torch.zeros_like(last_values), []
        for error, share in zip(reversed(errors.unbind(1)), reversed(decay.unbind(1)), strict=True):
            advantage = torch.addcmul(error, share, advantage)
            result.append(advantage)
        return torch.stack(result[::-1], dim=1)

    def samples(self, advantages: Tensor) -> Samples:
        """Return every step as a sample to learn from."""
        numbers = [self.log_probabilities, advantages, advantages + self.values, self.values]
        return Samples(
            obs=self.obs.flatten(0, 2),
            actions=self.actions.flatten(),
            numbers=torch.stack([x.flatten() for x in numbers]),
            tasks=self.tasks[:, None].expand_as(self.actions).flatten(),
            count=len(self.tasks),
        )


@dataclass(frozen=True)
class Collected:
    """A rollout and what follows from it.

    Attributes:
        rollout: The steps.
        advantages: ``(K, T, N)``.
        finished: Episodes that ended, step by step.
    """

    rollout: Rollout
    advantages: Tensor
    finished: tuple[FinishedEpisodes, ...]


@dataclass(frozen=True)
class Samples:
    """The samples of ``K`` controllers one after the other, ``S`` of each.

    Attributes:
        obs: ``(K·S, D)`` float32.
        actions: ``(K·S,)`` int64.
        numbers: ``(4, K·S)`` float32 log-probabilities, advantages, returns and values; in one
            tensor, so that a minibatch of them is one gather.
        tasks: ``(K·S,)`` int64.
        count: ``K``.
    """

    obs: Tensor
    actions: Tensor
    numbers: Tensor
    tasks: Tensor
    count: int

    def minibatch(self, rows: Tensor) -> Minibatch:
        """Return the samples in rows ``(K, B)`` of the whole."""
        shape, flat = rows.shape, rows.reshape(-1)
        numbers = self.numbers.index_select(1, flat).view(4, *shape)
        log_probabilities, advantages, returns, values = numbers.unbind(0)
        return Minibatch(
            obs=self.obs.index_select(0, flat).view(*shape, -1),
            actions=self.actions.take(rows),
            log_probabilities=log_probabilities,
            advantages=advantages,
            returns=returns,
            values=values,
            tasks=self.tasks.take(rows),
        )


@dataclass(frozen=True)
class Minibatch:
    """Samples of ``K`` controllers, ``B`` of each.

    Attributes:
        obs: ``(K, B, D)`` float32 observations.
        actions: ``(K, B)`` int64.
        log_probabilities: ``(K, B)`` of the actions under the policy that chose them.
        advantages: ``(K, B)`` float32.
        returns: ``(K, B)`` float32 targets of the values.
        values: ``(K, B)`` float32 values at the time of acting.
        tasks: ``(K, B)`` int64 number of each sample's task among those of its controller.
    """

    obs: Tensor
    actions: Tensor
    log_probabilities: Tensor
    advantages: Tensor
    returns: Tensor
    values: Tensor
    tasks: Tensor
