"""Suites: the tasks that share a search space, with a declared split into source and target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.spaces import SearchSpace
from rlnas.tasks.task import Task

T = TypeVar("T", bound=Task)


class Suite(Mapping[str, T], Generic[T]):
    """A read-only mapping from short task names to tasks on one search space.

    Args:
        name: Name of the suite, e.g. ``transnas-micro``.
        tasks: Tasks by short name, in order.
        sources: Short names of the tasks meant as sources; all of them by default.
        targets: Short names of the tasks meant as targets; all of them by default.
        description: One line on what the suite is and where its numbers come from.

    Raises:
        InvalidArgumentError: If it is empty, or its tasks live on different spaces.
    """

    def __init__(
        self,
        name: str,
        tasks: Mapping[str, T],
        *,
        sources: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        description: str = "",
    ) -> None:
        if not tasks:
            raise InvalidArgumentError(f"The suite {name!r} has no task.")
        spaces = {task.space.name for task in tasks.values()}
        if len(spaces) > 1:
            raise InvalidArgumentError(f"The suite {name!r} mixes search spaces: {sorted(spaces)}.")
        self.name = name
        self.description = description
        self._tasks = dict(tasks)
        self.sources = tuple(tasks) if sources is None else self.check(sources)
        self.targets = tuple(tasks) if targets is None else self.check(targets)

    @property
    def space(self) -> SearchSpace:
        """The search space of all tasks."""
        return next(iter(self._tasks.values())).space

    def check(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names as a tuple.

        Raises:
            UnknownNameError: If one of them is no task of this suite.
        """
        return tuple(self._known(name) for name in names)

    def _known(self, name: str) -> str:
        if name not in self._tasks:
            raise UnknownNameError(f"task of {self.name}", name, self._tasks)
        return name

    def __getitem__(self, name: str) -> T:
        return self._tasks[self._known(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._tasks

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __repr__(self) -> str:
        return f"Suite({self.name!r}, tasks={list(self._tasks)})"
