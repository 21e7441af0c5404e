"""Objectives: what scores an architecture. Scores are always maximised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.metric import Metric


@dataclass(frozen=True)
class Evaluation:
    """The outcome of evaluating one architecture once.

    Attributes:
        score: What a search may see; larger is better; NaN when the evaluation failed.
        cost: What it cost, in seconds of training.
        error: Why it failed, or None.
        metrics: Other raw numbers measured on the way, by name.
    """

    score: float
    cost: float = 0.0
    error: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there is no usable score."""
        return self.error is not None


class StopSearch(BaseException):  # no error
    """Raised by an objective to end the search that asked it; nothing is recorded of the query."""


class Objective(Protocol):
    """Anything that scores one architecture; the ledger records failures it raises."""

    metric: Metric

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Score one valid architecture ``(num_positions,)``."""
        ...


class BatchObjective(Objective, Protocol):
    """An objective that can work on several architectures at once.

    The ledger gives it several where a search asks for several, see `QueryLedger.query_many`; with
    an ``in_flight`` of 1 it is used like any other objective.

    Attributes:
        in_flight: Number of architectures that it works on at once, 1 or more.
    """

    @property
    def in_flight(self) -> int:
        """See the attributes."""
        ...

    def evaluate_many(self, architectures: Sequence[Architecture]) -> Iterable[Evaluation]:
        """Score valid architectures ``(num_positions,)``; give the evaluations in their order.

        Each is best given as soon as it and those before it are known. A failure of one is given
        as a failed evaluation; what is raised fails all that were not given by then. Where an
        iterator has a ``close``, it is called when no more is wanted.
        """
        ...


class TableObjective:
    """Scores read from measured values, one for each architecture of an indexable space.

    Args:
        space: The search space.
        scores: ``(space.size,)`` float scores, larger is better; NaN where nothing was measured.
        metric: What the scores mean. Their sign has been applied already.
        costs: ``(space.size,)`` seconds of training, or None where the source has none.
    """

    def __init__(
        self,
        space: SearchSpace,
        scores: ArrayLike,
        metric: Metric,
        costs: ArrayLike | None = None,
    ) -> None:
        self.space = space
        self.metric = metric
        self._scores = self._column("scores", scores)
        self._costs = None if costs is None else self._column("costs", costs)

    def _column(self, name: str, values: ArrayLike) -> NDArray[np.float64]:
        column = np.array(values, dtype=np.float64)
        if column.shape != (self.space.size,):
            raise InvalidArgumentError(
                f"{name} has shape {column.shape}; {self.space.name} needs ({self.space.size},)."
            )
        column.setflags(write=False)
        return column

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Look the architecture up; a missing value is a failed evaluation, never imputed."""
        row = int(self.space.index(architecture[None])[0])
        score = float(self._scores[row])
        cost = 0.0 if self._costs is None else float(np.nan_to_num(self._costs[row]))
        if np.isnan(score):
            return Evaluation(float("nan"), cost, "not measured in the table")
        return Evaluation(score, cost)
