"""The trained weights of a network under the names of its exported definition."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from rlnas.export.blocks import decoder_source, encoder_source
from rlnas.networks import SearchedNetwork
from rlnas.networks.cell import Cell
from rlnas.networks.heads import PooledHead


def exported_weights(network: SearchedNetwork) -> dict[str, Tensor]:
    """Return the tensors of the exported ``Network``'s state, on the CPU.

    What the exported definition leaves out, the edges of a cell that have no effect, is left out
    here too.

    Args:
        network: The trained network.
    """
    state = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    names = _sequence("encoder.", "encoder.", encoder_source(network.encoder))
    for place, block in enumerate(network.encoder.blocks):
        if isinstance(block, Cell):
            old = f"encoder.blocks.{place}."
            new = names.pop(old)
            edges = [(int(tail), int(head)) for tail, head in network.space.positions]
            for edge in block.live:
                tail, head = edges[edge]
                names[f"{old}edges.{edge}."] = f"{new}edge_{tail}_{head}."
    if isinstance(network.head, PooledHead):
        names["head.linear."] = "head."
    else:
        names |= _sequence("head.", "head.", decoder_source(network))
    found = {}
    for old, new in names.items():
        for name, tensor in state.items():
            if name.startswith(old):
                found[new + name.removeprefix(old)] = tensor
    return found


def _sequence(old: str, new: str, layers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the new prefix of each layer of a sequence by its old one."""
    return {f"{old}{name}": f"{new}{place}." for place, (name, _) in enumerate(layers) if name}
