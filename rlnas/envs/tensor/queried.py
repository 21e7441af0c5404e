"""Tables of what searches have queried: an environment that never leaves it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlnas.envs.tensor.tables import TaskTables
from rlnas.envs.tensor.visited import places_of
from rlnas.spaces import Architecture, SearchSpace


class QueriedTables(TaskTables):
    """The queried architectures of ``K`` searches on one space, one after the other.

    Each is a row, and only an edit that leads to another queried architecture of the same search is
    legal, so episodes stay within what is known. The space itself need not be indexable. All rows
    belong to one table: its episodes have task number 0.

    Args:
        space: The search space.
        architectures: ``(n_k, P)`` distinct architectures of each search, one or more.
        scores: ``(n_k,)`` their scores, on the scale of rewards.

    Attributes:
        members: Rows of each search.
    """

    def __init__(
        self,
        space: SearchSpace,
        architectures: Sequence[Architecture],
        scores: Sequence[NDArray[np.float64]],
    ) -> None:
        self.tasks = ()
        self.space = space
        self.device = torch.device("cpu")
        ends = np.cumsum([len(own) for own in architectures])
        self.members: list[Tensor] = [
            torch.arange(end - len(own), end)
            for own, end in zip(architectures, ends.tolist(), strict=True)
        ]
        vectors, values = np.concatenate(list(architectures)), np.concatenate(list(scores))
        self.size = len(vectors)
        after = np.concatenate(
            [
                _edits_within(space, own) + int(members[0])
                for own, members in zip(architectures, self.members, strict=True)
            ]
        )
        stay = np.arange(self.size)
        legal = after != stay[:, None]
        one_hot = vectors[:, :, None] == np.arange(space.num_operations)
        features = np.concatenate([one_hot.reshape(self.size, -1), legal], axis=1)
        self.features = self._tensor(features.astype(np.float32))
        self.next_index = self._tensor(np.column_stack([after, stay]).astype(np.int32))
        places = np.where(legal, after, self.size).astype(np.int32)
        self.neighbours = places_of(self._tensor(places), self.size)
        self.scores = self._tensor(values.astype(np.float64))
        change = np.sign(values[after] - values[:, None]) * legal
        self.gain = self._tensor(change.astype(np.int8))


def _edits_within(space: SearchSpace, vectors: Architecture) -> NDArray[np.int64]:
    """Return which of the given architectures each edit leads to, ``(n, edits)``; else itself."""
    n, actions = len(vectors), space.num_actions
    edited = space.edit(np.repeat(vectors, actions, axis=0), np.tile(np.arange(actions), n))
    place = {vector.tobytes(): row for row, vector in enumerate(np.ascontiguousarray(vectors))}
    own = np.repeat(np.arange(n), actions)
    found = [place.get(v.tobytes(), row) for v, row in zip(edited, own.tolist(), strict=True)]
    after = np.array(found, dtype=np.int64).reshape(n, actions)
    return np.where(space.action_mask(vectors), after, np.arange(n)[:, None])
