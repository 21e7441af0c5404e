"""Read what `build.py` and `proxies.py` wrote: a JSON file for each architecture and seed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from suite_plan import MACHINES, SuitePlan

from rlnas.datasets.spec import TRANSNAS_TASKS
from rlnas.errors import DataError
from rlnas.training.tabulation.plan import Tabulation

PROXIES = "proxies"
"""Folder of `proxies.py` beside the cells."""

_CELL = re.compile(r"(?P<architecture>.+)\.seed(?P<seed>\d+)\.json")


@dataclass(frozen=True)
class Cells:
    """The trainings that are done.

    Attributes:
        plan: What `build.py` trains: the parts that were begun.
        machines: Processor and versions of each machine; empty if nothing says so.
        histories: Epochs by architecture, seed and task; None for a training that failed. What is
            not trained yet is not there.
        proxies: Proxies by architecture and task, as `proxies.py` wrote them.
        devices: Where it was trained.
    """

    plan: SuitePlan
    machines: list[dict[str, Any]]
    histories: dict[str, dict[int, dict[str, list[dict[str, float]] | None]]]
    proxies: dict[str, dict[str, dict[str, dict[str, Any]]]]
    devices: tuple[str, ...]

    @property
    def trainings(self) -> int:
        """Trainings of one network on one task, failed ones too."""
        return sum(len(tasks) for seeds in self.histories.values() for tasks in seeds.values())

    @property
    def cpu_hours(self) -> float:
        """Processor hours of all trainings together."""
        seconds = (
            epoch["cpu_seconds"]
            for by_seed in self.histories.values()
            for tasks in by_seed.values()
            for history in tasks.values()
            for epoch in history or ()
        )
        return sum(seconds) / 3600


def read_cells(folder: Path, seeds: tuple[int, ...]) -> Cells:
    """Return the trainings in the folders of parts, with one of the seeds.

    Args:
        folder: Of one space, as `build.py` makes it.
        seeds: The seeds.

    Raises:
        DataError: If there is no plan or no training, or a file is not as it was written.
    """
    parts = [_read_plan(path) for path in folder.glob("*/plan.json")]
    if not parts:
        raise DataError(f"{folder} has no part with a plan.json of build.py.")
    plan = SuitePlan(dict(sorted(parts, key=lambda part: TRANSNAS_TASKS.index(part[1].tasks[0]))))
    histories: dict[str, dict[int, dict[str, Any]]] = {}
    devices: set[str] = set()
    for name, part in plan.parts.items():
        for path in sorted((folder / name).glob("*.json")):
            match = _CELL.fullmatch(path.name)
            if match is None or int(match["seed"]) not in seeds:
                continue
            found = _read(path)
            told = (found["architecture"], set(found["tasks"]))
            if told != (match["architecture"], set(part.tasks)):
                raise DataError(f"{path} is not what its name and plan.json say.")
            by_seed = histories.setdefault(match["architecture"], {})
            by_seed.setdefault(int(match["seed"]), {}).update(
                {
                    task: None if cell["error"] else cell["history"]
                    for task, cell in found["tasks"].items()
                }
            )
            devices |= {cell["device"] for cell in found["tasks"].values()}
    if not histories:
        raise DataError(f"{folder} has no finished cell with the seeds {seeds}; run build.py.")
    proxies = {
        content["architecture"]: content["tasks"]
        for content in map(_read, sorted((folder / PROXIES).glob("*.json")))
    }
    machines = folder / MACHINES
    made_on = _read(machines) if machines.exists() else []
    return Cells(plan, made_on, histories, proxies, tuple(sorted(devices)))


def _read_plan(path: Path) -> tuple[str, Tabulation]:
    """Return the name of a part, that of its folder, and what is trained there."""
    try:
        return path.parent.name, Tabulation.from_description(_read(path))
    except (KeyError, TypeError) as error:
        raise DataError(f"{path} is no plan of build.py: {error}.") from error


def _read(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged: {error}. Remove it and run build.py.") from error
    return content


def curve(
    cells: Cells, architectures: list[str], seeds: tuple[int, ...], task: str, key: str
) -> NDArray[np.float32]:
    """Return a number of every epoch, ``(architectures, seeds, epochs)``, NaN where there is none.

    Args:
        cells: The trainings.
        architectures: Official strings, the rows.
        seeds: The seeds, the second axis.
        task: Name of the task.
        key: Name of the number in an epoch's record, e.g. ``valid_metric``.
    """
    epochs = cells.plan.recipe(task).epochs
    values = np.full((len(architectures), len(seeds), epochs), np.nan, dtype=np.float32)
    for row, architecture in enumerate(architectures):
        for place, seed in enumerate(seeds):
            history = cells.histories.get(architecture, {}).get(seed, {}).get(task)
            for epoch in history or ():
                values[row, place, epoch["epoch"] - 1] = epoch.get(key, np.nan)
    return values
