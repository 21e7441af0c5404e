"""Transfer: use controllers trained on source tasks to search a target task."""

from rlnas.transfer.methods import Scratch, WeightInitialization, ZeroShot
from rlnas.transfer.weights import TensorReport, initialise_weights

__all__ = ["Scratch", "TensorReport", "WeightInitialization", "ZeroShot", "initialise_weights"]
