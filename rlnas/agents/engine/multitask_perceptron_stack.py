"""A stack of perceptrons for several tasks, with its derivative written out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rlnas.agents.engine.perceptron_stack import PerceptronStack
from rlnas.agents.networks.masking import MASKED
from rlnas.agents.networks.multitask import MultiTaskMLP
from rlnas.errors import InvalidArgumentError

_ENCODERS = ("encoder", "value_encoder")


class MultiTaskPerceptronStack(PerceptronStack):
    """``K`` `MultiTaskMLP` in one; see `NetworkStack`.

    Args:
        networks: The perceptrons, with as many tasks and an embedding as long in each.

    Raises:
        InvalidArgumentError: If they differ in shape or activation.
    """

    def __init__(self, networks: Sequence[MultiTaskMLP]) -> None:
        super().__init__(networks)
        self._num_tasks = networks[0].num_tasks
        self._embedded = networks[0].embedding > 0
        self._which = torch.empty(0)

    def forward(self, obs: Tensor, task: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `NetworkStack.forward`."""
        if task is None:
            raise InvalidArgumentError("Networks for several tasks need the task of each row.")
        numbers = torch.arange(self._num_tasks, device=obs.device)
        self._which = (task[..., None] == numbers).to(obs.dtype)
        hidden, policy = self._encode("encoder", obs, self._shift("encoder"))
        hidden_value, value = self._encode("value_encoder", obs, self._shift("value_encoder"))
        logits = self._heads("policy_head", policy)
        logits.add_(obs[..., self.layout.mask] - 1, alpha=-MASKED)
        values = self._heads("value_head", value).squeeze(-1)
        self._inputs = (obs, hidden, policy, hidden_value, value)
        return logits, values

    differentiable = forward

    def backward(self, logits_gradient: Tensor, values_gradient: Tensor) -> None:
        """See `NetworkStack.backward`."""
        obs, hidden, policy, hidden_value, value = self._inputs
        back = self._heads_back("policy_head", logits_gradient, policy)
        first = self._encode_back("encoder", back, policy, hidden, obs)
        back = self._heads_back("value_head", values_gradient[..., None], value)
        first_value = self._encode_back("value_encoder", back, value, hidden_value, obs)
        if self._embedded:
            self._embedding_back((first, first_value))

    def _shift(self, name: str) -> Tensor | None:
        """Return what each row's task adds in the first layer of an encoder ``(K, B, width)``."""
        if not self._embedded:
            return None
        tasks = self._weights["task_embedding.weight"]
        return self._which @ (tasks @ self._weights[f"task_{name}.weight"].transpose(1, 2))

    def _embedding_back(self, gradients: Sequence[Tensor]) -> None:
        tasks, total = self._weights["task_embedding.weight"], None
        for name, gradient in zip(_ENCODERS, gradients, strict=True):
            by_task = self._which.transpose(1, 2) @ gradient
            own = by_task @ self._weights[f"task_{name}.weight"]
            total = own if total is None else total + own
            torch.bmm(by_task.transpose(1, 2), tasks, out=self._gradients[f"task_{name}.weight"])
        if total is not None:
            self._gradients["task_embedding.weight"].copy_(total)

    def _heads(self, name: str, inputs: Tensor) -> Tensor:
        """Return the outputs of each row's own head; the heads are few and small, so all run."""
        outputs = self._linear(f"{name}.0", inputs).mul_(self._which[..., :1])
        for t in range(1, self._num_tasks):
            outputs.addcmul_(self._linear(f"{name}.{t}", inputs), self._which[..., t : t + 1])
        return outputs

    def _heads_back(self, name: str, gradient: Tensor, inputs: Tensor) -> Tensor:
        back = self._linear_back(f"{name}.0", gradient * self._which[..., :1], inputs)
        for t in range(1, self._num_tasks):
            own = gradient * self._which[..., t : t + 1]
            back += self._linear_back(f"{name}.{t}", own, inputs)
        return back
