"""First weights from a seed, without the global generator."""

from __future__ import annotations

import math

import torch
from torch import nn

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import torch_generator

_Convolution = (nn.Conv2d, nn.ConvTranspose2d)
_ROOT_5 = math.sqrt(5)


@torch.no_grad()
def initialise(module: nn.Module, seed: int, *path: str, kaiming: bool) -> None:
    """Fill every parameter and buffer of a module in place.

    Each layer draws from a stream of its own, named by its place in the module. So a layer starts
    the same whatever the layers beside it are: a dead edge changes nothing for the live ones, and
    architectures that share an edge share its first weights.

    Batch normalisation starts as the identity with empty statistics. Linear layers, biases, and
    convolutions without ``kaiming`` have PyTorch's default: uniform within ±1/√fan-in.

    Args:
        module: What to fill; its tensors may be uninitialised.
        seed: The seed.
        path: Names that tell this module from others with the same seed.
        kaiming: Whether convolutions are normal with variance 2 / fan-out (He et al., ICCV 2015,
            arXiv 1502.01852), as TransNAS-Bench-101's encoders.

    Raises:
        InvalidArgumentError: If a module has parameters and is of a type not named above.
    """
    for name, layer in module.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        elif isinstance(layer, (*_Convolution, nn.Linear)):
            generator = torch_generator(seed, *path, name)
            if kaiming and isinstance(layer, _Convolution):
                nn.init.kaiming_normal_(
                    layer.weight, mode="fan_out", nonlinearity="relu", generator=generator
                )
            else:
                nn.init.kaiming_uniform_(layer.weight, a=_ROOT_5, generator=generator)
            if layer.bias is not None:
                # fan-in of a transposed convolution as PyTorch counts it: the second axis.
                bound = 1 / math.sqrt(layer.weight[0].numel())
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
        elif next(layer.parameters(recurse=False), None) is not None:
            raise InvalidArgumentError(
                f"No first weights are defined for {name!r} of type {type(layer).__name__}; "
                "expected convolutions, linear layers and batch normalisation."
            )
