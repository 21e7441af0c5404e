"""Networks for several tasks: shared encoders, an embedding and heads of each task's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from rlnas.agents.networks.masking import masked
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.envs import ObservationLayout
from rlnas.errors import InvalidArgumentError

_OF_A_TASK = ("policy_head", "value_head")


class MultiTaskNetwork(nn.Module):
    """A network that is told which task a row is of.

    A subclass has the shared parts and, beside them, ``policy_head`` and ``value_head``, lists of a
    module for each task, and ``task_embedding``, a row for each task, if tasks are embedded.

    Attributes:
        takes_task: True; tells the learner to pass each row's task.
        num_tasks: Number of tasks, 1 or more.
    """

    takes_task = True
    num_tasks: int

    def _set_num_tasks(self, num_tasks: int) -> None:
        """Note the number of tasks.

        Raises:
            InvalidArgumentError: If there is none.
        """
        if num_tasks < 1:
            raise InvalidArgumentError(f"num_tasks is {num_tasks}; expected 1 or more.")
        self.num_tasks = num_tasks

    def which(self, task: Tensor) -> Tensor:
        """Return the one-hot rows ``(N, num_tasks)`` of task numbers ``(N,)``.

        Products with these rows pick a task's own without copying a head a row, and run batched
        over controllers.
        """
        numbers = torch.arange(self.num_tasks, device=task.device)
        return (task[:, None] == numbers).to(torch.float32)

    def blend(self, weights: Sequence[float]) -> dict[str, Tensor]:
        """Return a state in which a weighted sum stands for what each task has of its own.

        Args:
            weights: One for each task; a one-hot row gives that task's state.

        Returns:
            New tensors by name; the names of heads are without the task's number, and the
            embedding has a single row.

        Raises:
            InvalidArgumentError: If there are not as many weights as tasks.
        """
        if len(weights) != self.num_tasks:
            raise InvalidArgumentError(
                f"{len(weights)} weights for {self.num_tasks} tasks; expected one for each."
            )
        state: dict[str, Tensor] = {}
        for name, tensor in self.state_dict().items():
            part, _, rest = name.partition(".")
            if part in _OF_A_TASK:
                number, _, inner = rest.partition(".")
                own, short = float(weights[int(number)]) * tensor, f"{part}.{inner}"
                state[short] = state[short] + own if short in state else own
            elif part == "task_embedding":
                rows = torch.as_tensor(weights, dtype=tensor.dtype, device=tensor.device)
                state[name] = (rows @ tensor)[None]
            else:
                state[name] = tensor.clone()
        return state

    def one_hot(self, task: int) -> list[float]:
        """Return the weights of `blend` that pick one task.

        Raises:
            InvalidArgumentError: If there is no such task.
        """
        if not 0 <= task < self.num_tasks:
            raise InvalidArgumentError(
                f"task is {task}; expected 0 … {self.num_tasks - 1}, the network's tasks."
            )
        return [float(task == other) for other in range(self.num_tasks)]


class MultiTaskMLP(MultiTaskNetwork):
    """`MLPNetwork` for several tasks at once.

    The observation does not say which task it is of, so the encoders learn what all tasks share and
    each task has a policy head and a value head of its own. Heads start with different weights.
    Where tasks are embedded, the encoders read a learned vector of the task beside the observation
    (Wong et al., Transfer Learning with Neural AutoML, NeurIPS 2018, section 3).

    Args:
        layout: The observation's layout.
        num_tasks: Number of tasks, 1 or more.
        width: Units of each of the two hidden layers.
        activation: ``relu`` or ``tanh``; see `MLPNetwork`.
        embedding: Length of a task's embedding; 0 for none.

    Raises:
        InvalidArgumentError: If there is no task, or the length is negative.
    """

    def __init__(
        self,
        layout: ObservationLayout,
        num_tasks: int,
        width: int = 32,
        activation: Literal["relu", "tanh"] = "relu",
        *,
        embedding: int = 0,
    ) -> None:
        super().__init__()
        self._set_num_tasks(num_tasks)
        if embedding < 0:
            raise InvalidArgumentError(f"embedding is {embedding}; expected 0 or more.")
        self.layout = layout
        self.activation: Literal["relu", "tanh"] = activation
        self.width = width
        single = [MLPNetwork(layout, width, activation) for _ in range(num_tasks)]
        self.encoder = single[0].encoder
        self.value_encoder = single[0].value_encoder
        self.policy_head = nn.ModuleList([network.policy_head for network in single])
        self.value_head = nn.ModuleList([network.value_head for network in single])
        self.embedding = embedding
        if embedding:
            self.task_embedding = nn.Embedding(num_tasks, embedding)
            # The columns that the first layers would have for the embedding, were it part of the
            # observation.
            self.task_encoder = nn.Linear(embedding, width, bias=False)
            self.task_value_encoder = nn.Linear(embedding, width, bias=False)
            nn.init.orthogonal_(self.task_encoder.weight)
            nn.init.orthogonal_(self.task_value_encoder.weight)

    def forward(self, obs: Tensor, task: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``.

        Args:
            obs: ``(N, D)`` float32 observations.
            task: ``(N,)`` int64 number of each row's task.
        """
        which = self.which(task)
        policy, value = self.encoder[0](obs), self.value_encoder[0](obs)
        if self.embedding:
            tasks = self.task_embedding.weight
            policy = policy + which @ self.task_encoder(tasks)
            value = value + which @ self.task_value_encoder(tasks)
        policy, value = self.encoder[1:](policy), self.value_encoder[1:](value)
        logits = torch.stack([head(policy) for head in self.policy_head], dim=1)
        values = torch.cat([head(value) for head in self.value_head], dim=1)
        picked = (logits * which[..., None]).sum(1)
        return masked(picked, obs, self.layout), (values * which).sum(1)

    def blended(self, weights: Sequence[float]) -> MLPNetwork:
        """Return a plain network with blended heads and embedding; see `blend`.

        With the embedding fixed its part of the first layers is a constant, so it goes into their
        biases.
        """
        state = self.blend(weights)
        if self.embedding:
            (row,) = state.pop("task_embedding.weight")
            for name in ("encoder", "value_encoder"):
                bias = f"{name}.0.bias"
                state[bias] = state[bias] + state.pop(f"task_{name}.weight") @ row
        with torch.random.fork_rng(devices=[]):  # its first weights are drawn and then replaced
            network = MLPNetwork(self.layout, self.width, self.activation)
        network.load_state_dict(state)
        return network
