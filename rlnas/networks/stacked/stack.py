"""Several networks as one: their weights stacked, so that one kernel serves all of them.

The feature maps of K members lie side by side as the channels of one map ``(B, K · C, H, W)``;
convolutions become grouped convolutions, and batch normalisation, activations and sums work by
channel anyway. Nothing passes between members, so each computes, and learns, what it would alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import singledispatch

import torch
from torch import Tensor, nn

from rlnas.errors import InvalidArgumentError


class Links:
    """Remembers which tensors of the members a tensor of the stack was made of.

    Args:
        unreached: Members' parameters that their outputs do not depend on. `write_back` leaves
            them alone: without a gradient an optimiser does not touch them, whereas in the stack
            they lie beside others that have one, and decay with them.
    """

    def __init__(self, unreached: Collection[Tensor] = ()) -> None:
        self._unreached = {id(tensor) for tensor in unreached}
        # By owner and name, because moving a module to another device makes new buffers.
        self._links: list[tuple[nn.Module, str, list[Tensor]]] = []

    def parameter(self, owner: nn.Module, name: str, members: Sequence[Tensor]) -> None:
        """Give a module the members' parameters, one after the other, as one parameter."""
        setattr(owner, name, nn.Parameter(torch.cat([m.detach() for m in members])))
        self._links.append((owner, name, list(members)))

    @torch.no_grad()
    def buffer(self, owner: nn.Module, name: str, members: Sequence[Tensor]) -> None:
        """Give a module the members' buffers, one after the other; of scalars, the first."""
        stacked = torch.cat(list(members)) if members[0].ndim else members[0].clone()
        owner.register_buffer(name, stacked)
        self._links.append((owner, name, list(members)))

    @torch.no_grad()
    def write_back(self) -> None:
        """Copy what the stack has learned into the members."""
        for owner, name, members in self._links:
            stacked: Tensor = getattr(owner, name)
            parts = stacked.chunk(len(members)) if stacked.ndim else [stacked] * len(members)
            for part, member in zip(parts, members, strict=True):
                if id(member) not in self._unreached:
                    member.copy_(part)


@singledispatch
def stack(module: nn.Module, members: Sequence[nn.Module], links: Links) -> nn.Module:
    """Return one module that does what each of ``members`` does to its share of the channels.

    A type that is not known is refused: even one without weights may mix channels, as a softmax or
    a pixel shuffle does.

    Args:
        module: The first of them, which decides how they are stacked.
        members: Modules of the same type and shape.
        links: Takes note of the stacked tensors.

    Raises:
        InvalidArgumentError: If modules of this type cannot be stacked.
    """
    raise InvalidArgumentError(
        f"Modules of type {type(module).__name__} cannot be stacked; train such networks one by "
        "one with train_network."
    )


def stack_all(members: Sequence[nn.Module], links: Links) -> nn.Module:
    """Return `stack` of modules that must be alike."""
    return stack(members[0], members, links)


@stack.register(nn.Identity)
@stack.register(nn.ReLU)
@stack.register(nn.LeakyReLU)
@stack.register(nn.Tanh)
@stack.register(nn.AvgPool2d)
@stack.register(nn.MaxPool2d)
def _channel_by_channel(module: nn.Module, members: Sequence[nn.Module], links: Links) -> nn.Module:
    return module


@stack.register
def _sequential(module: nn.Sequential, members: Sequence[nn.Module], links: Links) -> nn.Module:
    columns = zip(*(list(member.children()) for member in members), strict=True)
    return nn.Sequential(*(stack_all(column, links) for column in columns))


@stack.register
def _convolution(module: nn.Conv2d, members: Sequence[nn.Module], links: Links) -> nn.Module:
    return stack_convolution(module, members, links)


def stack_convolution(
    module: nn.Conv2d, members: Sequence[nn.Module], links: Links, *, shared_input: bool = False
) -> nn.Conv2d:
    """Return the members' convolutions as one.

    Args:
        module: The first of them.
        members: All of them.
        links: Takes note of the weights.
        shared_input: Whether all members read the same channels; then it is a plain convolution.
    """
    count = len(members)
    with torch.device("meta"):
        stacked = nn.Conv2d(
            module.in_channels if shared_input else count * module.in_channels,
            count * module.out_channels,
            module.kernel_size,  # type: ignore[arg-type]
            stride=module.stride,  # type: ignore[arg-type]
            padding=module.padding,  # type: ignore[arg-type]
            groups=1 if shared_input else count,
            bias=module.bias is not None,
        )
    _link_weights(stacked, members, links)
    return stacked


@stack.register
def _transposed(
    module: nn.ConvTranspose2d, members: Sequence[nn.Module], links: Links
) -> nn.Module:
    count = len(members)
    with torch.device("meta"):
        stacked = nn.ConvTranspose2d(
            count * module.in_channels,
            count * module.out_channels,
            module.kernel_size,  # type: ignore[arg-type]
            stride=module.stride,  # type: ignore[arg-type]
            padding=module.padding,  # type: ignore[arg-type]
            output_padding=module.output_padding,  # type: ignore[arg-type]
            groups=count,
            bias=module.bias is not None,
        )
    _link_weights(stacked, members, links)
    return stacked


@stack.register
def _batch_norm(module: nn.BatchNorm2d, members: Sequence[nn.Module], links: Links) -> nn.Module:
    with torch.device("meta"):
        stacked = nn.BatchNorm2d(
            len(members) * module.num_features,
            eps=module.eps,
            momentum=module.momentum,
            affine=module.affine,
            track_running_stats=module.track_running_stats,
        )
    _link_weights(stacked, members, links)
    return stacked


def _link_weights(stacked: nn.Module, members: Sequence[nn.Module], links: Links) -> None:
    """Fill every parameter and buffer of a module with those of the members."""
    for name, _ in list(stacked.named_parameters(recurse=False)):
        links.parameter(stacked, name, [m.get_parameter(name) for m in members])
    for name, _ in list(stacked.named_buffers(recurse=False)):
        links.buffer(stacked, name, [m.get_buffer(name) for m in members])
