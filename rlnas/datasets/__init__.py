"""Data to train on: rendered rooms, digits, and folders of a user's images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.datasets.loading import dataset_names, load_task_data, task_names
from rlnas.datasets.options import DataOptions
from rlnas.datasets.permutations import permutation_set
from rlnas.datasets.spec import KINDS, TRANSNAS_TASKS, Kind, TaskSpec, task_spec
from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.datasets.augmentation import Augmentation
    from rlnas.datasets.jigsaw import JigsawOptions, JigsawSplit
    from rlnas.datasets.pixels import MemoryPixels, Normalisation
    from rlnas.datasets.splits import AutoencoderSplit, LabelledSplit
    from rlnas.datasets.targets import MemoryTargets
    from rlnas.datasets.task_data import Split, TaskData

__all__ = [
    "KINDS",
    "TRANSNAS_TASKS",
    "Augmentation",
    "AutoencoderSplit",
    "DataOptions",
    "JigsawOptions",
    "JigsawSplit",
    "Kind",
    "LabelledSplit",
    "MemoryPixels",
    "MemoryTargets",
    "Normalisation",
    "Split",
    "TaskData",
    "TaskSpec",
    "dataset_names",
    "load_task_data",
    "permutation_set",
    "task_names",
    "task_spec",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Augmentation": "rlnas.datasets.augmentation",
        "AutoencoderSplit": "rlnas.datasets.splits",
        "JigsawOptions": "rlnas.datasets.jigsaw",
        "JigsawSplit": "rlnas.datasets.jigsaw",
        "LabelledSplit": "rlnas.datasets.splits",
        "MemoryPixels": "rlnas.datasets.pixels",
        "MemoryTargets": "rlnas.datasets.targets",
        "Normalisation": "rlnas.datasets.pixels",
        "Split": "rlnas.datasets.task_data",
        "TaskData": "rlnas.datasets.task_data",
    },
)
