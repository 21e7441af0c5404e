"""Progressive networks: a new column that reads frozen ones through lateral adapters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.agents.networks.masking import masked
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.errors import InvalidArgumentError


class ProgressiveMLP(nn.Module):
    """A perceptron with frozen perceptrons beside it.

    ``h_i = f(W_i h_{i−1} + b_i + Σ_j U_i^{(j)} h^{(j)}_{i−1})`` for the second layer and, without
    the activation, for the heads (Rusu et al., Progressive Neural Networks, arXiv 1606.04671,
    equation 1); the first layer reads the observation alone, as every column does. Both encoders,
    the policy's and the value's, have columns. The columns are buffers: nothing can train them, and
    a stack of such networks holds them once.

    Args:
        columns: Trained perceptrons of one layout, width and activation.
        weights: One for each column: the policy starts at the weighted sum of the columns' logits,
            with weights that sum to 1 their normalised geometric mean. None for a start near 0,
            like the head of a new network.

    Raises:
        InvalidArgumentError: If there is no column, they differ in layout, width or activation, or
            there is not a weight for each.
    """

    def __init__(
        self, columns: Sequence[MLPNetwork], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        shapes = {(c.layout, c.activation, c.policy_head.in_features) for c in columns}
        if len(shapes) != 1:
            raise InvalidArgumentError(
                f"{len(columns)} columns of {len(shapes)} shapes; expected one or more of one "
                "layout, width and activation."
            )
        ((self.layout, self.activation, width),) = shapes
        count = len(columns)
        own = MLPNetwork(self.layout, width, self.activation)
        self.encoder, self.value_encoder = own.encoder, own.value_encoder
        self.policy_head, self.value_head = own.policy_head, own.value_head
        self.policy_adapter = nn.Linear(count * width, width, bias=False)
        self.value_adapter = nn.Linear(count * width, width, bias=False)
        self.policy_head_adapter = nn.Linear(count * width, self.layout.actions, bias=False)
        self.value_head_adapter = nn.Linear(count * width, 1, bias=False)
        for encoder, adapter in (
            (self.encoder, self.policy_adapter),
            (self.value_encoder, self.value_adapter),
        ):
            nn.init.orthogonal_(adapter.weight, 1.0)
            # Own weights and adapters share what gain the layer of a plain network has.
            nn.init.orthogonal_(encoder.get_parameter("2.weight"), 1.0)
        nn.init.orthogonal_(self.policy_head_adapter.weight, 0.01)
        nn.init.zeros_(self.value_head_adapter.weight)
        for name in ("encoder", "value_encoder"):
            for layer in ("0", "2"):
                for kind in ("weight", "bias"):
                    values = [c.get_parameter(f"{name}.{layer}.{kind}").detach() for c in columns]
                    self.register_buffer(f"column_{name}_{layer}_{kind}", torch.stack(values))
        if weights is not None:
            self._start_at(columns, weights)

    def _start_at(self, columns: Sequence[MLPNetwork], weights: Sequence[float]) -> None:
        if len(weights) != len(columns):
            raise InvalidArgumentError(
                f"{len(weights)} weights for {len(columns)} columns; expected one for each."
            )
        heads = [(w, column.policy_head) for w, column in zip(weights, columns, strict=True)]
        with torch.no_grad():
            self.policy_head_adapter.weight.copy_(
                torch.cat([w * head.weight for w, head in heads], dim=1)
            )
            self.policy_head.bias.copy_(torch.stack([w * head.bias for w, head in heads]).sum(0))
            # Else the new column's features would disturb what the sources know.
            self.policy_head.weight.zero_()

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``."""
        hidden, columns = self._encode("encoder", obs)
        logits = self.policy_head(hidden) + self.policy_head_adapter(columns)
        hidden, columns = self._encode("value_encoder", obs)
        values = self.value_head(hidden) + self.value_head_adapter(columns)
        return masked(logits, obs, self.layout), values.squeeze(-1)

    def _encode(self, name: str, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the own features ``(N, width)`` and those of all columns ``(N, S · width)``."""
        encoder = self.encoder if name == "encoder" else self.value_encoder
        adapter = self.policy_adapter if name == "encoder" else self.value_adapter
        first = self._activate(self._column(name, "0", obs.expand(self._count(name), -1, -1)))
        second = self._activate(self._column(name, "2", first))
        own = encoder[2](encoder[1](encoder[0](obs))) + adapter(_beside(first))
        return encoder[3](own), _beside(second)

    def _count(self, name: str) -> int:
        return len(self.get_buffer(f"column_{name}_0_bias"))

    def _column(self, name: str, layer: str, inputs: Tensor) -> Tensor:
        weight = self.get_buffer(f"column_{name}_{layer}_weight")
        bias = self.get_buffer(f"column_{name}_{layer}_bias")
        return inputs @ weight.transpose(1, 2) + bias[:, None]

    def _activate(self, inputs: Tensor) -> Tensor:
        return functional.relu(inputs) if self.activation == "relu" else torch.tanh(inputs)


def _beside(features: Tensor) -> Tensor:
    """Return the features of the columns ``(S, N, width)`` side by side ``(N, S · width)``."""
    return features.transpose(0, 1).flatten(1)
