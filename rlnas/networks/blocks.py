"""What stands between the cells: stems, residual blocks, the closing activation."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from rlnas.networks.operations import EdgeShape, ReLUConvBN

Shortcut = Literal["convolution", "published", "pooling"]


class ResidualBlock(nn.Module):
    """Two ReLU–conv3×3–BN in a row, with a shortcut around them.

    Args:
        shape: Channels, stride and normalisation of the block.
        shortcut: Where the shape changes, ``convolution`` is a strided 1×1 convolution with batch
            normalisation (TransNAS-Bench-101's macro networks), ``published`` the same with ε = 1
            and momentum 1 as in their code (`SkeletonConfig.published_shortcuts`), ``pooling`` a
            2×2 average pool and a 1×1 convolution without (NAS-Bench-201, arXiv 2001.00326, §2.1).
    """

    def __init__(self, shape: EdgeShape, shortcut: Shortcut = "convolution") -> None:
        super().__init__()
        inner = EdgeShape(
            channels_in=shape.channels_out,
            channels_out=shape.channels_out,
            affine=shape.affine,
            track_running_stats=shape.track_running_stats,
        )
        self.first = ReLUConvBN(shape, 3)
        self.second = ReLUConvBN(inner, 3)
        self.shortcut: nn.Module = nn.Identity()
        if shape.keeps_shape:
            return
        widths = (shape.channels_in, shape.channels_out)
        if shortcut != "pooling":
            norm = shape.norm()
            if shortcut == "published":
                norm.eps, norm.momentum = 1.0, 1.0
            self.shortcut = nn.Sequential(
                nn.Conv2d(*widths, 1, stride=shape.stride, bias=False), norm
            )
        else:
            # ceil_mode makes odd sides agree with the strided convolution; even ones are as ever.
            pool = nn.AvgPool2d(2, stride=2, ceil_mode=True)
            self.shortcut = nn.Sequential(
                *([pool] if shape.stride == 2 else []), nn.Conv2d(*widths, 1, bias=False)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the output ``(B, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)``."""
        out: Tensor = self.shortcut(x) + self.second(self.first(x))
        return out


def build_stem(channels: int, width: int, strides: tuple[int, ...]) -> nn.Sequential:
    """Return the stem: conv3×3–BN, then with two strides a ReLU–conv3×3–BN of twice the channels.

    Its batch normalisations are always affine and always keep statistics, as published.

    Args:
        channels: Channels of the image.
        width: Channels of the output.
        strides: Stride of each convolution, one or two.
    """
    first = width if len(strides) == 1 else width // 2
    layers: list[nn.Module] = [
        nn.Conv2d(channels, first, 3, stride=strides[0], padding=1, bias=False),
        nn.BatchNorm2d(first),
    ]
    if len(strides) == 2:
        shape = EdgeShape(channels_in=first, channels_out=width, stride=strides[1])
        layers.append(ReLUConvBN(shape, 3))
    return nn.Sequential(*layers)
