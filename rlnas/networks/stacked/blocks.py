"""How the operations, reductions and heads of networks are stacked."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.networks.blocks import ResidualBlock
from rlnas.networks.decoders import LightDecoder, PixelsFromChannels
from rlnas.networks.heads import PooledHead
from rlnas.networks.operations import FactorizedReduce, ReLUConvBN
from rlnas.networks.stacked.stack import Links, stack, stack_all


class ReLUFirst(nn.Module, abc.ABC):
    """A stacked operation that begins with ReLU, which edges from one node can share."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all members."""
        return self.after_relu(functional.relu(x))

    @abc.abstractmethod
    def after_relu(self, x: Tensor) -> Tensor:
        """Return the outputs for an input that ReLU was applied to."""


class StackedReLUConvBN(ReLUFirst):
    """`ReLUConvBN` of several members."""

    def __init__(self, members: Sequence[ReLUConvBN], links: Links) -> None:
        super().__init__()
        self.convolution = stack_all([m[1] for m in members], links)
        self.norm = stack_all([m[2] for m in members], links)

    def after_relu(self, x: Tensor) -> Tensor:
        """Return the outputs for an input that ReLU was applied to."""
        out: Tensor = self.norm(self.convolution(x))
        return out


class StackedFactorizedReduce(ReLUFirst):
    """`FactorizedReduce` of several members; each one's two halves stay together."""

    def __init__(self, members: Sequence[FactorizedReduce], links: Links) -> None:
        super().__init__()
        self._count = len(members)
        self._stride = members[0].straight.stride[0]
        self.straight = stack_all([m.straight for m in members], links)
        self.shifted = stack_all([m.shifted for m in members], links)
        self.norm = stack_all([m.norm for m in members], links)

    def after_relu(self, x: Tensor) -> Tensor:
        """Return the reduced maps for an input that ReLU was applied to."""
        straight = self.straight.get_parameter("weight")
        shifted = self.shifted.get_parameter("weight")
        if self._stride == 2 and not (x.shape[2] % 2 or x.shape[3] % 2):
            # Each half reads one corner of every 2×2 block: together one convolution, no copies.
            kernel = self._by_member(
                functional.pad(straight, (0, 1, 0, 1)), functional.pad(shifted, (1, 0, 1, 0)), 0
            )
            out: Tensor = functional.conv2d(x, kernel, stride=2, groups=self._count)
        else:
            moved = functional.pad(x[:, :, 1:, 1:], (0, 1, 0, 1))
            out = self._by_member(self.straight(x), self.shifted(moved), 1)
        normal: Tensor = self.norm(out)
        return normal

    def _by_member(self, straight: Tensor, shifted: Tensor, dim: int) -> Tensor:
        """Return both halves concatenated along ``dim``, member by member."""
        parts = [torch.unflatten(half, dim, (self._count, -1)) for half in (straight, shifted)]
        return torch.cat(parts, dim=dim + 1).flatten(dim, dim + 1)


class StackedResidualBlock(nn.Module):
    """`ResidualBlock` of several members."""

    def __init__(self, members: Sequence[ResidualBlock], links: Links) -> None:
        super().__init__()
        self.first = stack_all([m.first for m in members], links)
        self.second = stack_all([m.second for m in members], links)
        self.shortcut = stack_all([m.shortcut for m in members], links)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of all members."""
        out: Tensor = self.shortcut(x) + self.second(self.first(x))
        return out


class StackedPooledHead(nn.Module):
    """`PooledHead` of several members; gives ``(K, B, outputs)``."""

    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(self, members: Sequence[PooledHead], links: Links) -> None:
        super().__init__()
        self._count = len(members)
        self._width = members[0].linear.in_features
        links.parameter(self, "weight", [m.linear.weight for m in members])
        links.parameter(self, "bias", [m.linear.bias for m in members])

    def forward(self, features: Tensor) -> Tensor:
        """Return the outputs ``(K, B, outputs)`` for maps ``(B · tiles, K · C, h, w)``."""
        pooled = torch.unflatten(features.mean(dim=(2, 3)), 1, (self._count, -1)).transpose(0, 1)
        pooled = pooled.reshape(self._count, -1, self._width)
        weight = torch.unflatten(self.weight, 0, (self._count, -1)).transpose(1, 2)
        bias = torch.unflatten(self.bias, 0, (self._count, 1, -1))
        return torch.baddbmm(bias, pooled, weight)


class StackedLightDecoder(nn.Module):
    """`LightDecoder` of several members, whose outputs lie side by side as channels."""

    def __init__(self, members: Sequence[LightDecoder], links: Links) -> None:
        super().__init__()
        self._sizes = members[0].sizes
        columns = zip(*(list(m.layers) for m in members), strict=True)
        self.layers = nn.ModuleList(stack_all(column, links) for column in columns)
        self.last = stack_all([m.last for m in members], links)
        self.finish = stack_all([m.finish for m in members], links)

    def forward(self, features: Tensor) -> Tensor:
        """Return the outputs ``(B, K · outputs, H, W)`` of maps ``(B, K · C, h, w)``."""
        for size, layer in zip(self._sizes, self.layers, strict=True):
            if features.shape[-1] != size:
                features = functional.interpolate(features, size=(size, size), mode="nearest")
            features = layer(features)
        out: Tensor = self.finish(self.last(features))
        return out


@stack.register
def _relu_conv_bn(module: ReLUConvBN, members: Sequence[ReLUConvBN], links: Links) -> nn.Module:
    return StackedReLUConvBN(members, links)


@stack.register
def _factorized_reduce(
    module: FactorizedReduce, members: Sequence[FactorizedReduce], links: Links
) -> nn.Module:
    return StackedFactorizedReduce(members, links)


@stack.register
def _residual(module: ResidualBlock, members: Sequence[ResidualBlock], links: Links) -> nn.Module:
    return StackedResidualBlock(members, links)


@stack.register
def _pooled(module: PooledHead, members: Sequence[PooledHead], links: Links) -> nn.Module:
    return StackedPooledHead(members, links)


@stack.register
def _light(module: LightDecoder, members: Sequence[LightDecoder], links: Links) -> nn.Module:
    return StackedLightDecoder(members, links)


@stack.register
def _pixels(
    module: PixelsFromChannels, members: Sequence[PixelsFromChannels], links: Links
) -> nn.Module:
    return PixelsFromChannels(len(members))
