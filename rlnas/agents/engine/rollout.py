"""Rollouts of K controllers as tensors, and their advantages."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from rlnas.agents.engine.hooks import Minibatch


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

    @classmethod
    def empty(cls, steps: int, size: int, tasks: Tensor) -> Rollout:
        """Return a rollout to be filled.

        Args:
            steps: ``T``.
            size: Length of an observation.
            tasks: ``(K, N)`` as above; its device is the rollout's.
        """
        k, n = tasks.shape

        def empty(kind: torch.dtype) -> Tensor:
            return torch.empty(k, steps, n, dtype=kind, device=tasks.device)

        return cls(
            obs=torch.empty(k, steps, n, size, device=tasks.device),
            actions=empty(torch.int64),
            log_probabilities=empty(torch.float32),
            values=empty(torch.float32),
            rewards=empty(torch.float32),
            ended=empty(torch.bool),
            tasks=tasks,
        )

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
        result = torch.empty_like(errors)
        advantage = torch.zeros_like(last_values)
        for t in reversed(range(errors.shape[1])):
            advantage = torch.addcmul(errors[:, t], decay[:, t], advantage)
            result[:, t] = advantage
        return result

    def samples(self, advantages: Tensor) -> Samples:
        """Return every step as a sample to learn from."""
        return Samples(
            obs=self.obs.flatten(0, 2),
            actions=self.actions.flatten(),
            log_probabilities=self.log_probabilities.flatten(),
            advantages=advantages.flatten(),
            returns=(advantages + self.values).flatten(),
            values=self.values.flatten(),
            tasks=self.tasks[:, None].expand_as(self.actions).flatten(),
            count=len(self.tasks),
        )


@dataclass(frozen=True)
class Samples:
    """The samples of ``K`` controllers one after the other, ``S`` of each; see `Minibatch`."""

    obs: Tensor
    actions: Tensor
    log_probabilities: Tensor
    advantages: Tensor
    returns: Tensor
    values: Tensor
    tasks: Tensor
    count: int

    def minibatch(self, rows: Tensor) -> Minibatch:
        """Return the samples in rows ``(K, B)`` of the whole."""
        shape, flat = rows.shape, rows.reshape(-1)

        def pick(x: Tensor) -> Tensor:
            return x.index_select(0, flat).view(*shape, *x.shape[1:])

        return Minibatch(
            obs=pick(self.obs),
            actions=pick(self.actions),
            log_probabilities=pick(self.log_probabilities),
            advantages=pick(self.advantages),
            returns=pick(self.returns),
            values=pick(self.values),
            tasks=pick(self.tasks),
        )
