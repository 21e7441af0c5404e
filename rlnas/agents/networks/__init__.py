"""Policy and value networks.

Every network reads a flat observation by its `ObservationLayout` and returns masked logits and a
value. Its parameters are grouped under ``encoder``, ``policy_head`` and ``value_head`` (the
perceptron has a ``value_encoder`` besides), the parts that a transfer method copies, freezes or
re-initialises. `MultiTaskMLP` and `MultiTaskTransformer` have heads and an embedding for each of
several tasks and are told which one a row is of; `ProgressiveMLP` reads frozen networks beside its
own layers.
"""

from rlnas.agents.networks.adapters import ProgressiveMLP
from rlnas.agents.networks.build import (
    DEFAULT_VOCABULARY,
    build_multitask_network,
    build_policy,
    build_progressive_network,
    layout_of,
)
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.agents.networks.multitask import MultiTaskMLP, MultiTaskNetwork
from rlnas.agents.networks.multitask_transformer import MultiTaskTransformer
from rlnas.agents.networks.transformer import TransformerNetwork

__all__ = [
    "DEFAULT_VOCABULARY",
    "MLPNetwork",
    "MultiTaskMLP",
    "MultiTaskNetwork",
    "MultiTaskTransformer",
    "ProgressiveMLP",
    "TransformerNetwork",
    "build_multitask_network",
    "build_policy",
    "build_progressive_network",
    "layout_of",
]
