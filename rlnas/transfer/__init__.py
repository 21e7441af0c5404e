"""Transfer: use controllers trained on source tasks to search a target task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.runs.cell import NO_SOURCE, RunCell
    from rlnas.runs.tensorboard import log_search
    from rlnas.search.bayesian.distrust import DistrustingPosterior
    from rlnas.search.bayesian.posterior import PosteriorConfig, TargetPosterior
    from rlnas.search.registry import Method
    from rlnas.transfer.held_evaluation import HeldEvaluation
    from rlnas.transfer.matrix.config import MatrixConfig
    from rlnas.transfer.matrix.folder import MatrixRun
    from rlnas.transfer.matrix.run import run_matrix
    from rlnas.transfer.methods import (
        GuidedReuse,
        Joint,
        JumpStart,
        Kickstarting,
        PolicyLibrary,
        PolicyReuse,
        Scratch,
        SelectedSource,
        SharedRepresentation,
        TransferBO,
        WeightInitialization,
        ZeroShot,
    )
    from rlnas.transfer.registry import (
        MethodSettings,
        get_method,
        make_method,
        method_names,
        register_method,
    )
    from rlnas.transfer.source_folders import load_sources, searcher_from_folders
    from rlnas.transfer.sources import Source, SourcePool
    from rlnas.transfer.target_search import search_target
    from rlnas.transfer.weights.carry import TensorReport, initialise_weights

__all__ = [
    "NO_SOURCE",
    "DistrustingPosterior",
    "GuidedReuse",
    "HeldEvaluation",
    "Joint",
    "JumpStart",
    "Kickstarting",
    "MatrixConfig",
    "MatrixRun",
    "Method",
    "MethodSettings",
    "PolicyLibrary",
    "PolicyReuse",
    "PosteriorConfig",
    "RunCell",
    "Scratch",
    "SelectedSource",
    "SharedRepresentation",
    "Source",
    "SourcePool",
    "TargetPosterior",
    "TensorReport",
    "TransferBO",
    "WeightInitialization",
    "ZeroShot",
    "get_method",
    "initialise_weights",
    "load_sources",
    "log_search",
    "make_method",
    "method_names",
    "register_method",
    "run_matrix",
    "search_target",
    "searcher_from_folders",
]

__getattr__ = lazy_names(
    __name__,
    {
        "NO_SOURCE": "rlnas.runs.cell",
        "RunCell": "rlnas.runs.cell",
        "log_search": "rlnas.runs.tensorboard",
        "MatrixConfig": "rlnas.transfer.matrix.config",
        "MatrixRun": "rlnas.transfer.matrix.folder",
        "run_matrix": "rlnas.transfer.matrix.run",
        "Method": "rlnas.search.registry",
        "MethodSettings": "rlnas.transfer.registry",
        "get_method": "rlnas.transfer.registry",
        "make_method": "rlnas.transfer.registry",
        "method_names": "rlnas.transfer.registry",
        "register_method": "rlnas.transfer.registry",
        "load_sources": "rlnas.transfer.source_folders",
        "searcher_from_folders": "rlnas.transfer.source_folders",
        "search_target": "rlnas.transfer.target_search",
        "Source": "rlnas.transfer.sources",
        "SourcePool": "rlnas.transfer.sources",
        "TransferBO": "rlnas.transfer.methods",
        "SharedRepresentation": "rlnas.transfer.methods",
        "PolicyReuse": "rlnas.transfer.methods",
        "PolicyLibrary": "rlnas.transfer.methods",
        "Kickstarting": "rlnas.transfer.methods",
        "JumpStart": "rlnas.transfer.methods",
        "Joint": "rlnas.transfer.methods",
        "GuidedReuse": "rlnas.transfer.methods",
        "Scratch": "rlnas.transfer.methods",
        "TensorReport": "rlnas.transfer.weights.carry",
        "WeightInitialization": "rlnas.transfer.methods",
        "ZeroShot": "rlnas.transfer.methods",
        "SelectedSource": "rlnas.transfer.methods",
        "DistrustingPosterior": "rlnas.search.bayesian.distrust",
        "HeldEvaluation": "rlnas.transfer.held_evaluation",
        "PosteriorConfig": "rlnas.search.bayesian.posterior",
        "TargetPosterior": "rlnas.search.bayesian.posterior",
        "initialise_weights": "rlnas.transfer.weights.carry",
    },
)
