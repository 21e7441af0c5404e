"""Super-networks: every operation on every edge of a cell, one network for a whole space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.networks.super_network.genotype import Genotype

if TYPE_CHECKING:
    from rlnas.networks.super_network.cell import Mix
    from rlnas.networks.super_network.network import SuperNetwork, build_super_network

__all__ = ["Genotype", "Mix", "SuperNetwork", "build_super_network"]

__getattr__ = lazy_names(
    __name__,
    {
        "Mix": "rlnas.networks.super_network.cell",
        "SuperNetwork": "rlnas.networks.super_network.network",
        "build_super_network": "rlnas.networks.super_network.network",
    },
)
