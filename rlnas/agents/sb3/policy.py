"""Our networks as a Stable-Baselines3 policy."""

from __future__ import annotations

from typing import Any

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import Tensor, nn


class NetworkPolicy(ActorCriticPolicy):
    """An actor-critic policy around a network that gives masked logits and values.

    The mask travels in the observation, so plain ``stable_baselines3.PPO`` never takes an illegal
    action and its update sees the same masked distribution.

    Args:
        *args: Observation space, action space and learning-rate schedule, from PPO.
        network: The network; it is used, not copied.
        **kwargs: Further arguments from PPO.
    """

    def __init__(self, *args: Any, network: nn.Module, **kwargs: Any) -> None:
        self._given = [network]  # in a list, because modules cannot be set before __init__
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        self.network = self._given[0]
        trained = [p for p in self.network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=lr_schedule(1), eps=1e-5)

    def _distribution(self, obs: PyTorchObs) -> tuple[Any, Tensor]:
        # Typed as Any because PyTorch's distributions carry no types.
        logits, values = self.network(obs)
        return torch.distributions.Categorical(logits=logits, validate_args=False), values[:, None]

    def forward(
        self, obs: PyTorchObs, deterministic: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return actions ``(N,)``, values ``(N, 1)`` and log-probabilities ``(N,)``."""
        distribution, values = self._distribution(obs)
        actions = distribution.logits.argmax(1) if deterministic else distribution.sample()
        return actions, values, distribution.log_prob(actions)

    def evaluate_actions(self, obs: PyTorchObs, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return values ``(N, 1)``, log-probabilities ``(N,)`` and entropies ``(N,)``."""
        distribution, values = self._distribution(obs)
        return values, distribution.log_prob(actions.long()), distribution.entropy()

    def predict_values(self, obs: PyTorchObs) -> Tensor:
        """Return values ``(N, 1)``."""
        return self._distribution(obs)[1]

    def _predict(self, observation: PyTorchObs, deterministic: bool = False) -> Tensor:
        return self.forward(observation, deterministic)[0]
