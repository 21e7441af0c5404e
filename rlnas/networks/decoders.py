"""Heads that give an image: the published decoders, and a light one for small images."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from rlnas.errors import InvalidArgumentError

# Channels after each of the generative decoder's 13 normalised layers, and which can double.
_WIDTHS = (1024, 1024, 512, 512, 256, 128, 64, 64, 32, 32, 16, 32, 16)
_DOUBLING = (2, 4, 6, 8, 10, 12)


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
            f"have {' → '.join(map(str, sizes))} pixels. Use SkeletonConfig(decoder='light')."
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


class PixelsFromChannels(nn.Module):
    """Turns four times the channels into twice the resolution (Shi et al., arXiv 1609.05158).

    Channel (i, j, c) of a pixel becomes channel c of the pixel at row i and column j of its 2×2
    block; PyTorch's `PixelShuffle` orders them (c, i, j). With channels last this order is copied
    in runs, which makes a step of a segmentation clearly faster on a CPU.

    Args:
        members: Number of networks whose channels lie side by side.
    """

    def __init__(self, members: int = 1) -> None:
        super().__init__()
        self.members = members

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, C, 2 h, 2 w)`` for ``(B, 4 C, h, w)``."""
        batch, channels, height, width = x.shape
        blocks = x.permute(0, 2, 3, 1).reshape(batch, height, width, self.members, 2, 2, -1)
        pixels = blocks.permute(0, 1, 4, 2, 5, 3, 6)
        rows = pixels.reshape(batch, 2 * height, 2 * width, channels // 4)
        return rows.permute(0, 3, 1, 2)


class LightDecoder(nn.Module):
    """A small decoder for small images: one 3×3 convolution for each doubling but the last.

    For each doubling: nearest-neighbour upsampling, conv3×3, BN, ReLU with half the channels of the
    layer before, at least 8. The last doubling is a 1×1 convolution to four times the outputs whose
    channels become pixels, since a convolution at full resolution would cost more than all before.
    Where sides are no powers of two, or there is but one doubling, it is upsampled like the others
    and a 1×1 convolution ends it. The design is ours, made so that on 32-pixel images the encoder,
    not the decoder, decides.

    Args:
        channels: Channels of the feature map.
        sizes: Sides of the maps, from the image's to the features', in pixels, falling.
        outputs: Channels of the output.
        width: Channels of the first layer; None: half of ``channels``, at least 8.
        bounded: Whether the output goes through tanh.

    Attributes:
        layers: The 3×3 layers.
        last: The 1×1 convolution.
        finish: What follows it: channels to pixels, tanh.
        sizes: Side of the map that each 3×3 layer works on, in pixels.
    """

    MIN_WIDTH = 8

    def __init__(
        self,
        channels: int,
        sizes: Sequence[int],
        outputs: int,
        *,
        width: int | None = None,
        bounded: bool = False,
    ) -> None:
        super().__init__()
        shuffles = len(sizes) > 2 and sizes[0] == 2 * sizes[1]
        self.sizes = tuple(sizes[-2 : 0 if shuffles else None : -1]) or (sizes[0],)
        narrower = max(self.MIN_WIDTH, channels // 2) if width is None else width
        self.layers = nn.ModuleList()
        for _ in self.sizes:
            self.layers.append(
                nn.Sequential(
                    nn.Conv2d(channels, narrower, 3, padding=1, bias=False),
                    nn.BatchNorm2d(narrower),
                    nn.ReLU(),
                )
            )
            channels, narrower = narrower, max(min(self.MIN_WIDTH, narrower), narrower // 2)
        self.last = nn.Conv2d(channels, 4 * outputs if shuffles else outputs, 1)
        self.finish = nn.Sequential(
            *([PixelsFromChannels()] if shuffles else []), *([nn.Tanh()] if bounded else [])
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the output ``(B, outputs, H, W)`` of a feature map ``(B, channels, h, w)``."""
        for size, layer in zip(self.sizes, self.layers, strict=True):
            if features.shape[-1] != size:
                features = functional.interpolate(features, size=(size, size), mode="nearest")
            features = layer(features)
        out: Tensor = self.finish(self.last(features))
        return out
