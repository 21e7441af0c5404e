"""Build the network that a configuration describes for a space."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from rlnas.agents.config import NetworkConfig
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.agents.networks.transformer import TransformerNetwork
from rlnas.envs import ObservationLayout
from rlnas.seeding import derive_seed
from rlnas.spaces import SearchSpace

DEFAULT_VOCABULARY = (
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
    "absent",
    "normal",
    "channels",
    "resolution",
    "channels_resolution",
)
"""Operation names of the built-in spaces: a transformer knows them all from the start."""


def vocabulary_of(space: SearchSpace) -> tuple[str, ...]:
    """Return the built-in operation names followed by those that only this space has."""
    return DEFAULT_VOCABULARY + tuple(o for o in space.operations if o not in DEFAULT_VOCABULARY)


def build_network(
    config: NetworkConfig,
    space: SearchSpace,
    layout: ObservationLayout,
    *,
    seed: int,
    vocabulary: Sequence[str] | None = None,
) -> nn.Module:
    """Return a network with weights drawn from ``seed``; PyTorch's global state is untouched.

    Args:
        config: Kind and sizes.
        space: The search space whose operations and positions it reads.
        layout: The observation's layout.
        seed: Seed of the initial weights.
        vocabulary: Operation names of a transformer; those of `vocabulary_of` by default.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        if config.kind == "mlp":
            return MLPNetwork(layout, config.width, config.activation)
        return TransformerNetwork(
            layout,
            [(int(tail), int(head)) for tail, head in space.positions],
            space.operations,
            vocabulary if vocabulary is not None else vocabulary_of(space),
            width=config.width,
            layers=config.layers,
            heads=config.heads,
        )
