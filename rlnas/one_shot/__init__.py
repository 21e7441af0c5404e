"""Searches on shared weights: one super-network is trained, architectures are derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.one_shot.darts import DARTS
    from rlnas.one_shot.gdas import GDAS
    from rlnas.one_shot.random_deletion import RandomDeletion
    from rlnas.one_shot.random_sharing import RandomSharing
    from rlnas.one_shot.shared_ppo import SharedPPO
    from rlnas.one_shot.shared_weights import SharedWeightsObjective
    from rlnas.one_shot.single_path import SinglePath
    from rlnas.one_shot.snps import SNPS

__all__ = [
    "DARTS",
    "GDAS",
    "SNPS",
    "RandomDeletion",
    "RandomSharing",
    "SharedPPO",
    "SharedWeightsObjective",
    "SinglePath",
]

__getattr__ = lazy_names(
    __name__,
    {
        "DARTS": "rlnas.one_shot.darts",
        "GDAS": "rlnas.one_shot.gdas",
        "SNPS": "rlnas.one_shot.snps",
        "RandomDeletion": "rlnas.one_shot.random_deletion",
        "RandomSharing": "rlnas.one_shot.random_sharing",
        "SharedPPO": "rlnas.one_shot.shared_ppo",
        "SharedWeightsObjective": "rlnas.one_shot.shared_weights",
        "SinglePath": "rlnas.one_shot.single_path",
    },
)
