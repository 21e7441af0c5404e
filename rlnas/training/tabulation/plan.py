"""What the trainings of a benchmark table are, and the files they leave."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rlnas.damage import guarded
from rlnas.errors import DataError, InvalidArgumentError
from rlnas.names import file_name
from rlnas.networks.config import SkeletonConfig
from rlnas.run_folder import keep_settings
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.training.recipe import Recipe

PLAN_FILE = "plan.json"


@dataclass(frozen=True, kw_only=True)
class Tabulation:
    """What is trained.

    Attributes:
        space: Name of the search space.
        dataset: Name or folder of the data.
        tasks: Names of the tasks.
        config: The networks' skeleton.
        recipes: How the networks of each task are trained.
        sizes: Training, validation and test examples; None for the data's own.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InvalidArgumentError: If there is no task, one is there twice, or there is not one recipe
            for each.
    """

    space: str
    dataset: str
    tasks: tuple[str, ...]
    config: SkeletonConfig
    recipes: tuple[Recipe, ...]
    sizes: tuple[int | None, int | None, int | None] = (None, None, None)
    device: str = "auto"

    def __post_init__(self) -> None:
        for field in ("tasks", "recipes", "sizes"):
            object.__setattr__(self, field, tuple(getattr(self, field)))  # JSON gives lists
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise InvalidArgumentError(
                f"Tabulation.tasks is {self.tasks}; expected one task or more, each once."
            )
        if len(self.recipes) != len(self.tasks):
            raise InvalidArgumentError(
                f"Tabulation has {len(self.recipes)} recipes for {len(self.tasks)} tasks; give one "
                "for each."
            )

    def describe(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_description(cls, values: Mapping[str, Any]) -> Tabulation:
        """Return the plan that `describe` gave, also after a way through JSON.

        Args:
            values: Fields that are missing in it or in its recipes have their defaults.

        Raises:
            TypeError: If there is a field that is not known.
            KeyError: If the skeleton or the recipes are missing.
        """
        config = SkeletonConfig(**values["config"])
        recipes = tuple(Recipe(**recipe) for recipe in values["recipes"])
        return cls(**{**values, "config": config, "recipes": recipes})


@dataclass(frozen=True)
class TabulationCell:
    """One architecture with one seed.

    Attributes:
        architecture: Official string.
        seed: Of the first weights and of the order of examples.
    """

    architecture: str
    seed: int

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return file_name(f"{self.architecture}.seed{self.seed}.json")


def write_cell(cell: TabulationCell, tasks: dict[str, Any], folder: Path) -> Path:
    """Write the file of a cell and return its path.

    Args:
        cell: Architecture and seed.
        tasks: For each task ``error``, ``device`` and ``history``, see `tabulate`.
        folder: Where to.
    """
    content = {"architecture": cell.architecture, "seed": cell.seed, "tasks": tasks}
    path = folder / cell.file_name
    write_sealed_json(path, content, keep_nan=True)
    return path


def missing_cells(
    folder: Path, architectures: Sequence[str], seeds: Sequence[int], tasks: Sequence[str]
) -> Iterator[TabulationCell]:
    """Yield the cells without a whole file, seed by seed.

    Args:
        folder: Where the files are.
        architectures: Official strings.
        seeds: The seeds.
        tasks: What a whole file has results of.
    """
    for seed in seeds:
        for architecture in dict.fromkeys(architectures):
            cell = TabulationCell(architecture, seed)
            if not _is_whole(folder / cell.file_name, cell, tasks):
                yield cell


def _is_whole(path: Path, cell: TabulationCell, tasks: Sequence[str]) -> bool:
    """Whether a file is that of a cell; a disk that was full leaves others."""
    if not path.exists():
        return False
    with contextlib.suppress(DataError), guarded(path, "file of trainings"):
        content = read_sealed_json(path, "file of trainings")
        return (content["architecture"], content["seed"]) == (cell.architecture, cell.seed) and all(
            {"error", "device", "history"} <= set(content["tasks"][task]) for task in tasks
        )
    return False


def keep_plan(plan: Tabulation, folder: Path) -> None:
    """Write the plan into the folder of its cells, or see that it is the one that is there.

    Raises:
        RunError: If the folder holds another plan.
    """
    keep_settings(
        folder / PLAN_FILE,
        plan.describe(),
        upgrade=lambda kept: Tabulation.from_description(kept).describe(),
    )
