"""A network's blocks as Python source, and where their weights come from."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks import SearchedNetwork
from rlnas.networks.blocks import ResidualBlock
from rlnas.networks.cell import Cell
from rlnas.networks.decoders import LightDecoder, PixelsFromChannels
from rlnas.networks.encoder import Encoder
from rlnas.spaces import CellSpace

# How an operation is written, given channels and stride.
_OPERATIONS = {
    "skip_connect": "skip({shape})",
    "nor_conv_1x1": "conv({channels}, 1{stride})",
    "nor_conv_3x3": "conv({channels}, 3{stride})",
    "nor_conv_5x5": "conv({channels}, 5{stride})",
    "avg_pool_3x3": "avg_pool({shape})",
    "max_pool_3x3": "max_pool({shape})",
}

_WIDTH = 100  # of a line


def cell_source(network: SearchedNetwork) -> list[str]:
    """Return the lines of the class ``Cell``, the searched cell; none if there are no cells.

    Raises:
        InvalidArgumentError: If an operation cannot be exported.
    """
    space = network.space
    cell = next((block for block in network.encoder.blocks if isinstance(block, Cell)), None)
    if cell is None or not isinstance(space, CellSpace):
        return []
    vector = space.parse(network.architecture)
    names = [space.operations[operation] for operation in vector]
    edges = [(int(tail), int(head)) for tail, head in space.positions]
    first = min(tail for tail, _ in edges)
    lines = [
        "class Cell(nn.Module):",
        '    """The searched cell: nodes are sums of what their edges bring."""',
        "",
        "    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:",
        "        super().__init__()",
    ]
    for edge in cell.live:
        tail, head = edges[edge]
        outer = tail == first
        channels = "channels_in, channels" if outer else "channels, channels"
        stride = ", stride" if outer else ""
        if names[edge] not in _OPERATIONS:
            raise InvalidArgumentError(
                f"The operation {names[edge]!r} cannot be exported; expected one of "
                f"{', '.join(_OPERATIONS)}."
            )
        text = _OPERATIONS[names[edge]].format(
            channels=channels, stride=stride, shape=channels + stride
        )
        lines.append(f"        self.edge_{tail}_{head} = {text}")
    if not cell.live:
        lines.append("        self.channels, self.stride = channels, stride")
    lines += ["", "    def forward(self, x: Tensor) -> Tensor:", *_cell_forward(cell, edges, first)]
    return lines


def _cell_forward(cell: Cell, edges: list[tuple[int, int]], first: int) -> Iterator[str]:
    if not cell.plan:
        yield "        # No path leads through this cell: its output is zero."
        yield "        height, width = (-(-side // self.stride) for side in x.shape[2:])"
        yield "        return x.new_zeros(len(x), self.channels, height, width)"
        return
    yield f"        node_{first} = x"
    for node, incoming in cell.plan:
        terms = [f"self.edge_{tail}_{node}(node_{tail})" for _, tail in incoming]
        line = f"        node_{node} = {' + '.join(terms)}"
        if len(line) <= _WIDTH:
            yield line
        else:
            yield f"        node_{node} = {terms[0]}"
            yield from (f"        node_{node} = node_{node} + {term}" for term in terms[1:])
    yield f"        return node_{cell.last}"


def encoder_source(encoder: Encoder) -> list[tuple[str, str]]:
    """Return the layers of an encoder in order: each one's name in it and its expression."""
    lines = _leaves(encoder.stem, "stem.")
    for place, (block, plan) in enumerate(zip(encoder.blocks, encoder.plan, strict=True)):
        arguments = f"{plan.channels_in}, {plan.channels_out}"
        if plan.stride > 1:
            arguments += f", stride={plan.stride}"
        kind = "Cell"
        if isinstance(block, ResidualBlock):
            kind = "ResidualBlock"
            arguments += ", pooled=True" if plan.kind == "reduction" else ""
            eps = {n.eps for n in block.shortcut.modules() if isinstance(n, nn.BatchNorm2d)}
            arguments += ", shortcut_eps=1.0" if eps == {1.0} else ""
        lines.append((f"blocks.{place}.", f"{kind}({arguments})"))
    return lines + _leaves(encoder.close, "close.")


def decoder_source(network: SearchedNetwork) -> list[tuple[str, str]]:
    """Return the layers of a head that gives an image, likewise."""
    head = network.head
    if not isinstance(head, LightDecoder):
        return _leaves(head, "")
    lines = []
    present = network.encoder.sizes(network.spec.image_size)[-1]
    for place, (size, layer) in enumerate(zip(head.sizes, head.layers, strict=True)):
        if size != present:
            lines.append(("", f'nn.Upsample(size=({size}, {size}), mode="nearest")'))
        present = size
        lines += _leaves(layer, f"layers.{place}.")
    return [*lines, ("last.", _expression(head.last)), *_leaves(head.finish, "finish.")]


def _leaves(module: nn.Module, prefix: str) -> list[tuple[str, str]]:
    """Return the innermost layers of a module, those that do nothing left out."""
    return [
        (f"{prefix}{name}." if name else prefix, _expression(layer))
        for name, layer in module.named_modules()
        if next(layer.children(), None) is None
        and not isinstance(layer, nn.Identity | nn.Sequential)
    ]


def _expression(layer: nn.Module) -> str:
    """Return the expression that makes a layer, of arguments that every PyTorch knows."""
    if isinstance(layer, PixelsFromChannels):
        return "PixelsFromChannels()"
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        return _convolution(layer)
    if isinstance(layer, nn.BatchNorm2d):
        return f"nn.BatchNorm2d({layer.num_features})"
    if isinstance(layer, nn.LeakyReLU):
        return f"nn.LeakyReLU({layer.negative_slope})"
    if isinstance(layer, nn.ReLU | nn.Tanh):
        return f"nn.{type(layer).__name__}()"
    raise InvalidArgumentError(f"A layer of type {type(layer).__name__} cannot be exported.")


def _convolution(layer: nn.Conv2d | nn.ConvTranspose2d) -> str:
    options = {
        "stride": (layer.stride[0], 1),
        "padding": (layer.padding[0], 0),
        "output_padding": (layer.output_padding[0], 0),
        "bias": (layer.bias is not None, True),
    }
    said = "".join(
        f", {name}={value}" for name, (value, usual) in options.items() if value != usual
    )
    shape = f"{layer.in_channels}, {layer.out_channels}, {layer.kernel_size[0]}"
    return f"nn.{type(layer).__name__}({shape}{said})"
