"""The head of a network by the kind of its task."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.networks.config import SkeletonConfig
from rlnas.networks.decoders import LightDecoder, generative_decoder, segmentation_decoder


class PooledHead(nn.Module):
    """Global average pooling and a linear layer, over the tiles of a puzzle together.

    The pooled features of an example's tiles are concatenated in the order of the tiles
    (TransNAS-Bench-101's jigsaw; with one tile, its head for classes and vectors).

    Args:
        channels: Channels of the feature map.
        tiles: Tiles of an example.
        outputs: Length of the output.
    """

    def __init__(self, channels: int, tiles: int, outputs: int) -> None:
        super().__init__()
        self._width = tiles * channels
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(self._width, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Return ``(B, outputs)`` for feature maps ``(B · tiles, channels, h, w)``."""
        out: Tensor = self.linear(self.pool(features).reshape(-1, self._width))
        return out


def build_head(
    spec: TaskSpec, config: SkeletonConfig, channels: int, sizes: Sequence[int]
) -> nn.Module:
    """Return a new head for a task on top of an encoder.

    Args:
        spec: The task.
        config: The skeleton; says which decoder gives images.
        channels: Channels of the feature map.
        sizes: Distinct sides of the maps in pixels, from the image's to the features'.

    Raises:
        InvalidArgumentError: If the published decoder does not fit the sizes of the maps.
    """
    if spec.kind not in ("pixels", "image"):
        return PooledHead(channels, spec.tiles, spec.outputs)
    if config.decoder == "light":
        return LightDecoder(
            channels,
            sizes,
            spec.outputs,
            width=config.decoder_width,
            bounded=spec.kind == "image",
        )
    decoder = segmentation_decoder if spec.kind == "pixels" else generative_decoder
    return decoder(channels, sizes, spec.outputs)
