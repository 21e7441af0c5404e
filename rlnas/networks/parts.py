"""The parts of a network by name, to which one can bind what shall hold for a part alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks.dense import DenseNetwork
from rlnas.networks.network import SearchedNetwork

HEAD = "head"


@dataclass(frozen=True)
class Part:
    """A named part of a network.

    Attributes:
        name: ``layer-K`` (its place in the architecture, from 1), ``stem``, ``cell-K`` or ``head``.
        layers: Its layers with weights; in a dense layer with skips, all give the same units.
        together: Whether the rows of all layers belong to the same units.
    """

    name: str
    layers: tuple[nn.Module, ...]
    together: bool = False

    @property
    def weights(self) -> list[nn.Parameter]:
        """The weights of its layers, without biases."""
        found = [layer.weight for layer in self.layers]
        return [weight for weight in found if isinstance(weight, nn.Parameter)]


def network_parts(network: nn.Module) -> dict[str, Part]:
    """Return the parts of a network in the order of the computation, the head last.

    Args:
        network: One of `rlnas.networks.build_task_network`; of any other module each child with
            weights is a part by its own name.
    """
    if isinstance(network, DenseNetwork):
        found = [
            Part(f"layer-{step.value}", tuple(network.layers_of(step)), together=True)
            for step in network.steps
        ]
        return {part.name: part for part in [*found, Part(HEAD, (network.head,))]}
    named: Mapping[str, nn.Module]
    if isinstance(network, SearchedNetwork):
        encoder = network.encoder
        cells = {f"cell-{k}": block for k, block in enumerate(encoder.blocks, start=1)}
        named = {"stem": encoder.stem, **cells, HEAD: network.head}
    else:
        named = dict(network.named_children())
    parts = {name: Part(name, tuple(_weighted(module))) for name, module in named.items()}
    return {name: part for name, part in parts.items() if part.layers}


def part_outputs(network: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Return what each part gives for a batch of inputs; the head's is the network's output.

    Raises:
        InvalidArgumentError: If the network's parts are not known.
    """
    if isinstance(network, DenseNetwork):
        values = network.values(inputs)
        found = {f"layer-{step.value}": values[step.value] for step in network.steps}
        found[HEAD] = network.head(values[network.steps[-1].value if network.steps else 0])
        return found
    if isinstance(network, SearchedNetwork):
        encoder = network.encoder
        found = {"stem": encoder.stem(inputs.flatten(0, 1) if network.spec.tiles > 1 else inputs)}
        last = found["stem"]
        for number, block in enumerate(encoder.blocks, start=1):
            last = found[f"cell-{number}"] = block(last)
        found[HEAD] = network.head(encoder.close(last))
        return found
    raise InvalidArgumentError(
        f"What the parts of a {type(network).__name__} give is not known; expected a network of "
        "rlnas.networks.build_task_network."
    )


def _weighted(module: nn.Module) -> list[nn.Module]:
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [layer for layer in module.modules() if isinstance(layer, kinds)]
