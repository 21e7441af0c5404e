"""The transformer over an architecture's positions, which runs on spaces of other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rlnas.agents.networks.masking import masked
from rlnas.envs import ObservationLayout
from rlnas.envs.layout import NUM_SCALARS


class PositionTransformer(nn.Module):
    """The encoder of a transformer over positions, and how a policy head reads what it gives.

    A token stands for a position: the embedding of its operation's *name*, of its two nodes, and
    what the history says of its edits. The logit of setting position p to operation o is a
    bilinear form of the token's output and the embedding of o's name, so no parameter depends on
    how many positions or operations a space has. (Transfer between search spaces by transformer
    agents: arXiv 1906.08102.)

    Args:
        layout: The observation's layout.
        positions: ``(P, 2)`` (tail, head) nodes of each position.
        operations: Names of the operations.
        vocabulary: Operation names with an embedding each; unknown names share one.
        width: Width of a token, a multiple of ``heads``.
        layers: Number of encoder layers.
        heads: Number of attention heads.
        max_nodes: Largest node number with an embedding of its own.
    """

    nodes: Tensor
    names: Tensor

    def __init__(
        self,
        layout: ObservationLayout,
        positions: Sequence[tuple[int, int]],
        operations: Sequence[str],
        vocabulary: Sequence[str],
        *,
        width: int = 32,
        layers: int = 2,
        heads: int = 2,
        max_nodes: int = 16,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.width = width
        self.register_buffer("nodes", torch.tensor(positions).clamp(max=max_nodes), False)
        self.vocabulary_size = len(vocabulary) + 1
        known = {name: i + 1 for i, name in enumerate(vocabulary)}
        self.register_buffer("names", torch.tensor([known.get(o, 0) for o in operations]), False)
        self.encoder = nn.ModuleDict(
            {
                "operation": nn.Embedding(self.vocabulary_size, width),
                "tail": nn.Embedding(max_nodes + 1, width),
                "head": nn.Embedding(max_nodes + 1, width),
                "scalars": nn.Linear(NUM_SCALARS, width),
                "history": nn.Linear(2, width, bias=False),
                "layers": nn.TransformerEncoder(
                    nn.TransformerEncoderLayer(
                        width, heads, 2 * width, dropout=0.0, batch_first=True, norm_first=True
                    ),
                    layers,
                    enable_nested_tensor=False,
                ),
                "norm": nn.LayerNorm(width),
            }
        )

    def encode(self, obs: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the tokens after the encoder ``(N, 1 + P, width)``, that of the scalars first.

        Args:
            obs: ``(N, D)`` observations.
            task: ``(N, width)``, added to the scalars' token before the encoder.
        """
        layout, enc = self.layout, self.encoder
        grid = (obs.shape[0], layout.positions, layout.operations)
        names = enc["operation"](self.names)
        tokens = obs[:, layout.current].reshape(grid) @ names
        tokens = tokens + enc["tail"](self.nodes[:, 0]) + enc["head"](self.nodes[:, 1])
        if layout.history:
            seen, gain = obs[:, layout.seen].reshape(grid), obs[:, layout.gain].reshape(grid)
            # Each edit adds its operation's name, weighted by what is known of it. Summed over
            # the operations first, which is the same and needs no row for every edit.
            (weight,) = enc["history"].parameters()
            tokens = tokens + (seen @ names) * weight[:, 0] + (gain @ names) * weight[:, 1]
        summary = enc["scalars"](obs[:, layout.scalars])
        if task is not None:
            summary = summary + task
        hidden: Tensor = enc["norm"](enc["layers"](torch.cat([summary[:, None], tokens], dim=1)))
        return hidden

    def decide(self, policy_head: nn.ModuleDict, obs: Tensor, hidden: Tensor) -> Tensor:
        """Return a policy head's logits ``(N, actions)``, not masked yet.

        Args:
            policy_head: This network's, or one like it.
            obs: ``(N, D)`` observations.
            hidden: What `encode` returned.
        """
        layout, n = self.layout, obs.shape[0]
        head = policy_head["token"](hidden[:, 1:])
        logits = head @ policy_head["operation"](self.names).T / head.shape[-1] ** 0.5
        if layout.history:
            grid = (n, layout.positions, layout.operations)
            seen, gain = obs[:, layout.seen].reshape(grid), obs[:, layout.gain].reshape(grid)
            weights = policy_head["history"](hidden[:, 1:])
            logits = logits + weights[..., :1] * seen + weights[..., 1:] * gain
        if layout.actions == layout.operations:
            chosen = obs[:, layout.current].sum(1).long().clamp(max=layout.positions - 1)
            chosen_logits: Tensor = logits[torch.arange(n, device=obs.device), chosen]
            return chosen_logits
        return torch.cat([logits.reshape(n, -1), policy_head["stop"](hidden[:, 0])], dim=1)

    def new_policy_head(self) -> nn.ModuleDict:
        """Return a policy head with new weights."""
        return nn.ModuleDict(
            {
                "token": nn.Linear(self.width, self.width),
                "operation": nn.Embedding(self.vocabulary_size, self.width),
                "history": nn.Linear(self.width, 2),
                "stop": nn.Linear(self.width, 1),
            }
        )

    def new_value_head(self) -> nn.Sequential:
        """Return a value head with new weights, which reads the mean token."""
        return nn.Sequential(nn.Linear(self.width, self.width), nn.Tanh(), nn.Linear(self.width, 1))


class TransformerNetwork(PositionTransformer):
    """Self-attention over the positions of an architecture; runs on spaces of other sizes.

    In the construction environment only the logits of the position that is chosen next are
    returned.

    Args:
        *args: As `PositionTransformer`.
        **kwargs: As `PositionTransformer`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy_head = self.new_policy_head()
        self.value_head = self.new_value_head()

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Return masked logits ``(N, actions)`` and values ``(N,)``."""
        hidden = self.encode(obs)
        logits = self.decide(self.policy_head, obs, hidden)
        return masked(logits, obs, self.layout), self.value_head(hidden.mean(1)).squeeze(-1)
