"""Policy and value networks.

Every network reads a flat observation by its `ObservationLayout` and returns masked logits and a
value. Its parameters are grouped under ``encoder``, ``policy_head`` and ``value_head`` (the
perceptron has a ``value_encoder`` besides), the parts that a transfer method copies, freezes or
re-initialises. `MultiTaskMLP` has heads for several tasks and is told which one a row is of.
"""

from rlnas.agents.networks.build import DEFAULT_VOCABULARY, build_network
from rlnas.agents.networks.mlp import MLPNetwork
from rlnas.agents.networks.multitask import MultiTaskMLP
from rlnas.agents.networks.transformer import TransformerNetwork

__all__ = [
    "DEFAULT_VOCABULARY",
    "MLPNetwork",
    "MultiTaskMLP",
    "TransformerNetwork",
    "build_network",
]
