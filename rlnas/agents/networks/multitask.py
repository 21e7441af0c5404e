"""A perceptron for several tasks of one space: shared encoders, heads of each task's own."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from rlnas.agents.networks.masking import masked
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.envs import ObservationLayout
from rlnas.errors import InvalidArgumentError


class MultiTaskMLP(nn.Module):
    """`MLPNetwork` for several tasks at once.

    The observation does not say which task it is of, so the encoders learn what all tasks share and
    each task has a policy head and a value head of its own. Heads start with different weights.

    Args:
        layout: The observation's layout.
        num_tasks: Number of tasks, 1 or more.
        width: Units of each of the two hidden layers.
        activation: ``relu`` or ``tanh``; see `MLPNetwork`.

    Attributes:
        takes_task: True; tells the learner to pass each row's task.

    Raises:
        InvalidArgumentError: If there is no task.
    """

    takes_task = True

    def __init__(
        self,
        layout: ObservationLayout,
        num_tasks: int,
        width: int = 32,
        activation: Literal["relu", "tanh"] = "relu",
    ) -> None:
        super().__init__()
        if num_tasks < 1:
            raise InvalidArgumentError(f"num_tasks is {num_tasks}; expected 1 or more.")
        self.layout = layout
        self.activation: Literal["relu", "tanh"] = activation
        self.width = width
        single = [MLPNetwork(layout, width, activation) for _ in range(num_tasks)]
        self.encoder = single[0].encoder
        self.value_encoder = single[0].value_encoder
        self.policy_head = nn.ModuleList([network.policy_head for network in single])
        self.value_head = nn.ModuleList([network.value_head for network in single])

    def forward(self, obs: Tensor, task: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``.

        Args:
            obs: ``(N, D)`` float32 observations.
            task: ``(N,)`` int64 number of each row's task.
        """
        # All heads for all rows: a few products of one shape, which run batched over controllers,
        # where picking each row's weights would copy a head a row.
        policy, value = self.encoder(obs), self.value_encoder(obs)
        logits = torch.stack([head(policy) for head in self.policy_head], dim=1)
        values = torch.cat([head(value) for head in self.value_head], dim=1)
        own = task[:, None, None].expand(-1, 1, logits.shape[-1])
        picked = logits.gather(1, own).squeeze(1)
        return masked(picked, obs, self.layout), values.gather(1, task[:, None]).squeeze(1)

    def for_task(self, task: int) -> MLPNetwork:
        """Return one task's network with copies of its weights.

        Args:
            task: Number of the task, 0 … ``num_tasks − 1``.

        Raises:
            InvalidArgumentError: If there is no such task.
        """
        if not 0 <= task < len(self.policy_head):
            raise InvalidArgumentError(
                f"task is {task}; expected 0 … {len(self.policy_head) - 1}, the network's tasks."
            )
        network = MLPNetwork(self.layout, self.width, self.activation)
        for name, part in (
            ("encoder", self.encoder),
            ("value_encoder", self.value_encoder),
            ("policy_head", self.policy_head[task]),
            ("value_head", self.value_head[task]),
        ):
            setattr(network, name, copy.deepcopy(part))
        return network
