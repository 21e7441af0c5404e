"""Synflow: how much flows from the input to the output along the paths of the network."""

from __future__ import annotations

import math

import torch
from torch import nn

from rlnas.errors import UndefinedScoreError
from rlnas.proxies.probe import Probe, weighted_layers


def synflow(probe: Probe) -> float:
    """Return log Σ |w · ∂R/∂w|, where R is the sum of the outputs for an input of ones.

    All weights are replaced by their absolute values, and batch normalisation by the identity, so
    that R is a sum over paths. Computed in float64. A closing tanh is the identity here; it would
    be flat at these sizes.

    Source: Tanaka et al. (NeurIPS 2020, arXiv 2006.05467, §6), without batch normalisation as by
    Abdelfattah et al. (ICLR 2021, arXiv 2101.08134, §3); the logarithm is that of the published
    scores of NAS-Bench-Suite-Zero (arXiv 2210.03230).

    Raises:
        UndefinedScoreError: If no path leads from the input to the output.
    """
    network = probe.copy_network().double()
    _replace(network)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.abs_()
    ones = torch.ones(1, *probe.input_shape, dtype=torch.float64, device=probe.device)
    layers = weighted_layers(network)
    gradients = probe.differentiate(network(ones).sum(), [layer.weight for layer in layers])
    total = sum(
        float((layer.weight.detach() * gradient).abs().sum())
        for layer, gradient in zip(layers, gradients, strict=True)
    )
    if total == 0:
        raise UndefinedScoreError("No path leads from the input to the output.")
    return math.log(total)


def _replace(module: nn.Module) -> None:
    """Put the identity in the place of batch normalisation and tanh."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.Tanh):
            setattr(module, name, nn.Identity())
        else:
            _replace(child)
