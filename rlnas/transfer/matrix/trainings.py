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
    """

    kind: Trained
    name: str
    tasks: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where its checkpoint lies in the run folder, whatever its name is."""
        return inside(_FOLDERS[self.kind], self.name)

    @property
    def steps(self) -> int:
        """Steps of training in units of those on one source task."""
        return len(self.tasks)


def train_on(kind: Trained, tasks: tuple[str, ...], without: str | None) -> tuple[Training, ...]:
    """Return the trainings that give a method of some kind its sources.

    Args:
        kind: What the method needs.
        tasks: Its source tasks.
        without: The task left out, or None if none is.
    """
    if kind == "nothing":
        return ()
    if kind == "each":
        return tuple(Training("each", task, (task,)) for task in tasks)
    return (Training(kind, "all" if without is None else f"without-{without}", tasks),)
