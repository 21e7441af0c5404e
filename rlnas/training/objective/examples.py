"""The examples that a search may train shared weights on: the training split, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import Split, TaskData
from rlnas.networks.config import SkeletonConfig
from rlnas.training.distillation import Distillation


@dataclass(frozen=True)
class SearchExamples:
    """Training examples of a task, and the network around a searched cell.

    Validation examples are not here: they score architectures, and a score costs a query. What a
    search wants to hold back it takes from the training examples.

    Attributes:
        dataset: Name of the data set.
        spec: The task.
        train: The training examples.
        config: The skeleton.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        fingerprint: Hex digest of what the data are.
        distillation: What a shrinking super-network learns from a teacher, or None.
        folder: Where a search keeps what it goes on from, its events and its trace; None to keep
            nothing.
    """

    dataset: str
    spec: TaskSpec
    train: Split
    config: SkeletonConfig
    device: str = "auto"
    fingerprint: str = ""
    distillation: Distillation | None = None
    folder: Path | None = None

    @classmethod
    def of(
        cls,
        data: TaskData,
        config: SkeletonConfig,
        device: str = "auto",
        folder: str | Path | None = None,
    ) -> SearchExamples:
        """Return the training examples of a task's data."""
        return cls(
            dataset=data.dataset,
            spec=data.spec,
            train=data.train,
            config=config,
            device=device,
            fingerprint=data.fingerprint,
            folder=None if folder is None else Path(folder),
        )
