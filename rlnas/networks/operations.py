"""The operations on the edges of a cell.

ReLU–convolution–batch normalisation and the factorised reduction are those of NAS-Bench-201 (arXiv
2001.00326, §2.1) and TransNAS-Bench-101 (arXiv 2105.11871, §3.1), which go back to DARTS.
Every operation with stride 2 turns a side of n pixels into ⌈n / 2⌉, on odd n too, so that the edges
into a node always agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.errors import InvalidArgumentError, UnknownNameError


@dataclass(frozen=True, kw_only=True)
class EdgeShape:
    """What an edge must do to its input, whatever its operation.

    Attributes:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        stride: 1 or 2.
        affine: Whether batch normalisation learns a scale and a shift.
        track_running_stats: Whether batch normalisation keeps statistics for evaluation.
    """

    channels_in: int
    channels_out: int
    stride: int = 1
    affine: bool = True
    track_running_stats: bool = True

    @property
    def keeps_shape(self) -> bool:
        """Whether the output has the shape of the input."""
        return self.stride == 1 and self.channels_in == self.channels_out

    def norm(self) -> nn.BatchNorm2d:
        """Return the batch normalisation of the output."""
        return nn.BatchNorm2d(
            self.channels_out, affine=self.affine, track_running_stats=self.track_running_stats
        )


class ReLUConvBN(nn.Sequential):
    """ReLU, a square convolution without bias that keeps ⌈n / stride⌉, batch normalisation."""

    def __init__(self, shape: EdgeShape, kernel: int) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(
                shape.channels_in,
                shape.channels_out,
                kernel,
                stride=shape.stride,
                padding=kernel // 2,
                bias=False,
            ),
            shape.norm(),
        )


class FactorizedReduce(nn.Module):
    """ReLU, two 1×1 convolutions that look at alternate pixels, batch normalisation.

    The second convolution reads the input shifted by one pixel up and left, filled with zeros, so
    that with stride 2 the two halves of the output together see both diagonals of the pixel grid.
    """

    def __init__(self, shape: EdgeShape) -> None:
        super().__init__()
        half = shape.channels_out // 2
        self.relu = nn.ReLU()
        self.straight = nn.Conv2d(shape.channels_in, half, 1, stride=shape.stride, bias=False)
        self.shifted = nn.Conv2d(
            shape.channels_in, shape.channels_out - half, 1, stride=shape.stride, bias=False
        )
        self.norm = shape.norm()

    def forward(self, x: Tensor) -> Tensor:
        """Return the reduced map ``(B, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)``."""
        x = self.relu(x)
        shifted = functional.pad(x[:, :, 1:, 1:], (0, 1, 0, 1))
        out: Tensor = self.norm(torch.cat((self.straight(x), self.shifted(shifted)), dim=1))
        return out


class Zero(nn.Module):
    """Zeros in the shape that the edge must give."""

    def __init__(self, shape: EdgeShape) -> None:
        super().__init__()
        self.channels = shape.channels_out
        self.stride = shape.stride

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros ``(B, channels_out, ⌈H / stride⌉, ⌈W / stride⌉)``."""
        height, width = (-(-side // self.stride) for side in x.shape[2:])
        return x.new_zeros(x.shape[0], self.channels, height, width)


def _skip(shape: EdgeShape) -> nn.Module:
    return nn.Identity() if shape.keeps_shape else FactorizedReduce(shape)


def _pool(shape: EdgeShape, pool: nn.Module) -> nn.Module:
    if shape.channels_in == shape.channels_out:
        return pool
    # A pool cannot change the number of channels; NAS-Bench-201 puts a 1×1 convolution before it.
    widen = EdgeShape(
        channels_in=shape.channels_in,
        channels_out=shape.channels_out,
        affine=shape.affine,
        track_running_stats=shape.track_running_stats,
    )
    return nn.Sequential(ReLUConvBN(widen, 1), pool)


Build = Callable[[EdgeShape], nn.Module]
"""Makes the module of an operation for an edge."""

_OPERATIONS: dict[str, Build] = {
    "none": Zero,
    "skip_connect": _skip,
    "nor_conv_1x1": lambda shape: ReLUConvBN(shape, 1),
    "nor_conv_3x3": lambda shape: ReLUConvBN(shape, 3),
    "nor_conv_5x5": lambda shape: ReLUConvBN(shape, 5),
    "avg_pool_3x3": lambda shape: _pool(
        shape, nn.AvgPool2d(3, stride=shape.stride, padding=1, count_include_pad=False)
    ),
    "max_pool_3x3": lambda shape: _pool(shape, nn.MaxPool2d(3, stride=shape.stride, padding=1)),
}


def operation_names() -> tuple[str, ...]:
    """Return the names of the operations that `build_operation` knows."""
    return tuple(_OPERATIONS)


def register_operation(name: str, build: Build) -> None:
    """Let networks have an operation of your own.

    Args:
        name: Its name, as the operations of your `rlnas.spaces.CellSpace` have it.
        build: Makes its module for an `EdgeShape`: from ``channels_in`` to ``channels_out``, a side
            of n pixels to ⌈n / stride⌉. Its layers with weights are convolutions, linear layers and
            batch normalisations, whose first weights are known.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    if name in _OPERATIONS:
        raise InvalidArgumentError(f"The network operation {name!r} is registered already.")
    _OPERATIONS[name] = build


def build_operation(name: str, shape: EdgeShape) -> nn.Module:
    """Return a new module for an operation.

    Raises:
        UnknownNameError: If no operation has this name.
    """
    if name not in _OPERATIONS:
        raise UnknownNameError("network operation", name, _OPERATIONS)
    return _OPERATIONS[name](shape)
