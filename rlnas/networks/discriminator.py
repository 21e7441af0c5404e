"""The discriminator of the adversarial loss of surface normals and autoencoding."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from rlnas.errors import InvalidArgumentError
from rlnas.networks.initialisation import initialise
from rlnas.seeding import torch_generator

# Width as a multiple of the first, kernel, stride, padding of the normalised convolutions.
_LAYERS = ((1, 5, 4, 2), (2, 5, 4, 2), (4, 5, 4, 2), (4, 3, 1, 1), (8, 3, 1, 1), (8, 3, 1, 1))


def build_discriminator(channels: int, *, width: int = 64, seed: int = 0) -> nn.Sequential:
    """Build TransNAS-Bench-101's conditional discriminator on the CPU, with its first weights.

    It turns pairs ``(B, channels, H, W)`` of input and target or output image, one after the other
    as channels, into logits ``(B,)`` that the pair is real. Three 5×5 convolutions with stride 4,
    then four 3×3 convolutions, LeakyReLU(0.2) between; all but the last with spectral normalisation
    (Miyato et al., ICLR 2018, arXiv 1802.05957); the logits of all patches are averaged (authors'
    ``discriminator.py``).

    Args:
        channels: Channels of the input image and the target image together; 6 as published.
        width: Channels after the first convolution; 64 as published.
        seed: Seed of the first weights and of the first guess of each largest singular vector.

    Raises:
        InvalidArgumentError: If ``channels`` or ``width`` is less than 1.
    """
    if channels < 1 or width < 1:
        raise InvalidArgumentError(
            f"A discriminator of {channels} channels and width {width}; expected at least 1 each."
        )
    layers: list[nn.Module] = []
    with torch.device("meta"):
        before = channels
        for factor, kernel, stride, padding in _LAYERS:
            after = factor * width
            layers += [nn.Conv2d(before, after, kernel, stride, padding), nn.LeakyReLU(0.2)]
            before = after
        layers += [nn.Conv2d(before, 1, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(0)]
    discriminator = nn.Sequential(*layers)
    discriminator.to_empty(device="cpu")
    initialise(discriminator, seed, "networks", "discriminator", kaiming=False)
    convolutions = [layer for layer in discriminator if isinstance(layer, nn.Conv2d)]
    for position, layer in enumerate(convolutions[:-1]):
        generator = torch_generator(seed, "networks", "discriminator", "singular", position)
        _normalise(layer, generator)
    return discriminator


def _normalise(layer: nn.Conv2d, generator: torch.Generator) -> None:
    """Put spectral normalisation on a layer, its power iteration started from a generator."""
    # PyTorch draws the first singular vectors from the global generator: draw ours over them.
    with torch.random.fork_rng(devices=[]):
        spectral_norm(layer)
    weight: Any = cast("nn.ModuleDict", layer.parametrizations)["weight"]
    matrix = weight.original.detach().flatten(1)
    right = torch.randn(matrix.shape[1], generator=generator)
    for _ in range(15):
        left = nn.functional.normalize(matrix @ right, dim=0)
        right = nn.functional.normalize(matrix.T @ left, dim=0)
    weight[0]._u.copy_(left)
    weight[0]._v.copy_(right)
