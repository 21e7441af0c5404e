"""Training: recipes, one network or many side by side, results, and tables of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names
from rlnas.training.presets import recipe_data_options, recipe_for, recipe_names
from rlnas.training.recipe import Recipe
from rlnas.training.result import EpochRecord, TrainingResult

if TYPE_CHECKING:
    from rlnas.devices import choose_device
    from rlnas.networks.config import suitable_config
    from rlnas.training.distillation import Distillation
    from rlnas.training.objective.objective import TrainingObjective
    from rlnas.training.objective.task import (
        TrainingSetup,
        make_training_task,
        prepare_training,
    )
    from rlnas.training.single import train_network
    from rlnas.training.stacked import train_stacked
    from rlnas.training.tabulation.plan import Tabulation
    from rlnas.training.tabulation.tabulator import Tabulator

__all__ = [
    "Distillation",
    "EpochRecord",
    "Recipe",
    "Tabulation",
    "Tabulator",
    "TrainingObjective",
    "TrainingResult",
    "TrainingSetup",
    "choose_device",
    "make_training_task",
    "prepare_training",
    "recipe_data_options",
    "recipe_for",
    "recipe_names",
    "suitable_config",
    "train_network",
    "train_stacked",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Distillation": "rlnas.training.distillation",
        "Tabulation": "rlnas.training.tabulation.plan",
        "Tabulator": "rlnas.training.tabulation.tabulator",
        "TrainingObjective": "rlnas.training.objective.objective",
        "TrainingSetup": "rlnas.training.objective.task",
        "choose_device": "rlnas.devices",
        "make_training_task": "rlnas.training.objective.task",
        "prepare_training": "rlnas.training.objective.task",
        "suitable_config": "rlnas.networks.config",
        "train_network": "rlnas.training.single",
        "train_stacked": "rlnas.training.stacked",
    },
)
