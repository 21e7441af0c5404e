"""Training one architecture on the tasks of a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlnas.datasets import load_task_data
from rlnas.datasets.task_data import TaskData
from rlnas.networks.network import SearchedNetwork, build_network
from rlnas.seeding import derive_seed
from rlnas.spaces import get_space
from rlnas.training.recipe import Recipe
from rlnas.training.result import TrainingResult
from rlnas.training.stacked import train_stacked
from rlnas.training.tabulation.plan import Tabulation, TabulationCell, write_cell


class Tabulator:
    """Trains cells of a table; loads the data once.

    Tasks on the same images and with the same recipe are trained side by side, each with first
    weights of its own.

    Args:
        plan: What is trained.

    Raises:
        UnknownNameError: If there is no such space, data set or task.
        InvalidArgumentError: If the data cannot have the sizes.
    """

    def __init__(self, plan: Tabulation) -> None:
        self.plan = plan
        self._space = get_space(plan.space)
        train, valid, test = plan.sizes
        # The tiles of a puzzle are inputs of their own; all other tasks share their images.
        self._groups: dict[tuple[bool, Recipe], list[TaskData]] = {}
        for task, recipe in zip(plan.tasks, plan.recipes, strict=True):
            data = load_task_data(
                plan.dataset, task, train_size=train, valid_size=valid, test_size=test
            )
            self._groups.setdefault((data.spec.tiles > 1, recipe), []).append(data)

    def train(self, cell: TabulationCell) -> dict[str, TrainingResult]:
        """Return the result of each task; of a training that failed, with its error.

        Raises:
            InvalidArchitectureError: If it is not an architecture of the space.
            InvalidArgumentError: If the plan does not fit: no architecture could be trained.
        """
        results: dict[str, TrainingResult] = {}
        for (_, recipe), group in self._groups.items():
            networks = [
                build_network(
                    self._space,
                    cell.architecture,
                    data.spec,
                    self.plan.config,
                    seed=derive_seed(cell.seed, "tabulate", data.spec.name),
                )
                for data in group
            ]
            trained = self._train_together(networks, group, recipe, cell.seed)
            results |= {data.spec.name: result for data, result in zip(group, trained, strict=True)}
        return {task: results[task] for task in self.plan.tasks}

    def train_into(self, cell: TabulationCell, folder: Path) -> Path:
        """Train a cell and write its file."""
        results = self.train(cell)
        content: dict[str, Any] = {
            task: {"error": result.error, "device": result.device, "history": result.rows()}
            for task, result in results.items()
        }
        return write_cell(cell, content, folder)

    def _train_together(
        self,
        networks: Sequence[SearchedNetwork],
        data: Sequence[TaskData],
        recipe: Recipe,
        seed: int,
    ) -> list[TrainingResult]:
        """Train side by side, and where that cannot be done, one by one."""
        try:
            return train_stacked(
                networks,
                data,
                recipe,
                seed=seed,
                device=self.plan.device,
                train_metrics=False,
                test_every_epoch=False,
            )
        except (RuntimeError, MemoryError) as error:  # PyTorch's: out of memory, a kernel's refusal
            if len(networks) > 1:
                return [
                    self._train_together([network], [item], recipe, seed)[0]
                    for network, item in zip(networks, data, strict=True)
                ]
            return [
                TrainingResult(
                    spec=data[0].spec,
                    history=(),
                    best_epoch=0,
                    device=self.plan.device,
                    error=f"{type(error).__name__}: {error}",
                )
            ]
