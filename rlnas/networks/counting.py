"""What modules cost: parameters, multiply-accumulates, and FLOPs as published tables count them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Counts:
    """What one example costs in a module.

    Attributes:
        parameters: Number of trainable numbers.
        macs: Multiply-accumulates of convolutions, transposed convolutions and linear layers.
        flops: The same example as NAS-Bench-Suite-Zero (arXiv 2210.03230) counts it, with
            tensorwatch's ``ModelStats``: multiply-accumulates of convolutions and linear layers,
            one more per output element of a convolution with a bias, two per element in affine
            batch normalisation (else one), one per element in (leaky) ReLU, kernel² per output
            element in a pool, (h + 1)(w + 1) per channel in global average pooling. Transposed
            convolutions, tanh, upsampling and sums count nothing.
    """

    parameters: int = 0
    macs: int = 0
    flops: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.parameters + other.parameters, self.macs + other.macs, self.flops + other.flops
        )


def count_parameters(module: nn.Module) -> int:
    """Return the number of trainable numbers of a module, those of dead edges too."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def measure(build: Callable[[], nn.Module], shape: tuple[int, ...]) -> Counts:
    """Return what a module costs on an input of the given shape, without computing anything.

    The module is built and run on PyTorch's meta device.

    Args:
        build: Makes the module.
        shape: Shape of the input, the batch first.
    """
    with torch.device("meta"), torch.no_grad():
        module = build().eval()
        tally = _Tally()
        handles = [
            layer.register_forward_hook(tally.add)
            for layer in module.modules()
            if next(layer.children(), None) is None
        ]
        module(torch.empty(shape))
        for handle in handles:
            handle.remove()
    return Counts(count_parameters(module), tally.macs, tally.flops)


class _Tally:
    """Adds up what the layers of one forward pass cost."""

    def __init__(self) -> None:
        self.macs = 0
        self.flops = 0

    def add(self, layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Add one layer; a forward hook."""
        given: Tensor = inputs[0]
        if isinstance(layer, nn.Conv2d):
            macs = output.numel() * layer.weight[0].numel()
            self.macs += macs
            self.flops += macs + (0 if layer.bias is None else output.numel())
        elif isinstance(layer, nn.ConvTranspose2d):
            self.macs += given.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            macs = output.numel() * layer.in_features
            self.macs += macs
            self.flops += macs
        elif isinstance(layer, nn.BatchNorm2d):
            self.flops += given.numel() * (2 if layer.affine else 1)
        elif isinstance(layer, (nn.ReLU, nn.LeakyReLU)):
            self.flops += given.numel()
        elif isinstance(layer, (nn.AvgPool2d, nn.MaxPool2d)):
            side = int(layer.kernel_size)  # type: ignore[arg-type] # square in every module here
            self.flops += output.numel() * side**2
        elif isinstance(layer, nn.AdaptiveAvgPool2d):
            height, width = given.shape[2:]
            self.flops += output.numel() * (height + 1) * (width + 1)
