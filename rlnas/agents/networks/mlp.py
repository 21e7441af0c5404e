"""The multilayer perceptron: fast, and tied to the sizes of one space."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from rlnas.agents.networks.masking import masked
from rlnas.envs import ObservationLayout


class MLPNetwork(nn.Module):
    """Perceptron over the whole observation; tied to one space's sizes.

    Args:
        layout: The observation's layout.
        width: Units of each of the two hidden layers.
        activation: ``relu``, or ``tanh``, which on a CPU costs as much as the matrix products.
    """

    def __init__(
        self,
        layout: ObservationLayout,
        width: int = 32,
        activation: Literal["relu", "tanh"] = "relu",
    ) -> None:
        super().__init__()
        self.layout = layout
        self.activation = activation
        self.encoder = self._encoder(width)
        self.value_encoder = self._encoder(width)
        self.policy_head = nn.Linear(width, layout.actions)
        self.value_head = nn.Linear(width, 1)
        for module in (*self.encoder, *self.value_encoder):
            if isinstance(module, nn.Linear):
                _orthogonal(module, 2**0.5)
        _orthogonal(self.policy_head, 0.01)
        _orthogonal(self.value_head, 1.0)

    def _encoder(self, width: int) -> nn.Sequential:
        kind = nn.ReLU if self.activation == "relu" else nn.Tanh
        inputs = self.layout.size
        return nn.Sequential(nn.Linear(inputs, width), kind(), nn.Linear(width, width), kind())

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``."""
        logits = self.policy_head(self.encoder(obs))
        values = self.value_head(self.value_encoder(obs)).squeeze(-1)
        return masked(logits, obs, self.layout), values


def _orthogonal(layer: nn.Linear, gain: float) -> None:
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
