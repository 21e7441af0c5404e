"""The transfer methods, each a `Searcher` built from source controllers."""

from __future__ import annotations

from rlnas.transfer.methods.bounds import Scratch, ZeroShot
from rlnas.transfer.methods.guided_reuse import GuidedReuse
from rlnas.transfer.methods.joint import Joint
from rlnas.transfer.methods.jump_start import JumpStart
from rlnas.transfer.methods.kickstarting import Kickstarting
from rlnas.transfer.methods.policy_library import PolicyLibrary
from rlnas.transfer.methods.policy_reuse import PolicyReuse
from rlnas.transfer.methods.selected_source import SelectedSource
from rlnas.transfer.methods.shared_representation import SharedRepresentation
from rlnas.transfer.methods.transfer_bo import TransferBO
from rlnas.transfer.methods.weight_initialization import WeightInitialization

__all__ = [
    "GuidedReuse",
    "Joint",
    "JumpStart",
    "Kickstarting",
    "PolicyLibrary",
    "PolicyReuse",
    "Scratch",
    "SelectedSource",
    "SharedRepresentation",
    "TransferBO",
    "WeightInitialization",
    "ZeroShot",
]
