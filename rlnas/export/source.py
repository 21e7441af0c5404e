"""A trained network as one readable Python file of plain PyTorch."""

from __future__ import annotations

import inspect
import json
import re
import textwrap

from rlnas.errors import InvalidArgumentError
from rlnas.export import layers
from rlnas.export.blocks import cell_source, decoder_source, encoder_source
from rlnas.export.usage import usage_source
from rlnas.networks import SearchedNetwork
from rlnas.networks.heads import PooledHead

_IMPORTS = """from __future__ import annotations

{sys}from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
{functional}"""
_WIDTH = 100
# In the order in which they must stand: each uses only those before it.
_LAYERS = (
    "conv",
    "FactorizedReduce",
    "skip",
    "avg_pool",
    "max_pool",
    "ResidualBlock",
    "PixelsFromChannels",
)


def model_source(
    network: SearchedNetwork,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    *,
    about: str = "",
) -> str:
    """Return a Python file that defines a network and how it is used.

    The file needs PyTorch and safetensors, and nothing of this package. It has the class
    ``Network`` and the functions ``load``, ``prepare`` and ``predict``; edges of a cell that have
    no effect are left out.

    Args:
        network: From `rlnas.networks.build_network`.
        mean: Mean of each input channel, with pixels in [0, 1].
        std: Standard deviation of each input channel, likewise.
        about: Plain lines for the head of the file.

    Raises:
        InvalidArgumentError: If the network's batch normalisation is not the usual one, or it has
            a layer of an unknown kind.
    """
    config, spec = network.config, network.spec
    if not (config.affine and config.track_running_stats):
        raise InvalidArgumentError(
            "Networks whose batch normalisation has no scale or keeps no statistics cannot be "
            "exported; use SkeletonConfig(affine=True, track_running_stats=True)."
        )
    parts = ["\n".join(cell_source(network)), "\n".join(_network(network)), usage_source(spec)]
    used = _used_layers("\n".join(parts))
    body = [inspect.getsource(getattr(layers, name)).rstrip() for name in used] + parts
    text = "\n\n\n".join(part.strip("\n") for part in body if part)
    head = _IMPORTS.format(
        sys="import sys\n" if "sys.argv" in text else "",
        functional="from torch.nn import functional\n" if "functional." in text else "",
    )
    opening = f'"""{_docstring(network, about)}"""'
    return f"{opening}\n\n{head}\n{_constants(network, mean, std)}\n\n\n{text}\n"


def _used_layers(text: str) -> list[str]:
    """Return the layers that a text names, and those that these need."""
    used: set[str] = set()
    for name in reversed(_LAYERS):  # a layer needs only those before it
        if re.search(rf"\b{name}\(", text):
            used.add(name)
            text += inspect.getsource(getattr(layers, name))
    return [name for name in _LAYERS if name in used]


def _docstring(network: SearchedNetwork, about: str) -> str:
    first = f"{network.architecture}: a network of {network.space.name}."
    lines = [line for part in about.splitlines() for line in textwrap.wrap(part, 96) or [""]]
    return "\n".join([first, "", *lines, ""]).replace("\\", "\\\\").replace('"""', "'''")


def _constants(network: SearchedNetwork, mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    spec = network.spec
    lines = [
        f"ARCHITECTURE = {_quoted(network.architecture)}",
        f"TASK = {_quoted(spec.name)}",
        f"IMAGE_SIZE = {spec.image_size}",
        f"MEAN = {tuple(mean)!r}",
        f"STD = {tuple(std)!r}",
    ]
    if spec.classes:
        names = [_quoted(name) for name in spec.classes]
        single = f"CLASSES = ({', '.join(names)})"
        lines += [single] if len(single) <= _WIDTH else ["CLASSES = (", *_filled(names), ")"]
    return "\n".join(lines)


def _filled(names: list[str]) -> list[str]:
    """Return names in indented lines, each followed by a comma."""
    lines = [""]
    for name in names:
        longer = f"{lines[-1]} {name}," if lines[-1] else f"    {name},"
        if len(longer) > _WIDTH and lines[-1]:
            lines.append(f"    {name},")
        else:
            lines[-1] = longer
    return lines


def _quoted(text: str) -> str:
    """Return a text as a literal; JSON's are Python's too."""
    return json.dumps(text, ensure_ascii=False)


def _network(network: SearchedNetwork) -> list[str]:
    """Return the lines of the class ``Network``."""
    head, spec = network.head, network.spec
    lines = [
        "class Network(nn.Module):",
        f'    """Gives {_output(network)}."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *_sequential("encoder", [text for _, text in encoder_source(network.encoder)]),
    ]
    if not isinstance(head, PooledHead):
        lines += _sequential("head", [text for _, text in decoder_source(network)])
        call = ["        return self.head(self.encoder(x))"]
    else:
        width = head.linear.in_features
        lines.append(f"        self.head = nn.Linear({width}, {head.linear.out_features})")
        tiles = ".flatten(0, 1)" if spec.tiles > 1 else ""
        call = [
            f"        features = functional.adaptive_avg_pool2d(self.encoder(x{tiles}), 1)",
            f"        return self.head(features.reshape(-1, {width}))",
        ]
    return [*lines, "", "    def forward(self, x: Tensor) -> Tensor:", *call]


def _sequential(name: str, expressions: list[str]) -> list[str]:
    return [
        f"        self.{name} = nn.Sequential(",
        *(f"            {expression}," for expression in expressions),
        "        )",
    ]


def _output(network: SearchedNetwork) -> str:
    spec, size = network.spec, network.spec.image_size
    if spec.kind in ("class", "jigsaw"):
        return f"logits (B, {spec.outputs})"
    if spec.kind == "vector":
        return f"numbers (B, {spec.outputs})"
    kind = "logits" if spec.kind == "pixels" else "an image within [-1, 1]"
    return f"{kind} (B, {spec.outputs}, {size}, {size})"
