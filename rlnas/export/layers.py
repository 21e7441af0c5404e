"""The layers of an exported model: plain PyTorch, and nothing of this package.

`rlnas.export.source` copies what a model needs of this module, as it stands, into the model's own
file. So every function and class here names only PyTorch and others of this module. The names of
their submodules are those of `rlnas.networks`, so that trained weights fit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Return ReLU, a convolution without bias, batch normalisation."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(
            channels_in, channels_out, kernel, stride=stride, padding=kernel // 2, bias=False
        ),
        nn.BatchNorm2d(channels_out),
    )


class FactorizedReduce(nn.Module):
    """A skip that changes the shape: two 1x1 convolutions on alternate pixels."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        half = channels_out // 2
        self.straight = nn.Conv2d(channels_in, half, 1, stride=stride, bias=False)
        self.shifted = nn.Conv2d(channels_in, channels_out - half, 1, stride=stride, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """Return the reduced map."""
        x = functional.relu(x)
        shifted = functional.pad(x[:, :, 1:, 1:], (0, 1, 0, 1))
        out: Tensor = self.norm(torch.cat((self.straight(x), self.shifted(shifted)), dim=1))
        return out


def skip(channels_in: int, channels_out: int, stride: int = 1) -> nn.Module:
    """Return the identity, or a factorised reduction where the shape changes."""
    if channels_in == channels_out and stride == 1:
        return nn.Identity()
    return FactorizedReduce(channels_in, channels_out, stride)


def avg_pool(channels_in: int, channels_out: int, stride: int = 1) -> nn.Module:
    """Return a 3x3 average pool, behind a 1x1 convolution where the channels change."""
    pool = nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    if channels_in == channels_out:
        return pool
    return nn.Sequential(conv(channels_in, channels_out, 1), pool)


def max_pool(channels_in: int, channels_out: int, stride: int = 1) -> nn.Module:
    """Return a 3x3 maximum pool, behind a 1x1 convolution where the channels change."""
    pool = nn.MaxPool2d(3, stride=stride, padding=1)
    if channels_in == channels_out:
        return pool
    return nn.Sequential(conv(channels_in, channels_out, 1), pool)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut around them."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        stride: int = 1,
        pooled: bool = False,
        shortcut_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.second = conv(channels_out, channels_out, 3)
        self.shortcut: nn.Module = nn.Identity()
        if pooled:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(2, stride=2, ceil_mode=True),
                nn.Conv2d(channels_in, channels_out, 1, bias=False),
            )
        elif stride > 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels_out, eps=shortcut_eps),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of both ways."""
        out: Tensor = self.shortcut(x) + self.second(self.first(x))
        return out


class PixelsFromChannels(nn.Module):
    """Turns four times the channels, ordered (row, column, channel), into twice the resolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, 2 h, 2 w) for (B, 4 C, h, w)."""
        batch, channels, height, width = x.shape
        blocks = x.reshape(batch, 2, 2, channels // 4, height, width)
        return blocks.permute(0, 3, 4, 1, 5, 2).reshape(batch, channels // 4, 2 * height, 2 * width)
