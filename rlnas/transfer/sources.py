"""What a transfer method starts from: controllers, and what is known of the tasks they learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Takes
from rlnas.spaces import CellSpace, SearchSpace
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    from rlnas.agents import PPOController, SharedController


@dataclass(frozen=True)
class Source:
    """A source task: the controller that learnt it and, where they are at hand, its results.

    Attributes:
        name: Short name of the task.
        controller: The controller trained on it.
        task: The task, or None where only the controller is at hand; methods and estimators that
            compare measured results need it.
        scores: ``(space.size,)`` float64 scores of the task, read once when the source is made;
            None without a task.

    Raises:
        LeakageError: If a search is running on the task.
    """

    name: str
    controller: PPOController
    task: TabularTask | None = None
    scores: NDArray[np.float64] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scores = None if self.task is None else self.task.scores
        object.__setattr__(self, "scores", scores)


@dataclass(frozen=True)
class SourcePool:
    """Everything a transfer method may start from.

    Attributes:
        sources: The source tasks with a controller each.
        joint: One controller trained on all of them together, or None.
        shared: A controller with an encoder for all of them and a head for each, or None.
    """

    sources: tuple[Source, ...] = ()
    joint: PPOController | None = None
    shared: SharedController | None = None

    @property
    def takes(self) -> Takes:
        """How many sources there are."""
        if self.joint is not None or self.shared is not None or len(self.sources) > 1:
            return "several"
        return "one" if self.sources else "none"

    @property
    def controllers(self) -> tuple[PPOController, ...]:
        """The sources' controllers."""
        return tuple(source.controller for source in self.sources)

    @property
    def only(self) -> Source:
        """The source of a method that starts from a single one.

        Raises:
            InvalidArgumentError: If there is none, or several.
        """
        if len(self.sources) != 1:
            raise InvalidArgumentError(
                f"{len(self.sources)} source controllers given; expected exactly one."
            )
        return self.sources[0]


def source_scores(sources: Sequence[Source]) -> NDArray[np.float64]:
    """Return the sources' scores ``(S, space.size)``.

    Raises:
        InvalidArgumentError: If there is no source, a task is not at hand, or they are on
            different spaces.
    """
    if not sources:
        raise InvalidArgumentError("There is no source; expected one or more.")
    columns = [source.scores for source in sources]
    if missing := [s.name for s, column in zip(sources, columns, strict=True) if column is None]:
        raise InvalidArgumentError(
            f"The results of the source tasks {', '.join(missing)} are not at hand; give each "
            "Source its task."
        )
    if len({source.controller.space.name for source in sources}) > 1:
        raise InvalidArgumentError("The sources are on different search spaces; expected one.")
    return np.stack([column for column in columns if column is not None])


def further_scores(suites: Sequence[str], space: SearchSpace) -> NDArray[np.float64]:
    """Return scores of whole suites for the architectures of a space, ``(tasks, space.size)``.

    Args:
        suites: Their names. Each is on the space, or on a cell space with the same edges and at
            least its operations, by name.
        space: The space.

    Raises:
        UnknownNameError: If there is no such suite.
        InvalidArgumentError: If a suite's space does not hold the architectures of ``space``.
    """
    from rlnas.benchmarks import load_suite

    columns = [np.empty((0, space.size))]
    for name in suites:
        suite = load_suite(name)
        rows = _places(space, suite.space)
        columns.append(np.stack([suite[task].scores[rows] for task in suite]))
    return np.concatenate(columns)


def _places(space: SearchSpace, larger: SearchSpace) -> NDArray[np.int64]:
    """Return the index of every architecture of a space in one that holds them all."""
    if space.name == larger.name:
        return np.arange(space.size)
    cells = isinstance(space, CellSpace) and isinstance(larger, CellSpace)
    if (
        not cells
        or space.positions.tolist() != larger.positions.tolist()
        or not set(space.operations) <= set(larger.operations)
    ):
        raise InvalidArgumentError(
            f"{larger.name} does not hold the architectures of {space.name}; expected a suite on "
            f"{space.name}, or on a cell space with its edges and operations."
        )
    digits = np.array([larger.operations.index(name) for name in space.operations], dtype=np.int8)
    return larger.index(digits[space.arrays])
