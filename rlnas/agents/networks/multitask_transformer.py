"""The transformer for several tasks: it crosses search spaces and is told a row's task."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from rlnas.agents.networks.masking import masked
from rlnas.agents.networks.multitask import MultiTaskNetwork
from rlnas.agents.networks.transformer import PositionTransformer, TransformerNetwork


class MultiTaskTransformer(MultiTaskNetwork, PositionTransformer):
    """`TransformerNetwork` for several tasks at once: one encoder, heads and embedding a task.

    A task's embedding has the width of a token and is added to the token of the scalars, from which
    attention carries it to the others. The heads begin with the same weights: their logits are
    products of two of their tensors, and the mean of such heads means something only if they lie
    near each other.

    Args:
        num_tasks: Number of tasks, 1 or more.
        *args: As `PositionTransformer`.
        **kwargs: As `PositionTransformer`.

    Raises:
        InvalidArgumentError: If there is no task.
    """

    def __init__(self, num_tasks: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_num_tasks(num_tasks)
        policy, value = self.new_policy_head(), self.new_value_head()
        self.policy_head = nn.ModuleList([copy.deepcopy(policy) for _ in range(num_tasks)])
        self.value_head = nn.ModuleList([copy.deepcopy(value) for _ in range(num_tasks)])
        self.task_embedding = nn.Embedding(num_tasks, self.width)

    def forward(self, obs: Tensor, task: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``.

        Args:
            obs: ``(N, D)`` float32 observations.
            task: ``(N,)`` int64 number of each row's task.
        """
        which = self.which(task)
        hidden = self.encode(obs, which @ self.task_embedding.weight)
        summary = hidden.mean(1)
        heads = cast(list[nn.ModuleDict], list(self.policy_head))
        logits = torch.stack([self.decide(head, obs, hidden) for head in heads], dim=1)
        values = torch.cat([head(summary) for head in self.value_head], dim=1)
        picked = (logits * which[..., None]).sum(1)
        return masked(picked, obs, self.layout), (values * which).sum(1)

    def blended(
        self, weights: Sequence[float], make: Callable[[], TransformerNetwork]
    ) -> TransformerNetwork:
        """Return a plain network with blended heads and embedding; see `MultiTaskNetwork.blend`.

        Args:
            weights: One for each task.
            make: Makes the plain network, of the same sizes and vocabulary.
        """
        state = self.blend(weights)
        (row,) = state.pop("task_embedding.weight")
        # Fixed, it is a constant of the scalars' token.
        state["encoder.scalars.bias"] = state["encoder.scalars.bias"] + row
        network = make()
        network.load_state_dict(state)
        return network
