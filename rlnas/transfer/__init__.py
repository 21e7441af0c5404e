"""Transfer: use controllers trained on source tasks to search a target task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.search.cell import NO_SOURCE, Cell
from rlnas.transfer.matrix import run_matrix
from rlnas.transfer.plan import MatrixConfig
from rlnas.transfer.registry import make_method, method_names, needs_source, register_method
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.tensorboard import log_search

if TYPE_CHECKING:
    from rlnas.transfer.methods import Scratch, WeightInitialization, ZeroShot
    from rlnas.transfer.weights import TensorReport, initialise_weights

__all__ = [
    "NO_SOURCE",
    "Cell",
    "MatrixConfig",
    "MatrixRun",
    "Scratch",
    "TensorReport",
    "WeightInitialization",
    "ZeroShot",
    "initialise_weights",
    "log_search",
    "make_method",
    "method_names",
    "needs_source",
    "register_method",
    "run_matrix",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Scratch": "rlnas.transfer.methods",
        "TensorReport": "rlnas.transfer.weights",
        "WeightInitialization": "rlnas.transfer.methods",
        "ZeroShot": "rlnas.transfer.methods",
        "initialise_weights": "rlnas.transfer.weights",
    },
)
