"""The fastest stack for given networks."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from rlnas.agents.engine.multitask_perceptron_stack import MultiTaskPerceptronStack
from rlnas.agents.engine.network_stack import AutogradStack, NetworkStack
from rlnas.agents.engine.perceptron_stack import PerceptronStack
from rlnas.agents.networks import MLPNetwork, MultiTaskMLP


def stack_networks(networks: Sequence[nn.Module]) -> NetworkStack:
    """Return the fastest stack for some networks.

    Args:
        networks: One or more, of one architecture, on one device.

    Raises:
        InvalidArgumentError: If they differ in shape, in activation, or in what they do not learn.
    """
    if all(type(network) is MLPNetwork for network in networks):
        return PerceptronStack([n for n in networks if isinstance(n, MLPNetwork)])
    if all(type(network) is MultiTaskMLP for network in networks):
        return MultiTaskPerceptronStack([n for n in networks if isinstance(n, MultiTaskMLP)])
    return AutogradStack(networks)
