"""What an environment on a device gathers from: edits, features and scores, as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlnas.envs.scoring import TableScorer
from rlnas.envs.tensor.visited import places_of
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import SearchSpace
from rlnas.tasks import TabularTask

FLOAT_LIMIT = 2**24
"""Features of spaces up to so many numbers are kept as float32; larger ones as bytes."""


class TaskTables:
    """Tables of one space and of ``T`` source tasks on it, so that a step is a few gathers.

    A task's scores are those of `TableScorer`: normalised, and the lowest where nothing was
    measured. Row ``t · size + i`` of a table over tasks belongs to architecture ``i`` of task
    ``t``; `offsets` gives ``t · size`` for each row of a batch.

    Args:
        tasks: The source tasks, all on one space.
        normaliser: Name of a normaliser.
        device: Where the tensors lie.

    Attributes:
        tasks: The source tasks; none if the tables were made of scores.
        size: Rows of a task's table: architectures of the space.
        scores: ``(T · size,)`` float64.
        next_index: ``(size, edits + 1)`` int32 index after an edit; an illegal one stays, and so
            does the last action, which is to stop.
        neighbours: ``(size, n, edits)`` int32 where to look whether the architecture after an edit
            was visited, see `places_of`; that of number ``size`` where it is illegal.
        features: ``(size, P·C + edits)`` float32 or uint8: one-hot operations, then legal edits.
        gain: ``(T · size, edits)`` int8 sign of the score's change by a legal edit, else 0.

    Raises:
        InvalidArgumentError: If there is no task, or they are on different spaces.
        LeakageError: If a search is running on one of them.
    """

    def __init__(
        self, tasks: Sequence[TabularTask], normaliser: str, device: torch.device | str = "cpu"
    ) -> None:
        names = {task.space.name for task in tasks}
        if len(names) != 1:
            raise InvalidArgumentError(
                f"The tasks are on {len(names)} search spaces ({', '.join(sorted(names))}); "
                "expected tasks on one space."
            )
        scores = np.stack([TableScorer(task, normaliser).table for task in tasks])
        self.tasks = tuple(tasks)
        self._build(tasks[0].space, scores, device)

    @classmethod
    def of_scores(
        cls,
        space: SearchSpace,
        scores: NDArray[np.float64],
        device: torch.device | str = "cpu",
    ) -> TaskTables:
        """Return tables of scores that are on the scale of rewards already.

        Args:
            space: An indexable search space.
            scores: ``(T, space.size)`` without NaN, larger is better.
            device: Where the tensors lie.
        """
        tables = cls.__new__(cls)
        tables.tasks = ()
        tables._build(space, scores, device)
        return tables

    def _build(
        self, space: SearchSpace, scores: NDArray[np.float64], device: torch.device | str
    ) -> None:
        self.space = space
        self.size = size = space.size
        self.device = torch.device(device)
        legal, after = space.legal, space.next_index
        one_hot = space.arrays[:, :, None] == np.arange(space.num_operations)
        features = np.concatenate([one_hot.reshape(size, -1), legal], axis=1)
        kind = np.float32 if features.size <= FLOAT_LIMIT else np.uint8
        stay = np.arange(size, dtype=after.dtype)
        self.next_index = self._tensor(np.column_stack([after, stay]))
        self.neighbours = places_of(self._tensor(np.where(legal, after, size)), size)
        self.features = self._tensor(features.astype(kind))
        self.rescore(scores)

    def rescore(self, scores: NDArray[np.float64]) -> None:
        """Replace the scores, e.g. as more becomes known of what they predict.

        Args:
            scores: ``(T, space.size)`` without NaN, on the scale of rewards.
        """
        legal, after = self.space.legal, self.space.next_index
        change = np.stack([np.sign(s[after] - s[:, None]) for s in scores]) * legal
        self.scores = self._tensor(scores.reshape(-1))
        self.gain = self._tensor(change.reshape(-1, self.space.num_actions).astype(np.int8))

    def _tensor(self, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self.device)

    def offsets(self, tables: Tensor) -> Tensor:
        """Return where each row's task begins, from its task number ``(R,)``."""
        return tables.to(self.device, torch.int64) * self.size
