"""Environments as tensors on one device, for learners that never leave it.

They follow the rules of the NumPy cores step for step, for source tasks whose whole table is
known. Nothing here can run on a target: that takes a ledger.
"""

from rlnas.envs.tensor.construction import TensorConstruction
from rlnas.envs.tensor.core import TensorEnvironment, make_tensor_environment
from rlnas.envs.tensor.improvement import TensorImprovement
from rlnas.envs.tensor.tables import TaskTables

__all__ = [
    "TaskTables",
    "TensorConstruction",
    "TensorEnvironment",
    "TensorImprovement",
    "make_tensor_environment",
]
