"""What an environment on a device gathers from: edits, features and scores, as tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
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
        self.tasks = tuple(tasks)
        self.space: SearchSpace = tasks[0].space
        self.device = torch.device(device)
        space, size = self.space, self.space.size
        scores = np.stack([TableScorer(task, normaliser).table for task in tasks])
        legal, after = space.legal, space.next_index
        change = np.stack([np.sign(s[after] - s[:, None]) for s in scores]) * legal
        one_hot = space.arrays[:, :, None] == np.arange(space.num_operations)
        features = np.concatenate([one_hot.reshape(size, -1), legal], axis=1)
        kind = np.float32 if features.size <= FLOAT_LIMIT else np.uint8
        self.scores = self._tensor(scores.reshape(-1))
        stay = np.arange(size, dtype=after.dtype)
        self.next_index = self._tensor(np.column_stack([after, stay]))
        self.neighbours = places_of(self._tensor(np.where(legal, after, size)), size)
        self.features = self._tensor(features.astype(kind))
        self.gain = self._tensor(change.reshape(-1, space.num_actions).astype(np.int8))

    def _tensor(self, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self.device)

    def offsets(self, tables: Tensor) -> Tensor:
        """Return where each row's task begins, from its task number ``(R,)``."""
        return tables.to(self.device, torch.int64) * self.space.size
