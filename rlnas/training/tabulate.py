"""Train the architectures of a space on several tasks: how a benchmark table is made.

Every finished architecture is a finished file, so an interrupted build goes on where it was.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from rlnas.atomic import write_text
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.networks.config import NetworkConfig
from rlnas.processes import Failure, run_isolated, stop_pool, worker_pool
from rlnas.spaces import get_space
from rlnas.training.recipe import Recipe
from rlnas.training.tabulator import Tabulator, write_cell

__all__ = ["Tabulation", "TabulationCell", "Tabulator", "missing_cells", "tabulate"]

PLAN_FILE = "plan.json"
_PRELOADED = ("rlnas.training.tabulator",)


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
    config: NetworkConfig
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
        config = NetworkConfig(**values["config"])
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
        return f"{self.architecture}.seed{self.seed}.json"


def tabulate(
    plan: Tabulation,
    architectures: Sequence[str],
    folder: str | Path,
    *,
    seeds: Sequence[int] = (0,),
    workers: int = 1,
    on_cell: Callable[[TabulationCell, int, int], None] | None = None,
) -> list[Path]:
    """Train architectures on all tasks of a plan, each into a file of its own; skip what is there.

    A file holds ``{"architecture", "seed", "tasks": {task: {"error", "device", "history"}}}``; the
    history is `TrainingResult.rows`, the error null or why there is no score. A training that
    diverges or runs out of memory, and an architecture whose worker is killed, are recorded with
    their error and end nothing.

    Args:
        plan: What is trained.
        architectures: Official strings.
        folder: Where the files are; beside them is the plan.
        seeds: Of first weights and order of examples; all architectures with one, then the next.
        workers: Processes with one thread each.
        on_cell: Called after each cell with it, the number of cells trained and of those to train.

    Returns:
        The files of all cells, those that were there too, seed by seed.

    Raises:
        InvalidArgumentError: If ``workers`` is less than 1, or the plan fits no architecture.
        InvalidArchitectureError: If there is no such architecture.
        UnknownNameError: If there is no such space, data set or task.
        RunError: If the folder holds another plan.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    space = get_space(plan.space)
    for architecture in architectures:
        space.parse(architecture)  # raises before hours of work, not amid them
    where = Path(folder)
    _keep_plan(plan, where)
    todo = list(missing_cells(where, architectures, seeds, plan.tasks))
    trained = _train_all(plan, where, todo, workers) if todo else ()
    for done, cell in enumerate(trained, start=1):
        if on_cell is not None:
            on_cell(cell, done, len(todo))
    return [
        where / TabulationCell(architecture, seed).file_name
        for seed in seeds
        for architecture in architectures
    ]


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
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return (content["architecture"], content["seed"]) == (cell.architecture, cell.seed) and all(
            {"error", "device", "history"} <= set(content["tasks"][task]) for task in tasks
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _keep_plan(plan: Tabulation, folder: Path) -> None:
    path = folder / PLAN_FILE
    if not path.exists():
        write_text(path, json.dumps(plan.describe(), indent=1))
        return
    try:
        kept = Tabulation.from_description(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read ({error}); choose another folder.") from error
    if kept != plan:
        ours, theirs = plan.describe(), kept.describe()
        differ = ", ".join(name for name in ours if ours[name] != theirs[name])
        raise RunError(
            f"{folder} holds a table of another plan: {differ} differ. Choose another folder."
        )


def _train_all(
    plan: Tabulation, folder: Path, cells: Sequence[TabulationCell], workers: int
) -> Iterator[TabulationCell]:
    """Train cells in a pool of processes; yield them as they are done."""
    todo = deque(cells)
    train = partial(_train_cell, plan, folder)
    pool = worker_pool(workers, _PRELOADED)
    running: dict[Future[None], TabulationCell] = {}
    try:
        while todo or running:
            # No more than can run, so that it is known which did when a worker was killed.
            while todo and len(running) < workers:
                future = pool.submit(train, todo[0])
                running[future] = todo.popleft()
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            killed = [f for f in ended if isinstance(f.exception(), BrokenProcessPool)]
            for future in ended.difference(killed):
                future.result()
                yield running.pop(future)
            if killed:
                suspects = list(running.values())
                running.clear()
                yield from _train_apart(plan, folder, suspects)
                pool = worker_pool(workers, _PRELOADED)
    except BrokenProcessPool as error:
        raise RunError(
            f"A worker process died while it had nothing to do (killed?). What is finished is kept "
            f"in {folder}; run it again to go on."
        ) from error
    except BaseException:
        stop_pool(pool)
        raise
    pool.shutdown()


def _train_apart(
    plan: Tabulation, folder: Path, cells: Sequence[TabulationCell]
) -> Iterator[TabulationCell]:
    """Train cells one after the other, each in a process of its own; record one that kills it."""
    train = partial(_train_cell, plan, folder)
    for number, outcome in run_isolated(train, cells, workers=1, modules=_PRELOADED):
        if isinstance(outcome, Failure):
            if outcome.kind == "error":
                raise RunError(f"{cells[number].file_name}: {outcome.message}")
            failed = {"error": outcome.message, "device": plan.device, "history": []}
            write_cell(cells[number], dict.fromkeys(plan.tasks, failed), folder)
        yield cells[number]


@lru_cache(maxsize=1)
def _tabulator(plan: Tabulation) -> Tabulator:
    """Return the tabulator of a plan, which a worker keeps for the cells to come."""
    return Tabulator(plan)


def _train_cell(plan: Tabulation, folder: Path, cell: TabulationCell) -> None:
    _tabulator(plan).train_into(cell, folder)
