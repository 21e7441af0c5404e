"""The light decoder, for small images and small budgets."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


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
