"""Heads that give an image: semantic segmentation, surface normals, autoencoding."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from rlnas.errors import InvalidArgumentError


def _convolution(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(0.2),
    )


def _doubling(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(0.2),
    )


def _require_doublings(sizes: Sequence[int]) -> int:
    """Return how often a published decoder must double its input."""
    doublings = len(sizes) - 1
    if not 2 <= doublings <= 6 or sizes[0] != sizes[-1] * 2**doublings:
        raise InvalidArgumentError(
            f"The published decoders double the resolution two to six times exactly; here the maps "
            f"have {' → '.join(map(str, sizes))} pixels. Use NetworkConfig(decoder='light')."
        )
    return doublings


def segmentation_decoder(channels: int, sizes: Sequence[int], outputs: int) -> nn.Sequential:
    """Return TransNAS-Bench-101's eight-layer segmentation decoder (authors' ``decoder.py``).

    A 3×3 convolution to 1024 channels; six layers of which the last k double the resolution, all
    but the last of them halving the channels; a 3×3 convolution to the classes. Normalised layers
    keep their bias and have LeakyReLU(0.2), as published.

    Args:
        channels: Channels of the feature map.
        sizes: Sides of the maps, from the image's to the features', in pixels.
        outputs: Number of classes.

    Raises:
        InvalidArgumentError: If the resolution must be doubled less than twice, more than six
            times, or not exactly.
    """
    doublings = _require_doublings(sizes)
    layers: list[nn.Module] = [_convolution(channels, 1024)]
    width = 1024
    for position in range(6):
        narrower = width if position == 5 else width // 2
        build = _convolution if position < 6 - doublings else _doubling
        layers.append(build(width, narrower))
        width = narrower
    return nn.Sequential(*layers, nn.Conv2d(width, outputs, 3, padding=1))


# Channels after each of the generative decoder's 13 normalised layers, and which can double.
_WIDTHS = (1024, 1024, 512, 512, 256, 128, 64, 64, 32, 32, 16, 32, 16)
_DOUBLING = (2, 4, 6, 8, 10, 12)


def generative_decoder(channels: int, sizes: Sequence[int], outputs: int) -> nn.Sequential:
    """Return TransNAS-Bench-101's fourteen-layer generative decoder (authors' ``decoder.py``).

    Six of the layers can double the resolution; the last k of those do. Normalised layers keep
    their bias and have LeakyReLU(0.2); the last is a convolution and tanh, as published.

    Args:
        channels: Channels of the feature map.
        sizes: Sides of the maps, from the image's to the features', in pixels.
        outputs: Channels of the image.

    Raises:
        InvalidArgumentError: If the resolution must be doubled less than twice, more than six
            times, or not exactly.
    """
    doubled = _DOUBLING[len(_DOUBLING) - _require_doublings(sizes) :]
    layers: list[nn.Module] = []
    for position, width in enumerate(_WIDTHS):
        build = _doubling if position in doubled else _convolution
        layers.append(build(channels, width))
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, outputs, 3, padding=1), nn.Tanh())
