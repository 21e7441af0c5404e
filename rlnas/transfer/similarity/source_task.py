"""A source as similarity estimators see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    from rlnas.agents import PPOController

Floats = NDArray[np.float64]


class SourceTask(Protocol):
    """A source as estimators see it; `rlnas.transfer.Source` and `KnownTask` are such."""

    @property
    def name(self) -> str:
        """Short name of the task."""
        ...

    @property
    def task(self) -> TabularTask | None:
        """The task, or None where its results are not at hand."""
        ...

    @property
    def scores(self) -> Floats | None:
        """``(space.size,)`` float64 scores, or None without a task."""
        ...

    @property
    def controller(self) -> PPOController | None:
        """The controller trained on it, or None where an estimator needs none."""
        ...


@dataclass(frozen=True)
class KnownTask:
    """A source whose results are known and that has no controller.

    Attributes:
        name: Short name of the task.
        task: The task.
        scores: ``(space.size,)`` float64 scores, read once when this is made.
        controller: None.

    Raises:
        LeakageError: If a search is running on the task.
    """

    name: str
    task: TabularTask
    scores: Floats = field(init=False, repr=False, compare=False)
    controller: None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", self.task.scores)
