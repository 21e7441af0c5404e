"""A suite whose scores were measured, and so carry noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.tasks import Suite, TabularTask

if TYPE_CHECKING:
    from rlnas.benchmarks.noise import SuiteNoise


class MeasuredSuite(Suite[TabularTask]):
    """Tasks of a benchmark table.

    Args:
        name: As in `Suite`.
        tasks: As in `Suite`.
        sources: As in `Suite`.
        targets: As in `Suite`.
        description: As in `Suite`.
        other_seeds: Returns a task's scores ``(space.size,)`` in each seed that no search sees.
    """

    def __init__(
        self,
        name: str,
        tasks: Mapping[str, TabularTask],
        *,
        sources: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        description: str = "",
        other_seeds: Callable[[str], Sequence[NDArray[np.float64]]] | None = None,
    ) -> None:
        super().__init__(name, tasks, sources=sources, targets=targets, description=description)
        self._other_seeds = other_seeds
        self.judge: Callable[[str], NDArray[np.float64] | None] | None = None
        """Returns a task's test scores ``(space.size,)`` from a table of their own, where one is
        kept apart from what searches see; None where it cannot be had. For reports alone."""

    @cached_property
    def noise(self) -> SuiteNoise:
        """How far each task's scores would move in other trainings; see docs/noise.md."""
        from rlnas.benchmarks.noise import SuiteNoise

        return SuiteNoise(self.name, self, self._other_seeds, self.judge)
