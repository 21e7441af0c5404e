"""What is trained for a suite: parts, each some tasks with recipes and sizes of their own.

A part can be trained again with another recipe without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlnas.networks import SkeletonConfig
from rlnas.training.recipe import Recipe
from rlnas.training.tabulation.plan import Tabulation

MACHINES = "machines.json"
"""File beside the parts' folders: processor and versions of each machine that trained there."""

VERSION = 2
"""Of the recipes; a table without one was trained with the first, two to eight short epochs."""


@dataclass(frozen=True)
class SuitePlan:
    """What is trained.

    Attributes:
        parts: Tabulations of one space, data set and skeleton by name; each task is in one.
    """

    parts: Mapping[str, Tabulation]

    @property
    def _first(self) -> Tabulation:
        return next(iter(self.parts.values()))

    @property
    def space(self) -> str:
        """Name of the search space."""
        return self._first.space

    @property
    def dataset(self) -> str:
        """Name of the data."""
        return self._first.dataset

    @property
    def config(self) -> SkeletonConfig:
        """The networks' skeleton."""
        return self._first.config

    @property
    def tasks(self) -> tuple[str, ...]:
        """All tasks, part by part."""
        return tuple(task for part in self.parts.values() for task in part.tasks)

    def recipe(self, task: str) -> Recipe:
        """Return the recipe of a task."""
        part = next(part for part in self.parts.values() if task in part.tasks)
        return part.recipes[part.tasks.index(task)]

    def describe(self) -> dict[str, Any]:
        """Return it as JSON-able values, with the skeleton of all parts as ``config``."""
        return {
            "version": VERSION,
            "space": self.space,
            "config": self._first.describe()["config"],
            "parts": {name: part.describe() for name, part in self.parts.items()},
        }

    @classmethod
    def from_description(cls, values: Mapping[str, Any]) -> SuitePlan:
        """Return the plan that `describe` gave; of the first version, one part with all tasks.

        Raises:
            TypeError, KeyError: If it is no such description.
        """
        if "parts" not in values:
            return cls({"all": Tabulation.from_description(values)})
        parts = values["parts"].items()
        return cls({name: Tabulation.from_description(part) for name, part in parts})
