"""The encoder: stem and blocks, from an image to a feature map."""

from __future__ import annotations

from numpy.typing import ArrayLike
from torch import Tensor, nn

from rlnas.networks.blocks import ResidualBlock, Shortcut, build_stem
from rlnas.networks.cell import Cell
from rlnas.networks.config import SkeletonConfig
from rlnas.networks.operations import EdgeShape
from rlnas.networks.skeleton import Block, distinct_sizes, plan_blocks
from rlnas.spaces import SearchSpace


def block_shape(block: Block, config: SkeletonConfig) -> EdgeShape:
    """Return what a block must do to its input."""
    return EdgeShape(
        channels_in=block.channels_in,
        channels_out=block.channels_out,
        stride=block.stride,
        affine=config.affine,
        track_running_stats=config.track_running_stats,
    )


def build_residual(block: Block, config: SkeletonConfig) -> ResidualBlock:
    """Return a new module for a ``residual`` or ``reduction`` block."""
    shortcut: Shortcut = "published" if config.published_shortcuts else "convolution"
    if block.kind == "reduction":
        shortcut = "pooling"
    return ResidualBlock(block_shape(block, config), shortcut)


def build_close(last: Block, config: SkeletonConfig) -> nn.Module:
    """Return what follows the last block: BN and ReLU in NAS-Bench-201's skeleton, or nothing."""
    if config.skeleton == "stages" and last.kind == "cell":
        return nn.Sequential(nn.BatchNorm2d(last.channels_out), nn.ReLU())
    return nn.Identity()


class Encoder(nn.Module):
    """Stem, then the blocks that the skeleton and the architecture say.

    Args:
        space: A cell space or TransNAS's macro space.
        architecture: One encoded architecture of it.
        config: The skeleton.
        channels: Channels of the input image.

    Attributes:
        stem: The first one or two convolutions.
        blocks: The cells and residual blocks in order.
        close: BN and ReLU after the last stage in NAS-Bench-201's skeleton, else nothing.
        out_channels: Channels of the feature map.
    """

    def __init__(
        self, space: SearchSpace, architecture: ArrayLike, config: SkeletonConfig, channels: int
    ) -> None:
        super().__init__()
        self._config = config
        self.plan = plan_blocks(space, architecture, config)
        self.out_channels = self.plan[-1].channels_out
        self.stem = build_stem(channels, config.width, config.stem_strides)
        edges = [(int(tail), int(head)) for tail, head in space.positions]
        names = [space.operations[o] for o in space.check(architecture)]
        self.blocks = nn.Sequential(
            *(
                Cell(edges, names, block_shape(block, config))
                if block.kind == "cell"
                else build_residual(block, config)
                for block in self.plan
            )
        )
        self.close = build_close(self.plan[-1], config)

    def sizes(self, image_size: int) -> tuple[int, ...]:
        """Return the distinct sides of the maps in pixels, from the image's to the features'."""
        return distinct_sizes(image_size, self._config, self.plan)

    def forward(self, x: Tensor) -> Tensor:
        """Return the feature map ``(B, out_channels, h, w)`` of images ``(B, channels, H, W)``."""
        features: Tensor = self.close(self.blocks(self.stem(x)))
        return features
