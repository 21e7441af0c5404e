"""Zen: how far a small change of the input moves the features of a Gaussian network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rlnas.errors import UndefinedScoreError
from rlnas.proxies.probe import Probe
from rlnas.seeding import torch_generator

_STEP = 1e-2


def zen(probe: Probe, batch_size: int = 16) -> float:
    """Return log E|f(x) − f(x + 0.01 z)|₁ + Σ log σ over the batch normalisations.

    x and z are standard normal inputs, f gives the features before global average pooling (of a
    network without it: the input of its last convolution), and the weights are standard normal,
    drawn anew from the seed. σ² is the mean running variance of a normalisation after the two
    passes, started from 1 with the layer's momentum (0.1), as in the authors' code and the
    published scores; so a dead edge, which is not computed here, adds nothing.

    Source: Lin et al. (Zen-NAS, ICCV 2021, arXiv 2102.01063, Algorithm 1).

    Args:
        probe: What is looked at; its batch is not read.
        batch_size: Number of random inputs.

    Raises:
        UndefinedScoreError: If there are no such features, or they do not depend on the input.
    """
    network = probe.copy_network()
    _draw_weights(network, probe.seed)
    module = _before_pooling(network)
    features: list[Tensor] = []

    def keep(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        features.append(arguments[0])

    handle = module.register_forward_pre_hook(keep)
    shape = (batch_size, *probe.input_shape)
    stream = torch_generator(probe.seed, "proxies", "zen", "inputs")
    inputs, noise = (torch.randn(shape, generator=stream).to(probe.device) for _ in range(2))
    with torch.no_grad():
        network(inputs)
        network(inputs + _STEP * noise)
    handle.remove()
    distance = float((features[0] - features[1]).abs().flatten(1).sum(1).mean())
    if distance == 0:
        raise UndefinedScoreError("The features do not depend on the input.")
    variances = [
        float(m.running_var.mean())
        for m in network.modules()
        if isinstance(m, nn.BatchNorm2d) and m.running_var is not None
    ]
    # Not math.log: a network that overflows has a score that is not finite, not an error.
    scale = torch.tensor([distance**2, *variances], dtype=torch.float64)
    return float(scale.log().sum() / 2)


def _before_pooling(network: nn.Module) -> nn.Module:
    """Return the module whose input are the features."""
    modules = list(network.modules())
    for kind in (nn.AdaptiveAvgPool2d, nn.Conv2d):
        found = [m for m in modules if isinstance(m, kind)]
        if found:
            return found[-1]
    raise UndefinedScoreError("The network has neither global average pooling nor a convolution.")


@torch.no_grad()
def _draw_weights(network: nn.Module, seed: int) -> None:
    """Draw standard normal weights, zero the biases, and restart the batch normalisations.

    A layer draws from a stream of its own, so that layers beside it, dead edges say, do not matter.
    """
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            stream = torch_generator(seed, "proxies", "zen", name)
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=stream))
            if layer.bias is not None:
                layer.bias.zero_()
        elif isinstance(layer, nn.BatchNorm2d):
            layer.track_running_stats = True
            # A layer that keeps no statistics has none to reset.
            like = next(network.parameters())
            layer.register_buffer("running_mean", like.new_zeros(layer.num_features))
            layer.register_buffer("running_var", like.new_ones(layer.num_features))
            if layer.affine:
                nn.init.ones_(layer.weight)
                nn.init.zeros_(layer.bias)
