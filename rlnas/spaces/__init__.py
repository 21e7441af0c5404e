"""Search spaces: what an architecture is. NumPy only."""

from rlnas.spaces.base import Architecture, SearchSpace
from rlnas.spaces.cell import CellSpace
from rlnas.spaces.dense import DenseSpace
from rlnas.spaces.graph import ArchitectureGraph
from rlnas.spaces.nasbench201 import NASBench201Space
from rlnas.spaces.registry import get_space, register_space, space_names
from rlnas.spaces.schedules import ScheduleSpace
from rlnas.spaces.transnas import TransNASMacroSpace, TransNASMicroSpace

__all__ = [
    "Architecture",
    "ArchitectureGraph",
    "CellSpace",
    "DenseSpace",
    "NASBench201Space",
    "ScheduleSpace",
    "SearchSpace",
    "TransNASMacroSpace",
    "TransNASMicroSpace",
    "get_space",
    "register_space",
    "space_names",
]
