"""Read what `build.py` and `proxies.py` wrote: a JSON file for each architecture and seed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import DataError
from rlnas.training.tabulation.plan import Tabulation

PROXIES = "proxies"
"""Folder of `proxies.py` beside the cells."""

_CELL = re.compile(r"(?P<architecture>.+)\.seed(?P<seed>\d+)\.json")


@dataclass(frozen=True)
class Cells:
    """The trainings that are done.

    Attributes:
        plan: What `build.py` trains, from ``plan.json``.
        machine: Processor and versions, from ``machine.json``; empty if it is not there.
        histories: Epochs by architecture, seed and task; None for a training that failed.
        proxies: Proxies by architecture and task, as `proxies.py` wrote them.
        devices: Where it was trained.
    """

    plan: Tabulation
    machine: dict[str, Any]
    histories: dict[str, dict[int, dict[str, list[dict[str, float]] | None]]]
    proxies: dict[str, dict[str, dict[str, dict[str, Any]]]]
    devices: tuple[str, ...]

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
    """Return the cells of a folder with one of the seeds.

    Raises:
        DataError: If the folder has no plan or no cell, or a file is not as it was written.
    """
    try:
        text = (folder / "plan.json").read_text(encoding="utf-8")
        plan = Tabulation.from_description(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} has no plan.json of build.py: {error}.") from error
    histories: dict[str, dict[int, dict[str, Any]]] = {}
    devices: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        match = _CELL.fullmatch(path.name)
        if match is None or int(match["seed"]) not in seeds:
            continue
        found = _read(path)
        if found["architecture"] != match["architecture"] or set(found["tasks"]) != set(plan.tasks):
            raise DataError(f"{path} is not what its name and plan.json say.")
        by_seed = histories.setdefault(match["architecture"], {})
        by_seed[int(match["seed"])] = {
            task: None if cell["error"] else cell["history"]
            for task, cell in found["tasks"].items()
        }
        devices |= {cell["device"] for cell in found["tasks"].values()}
    if not histories:
        raise DataError(f"{folder} has no finished cell with the seeds {seeds}; run build.py.")
    proxies = {
        content["architecture"]: content["tasks"]
        for content in map(_read, sorted((folder / PROXIES).glob("*.json")))
    }
    machine = folder / "machine.json"
    made_on = _read(machine) if machine.exists() else {}
    return Cells(plan, made_on, histories, proxies, tuple(sorted(devices)))


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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
    epochs = cells.plan.recipes[cells.plan.tasks.index(task)].epochs
    values = np.full((len(architectures), len(seeds), epochs), np.nan, dtype=np.float32)
    for row, architecture in enumerate(architectures):
        for place, seed in enumerate(seeds):
            history = cells.histories.get(architecture, {}).get(seed, {}).get(task)
            for epoch in history or ():
                values[row, place, epoch["epoch"] - 1] = epoch.get(key, np.nan)
    return values
