"""What has to be trained before the cells of a matrix can be searched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rlnas.folders import inside
from rlnas.search.base import Trained

_FOLDERS: dict[Trained, str] = {"each": "sources", "joint": "joint", "shared": "shared"}


@dataclass(frozen=True, order=True)
class Training:
    """One controller of a matrix.

    Attributes:
        kind: ``each``: a controller on one task; ``joint``: one on several together; ``shared``:
            an encoder for several with a head for each; there is none of ``nothing``.
        name: The task of ``each``; otherwise which tasks, in words: ``all`` or ``without-<task>``.
        tasks: Source tasks it is trained on.
        controller: Which of several trained alike but for their seed, from 0.
    """

    kind: Trained
    name: str
    tasks: tuple[str, ...]
    controller: int = 0

    @property
    def path(self) -> Path:
        """Where its checkpoint lies in the run folder, whatever its name is."""
        folder = _FOLDERS[self.kind]
        return inside(f"{folder}-{self.controller}" if self.controller else folder, self.name)

    @property
    def steps(self) -> int:
        """Steps of training in units of those on one source task."""
        return len(self.tasks)


def train_on(
    kind: Trained, tasks: tuple[str, ...], without: str | None, controller: int = 0
) -> tuple[Training, ...]:
    """Return the trainings that give a method of some kind its sources.

    Args:
        kind: What the method needs.
        tasks: Its source tasks.
        without: The task left out, or None if none is.
        controller: Which of several controllers of every source.
    """
    if kind == "nothing":
        return ()
    if kind == "each":
        return tuple(Training("each", task, (task,), controller) for task in tasks)
    name = "all" if without is None else f"without-{without}"
    return (Training(kind, name, tasks, controller),)
