"""Transfer: use controllers trained on source tasks to search a target task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.search.cell import NO_SOURCE, Cell
from rlnas.transfer.matrix import run_matrix
from rlnas.transfer.plan import MatrixConfig
from rlnas.transfer.registry import (
    Method,
    MethodSettings,
    get_method,
    make_method,
    method_names,
    register_method,
)
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.sources import Source, SourcePool
from rlnas.transfer.tensorboard import log_search

if TYPE_CHECKING:
    from rlnas.transfer.adaptive_posterior import AdaptivePosterior
    from rlnas.transfer.held_evaluation import HeldEvaluation
    from rlnas.transfer.learning_course import LearningCourse, learn_and_judge
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
    from rlnas.transfer.posterior import PosteriorConfig, TargetPosterior
    from rlnas.transfer.retraining import RetrainingConfig, retrain_many
    from rlnas.transfer.study_plan import StudyConfig
    from rlnas.transfer.weights import TensorReport, initialise_weights

__all__ = [
    "NO_SOURCE",
    "AdaptivePosterior",
    "Cell",
    "GuidedReuse",
    "HeldEvaluation",
    "Joint",
    "JumpStart",
    "Kickstarting",
    "LearningCourse",
    "MatrixConfig",
    "MatrixRun",
    "Method",
    "MethodSettings",
    "PolicyLibrary",
    "PolicyReuse",
    "PosteriorConfig",
    "RetrainingConfig",
    "Scratch",
    "SelectedSource",
    "SharedRepresentation",
    "Source",
    "SourcePool",
    "StudyConfig",
    "TargetPosterior",
    "TensorReport",
    "TransferBO",
    "WeightInitialization",
    "ZeroShot",
    "get_method",
    "initialise_weights",
    "learn_and_judge",
    "log_search",
    "make_method",
    "method_names",
    "register_method",
    "retrain_many",
    "run_matrix",
]

__getattr__ = lazy_names(
    __name__,
    {
        "TransferBO": "rlnas.transfer.methods",
        "SharedRepresentation": "rlnas.transfer.methods",
        "PolicyReuse": "rlnas.transfer.methods",
        "PolicyLibrary": "rlnas.transfer.methods",
        "Kickstarting": "rlnas.transfer.methods",
        "JumpStart": "rlnas.transfer.methods",
        "Joint": "rlnas.transfer.methods",
        "GuidedReuse": "rlnas.transfer.methods",
        "Scratch": "rlnas.transfer.methods",
        "TensorReport": "rlnas.transfer.weights",
        "WeightInitialization": "rlnas.transfer.methods",
        "ZeroShot": "rlnas.transfer.methods",
        "SelectedSource": "rlnas.transfer.methods",
        "RetrainingConfig": "rlnas.transfer.retraining",
        "retrain_many": "rlnas.transfer.retraining",
        "LearningCourse": "rlnas.transfer.learning_course",
        "learn_and_judge": "rlnas.transfer.learning_course",
        "AdaptivePosterior": "rlnas.transfer.adaptive_posterior",
        "HeldEvaluation": "rlnas.transfer.held_evaluation",
        "StudyConfig": "rlnas.transfer.study_plan",
        "PosteriorConfig": "rlnas.transfer.posterior",
        "TargetPosterior": "rlnas.transfer.posterior",
        "initialise_weights": "rlnas.transfer.weights",
    },
)
