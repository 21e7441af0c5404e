"""Build the network that a configuration describes for a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from rlnas.agents.config import PolicyConfig
from rlnas.agents.networks.adapters import ProgressiveMLP
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.agents.networks.multitask import MultiTaskMLP, MultiTaskNetwork
from rlnas.agents.networks.multitask_transformer import MultiTaskTransformer
from rlnas.agents.networks.transformer import TransformerNetwork
from rlnas.envs import EnvironmentConfig, ObservationLayout, make_core
from rlnas.envs.scoring import BlankScorer
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


def build_policy(
    config: PolicyConfig,
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
        return TransformerNetwork(*_tokens(layout, space, vocabulary), **_transformer_sizes(config))


def build_multitask_network(
    config: PolicyConfig,
    space: SearchSpace,
    layout: ObservationLayout,
    num_tasks: int,
    *,
    embedding: int,
    seed: int,
    vocabulary: Sequence[str] | None = None,
) -> MultiTaskNetwork:
    """Return a network for several tasks; see `build_policy`.

    Args:
        config: Kind and sizes.
        space: The search space.
        layout: The observation's layout.
        num_tasks: Number of tasks, 1 or more.
        embedding: Length of a task's embedding in a perceptron; in a transformer it is as wide as
            a token.
        seed: Seed of the initial weights.
        vocabulary: Operation names of a transformer; those of `vocabulary_of` by default.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        if config.kind == "mlp":
            return MultiTaskMLP(
                layout, num_tasks, config.width, config.activation, embedding=embedding
            )
        tokens = _tokens(layout, space, vocabulary)
        return MultiTaskTransformer(num_tasks, *tokens, **_transformer_sizes(config))


def build_progressive_network(
    columns: Sequence[MLPNetwork], weights: Sequence[float] | None = None, *, seed: int
) -> ProgressiveMLP:
    """Return a new column beside trained ones; see `ProgressiveMLP` and `build_policy`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "weights"))
        return ProgressiveMLP(columns, weights)


def _tokens(
    layout: ObservationLayout, space: SearchSpace, vocabulary: Sequence[str] | None
) -> tuple[Any, ...]:
    """Return the first arguments of a transformer."""
    positions = [(int(tail), int(head)) for tail, head in space.positions]
    known = vocabulary if vocabulary is not None else vocabulary_of(space)
    return layout, positions, space.operations, known


def _transformer_sizes(config: PolicyConfig) -> dict[str, int]:
    return {"width": config.width, "layers": config.layers, "heads": config.heads}


def layout_of(space: SearchSpace, environment: EnvironmentConfig) -> ObservationLayout:
    """Return the layout of the observations that an environment gives on a space."""
    return make_core(BlankScorer(space), environment).layout
