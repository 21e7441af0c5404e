"""Repeats: which scores of a suite are of trainings of one and the same network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.spaces import SearchSpace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RepeatSource = Literal["seeds", "twins", "test", "none"]
"""Where repeats come from: seeds of one table, twins (isomorphic networks that were each trained),
the same training read on test data, or nowhere."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """The trainings behind the scores of one task.

    A *unit* is a network: a class of equivalent architectures. Architectures that share all numbers
    of all tasks with an equivalent one share its training.

    Attributes:
        source: Where repeats come from.
        unit_of: ``(space.size,)`` number of each architecture's unit, −1 where it has no score.
        training_of: ``(space.size,)`` the training that its score is of, −1 likewise.
        unit: ``(trainings,)`` the unit of each training.
        score: ``(trainings,)`` its score; of another seed less what that seed moves all alike.
        rank: ``(trainings,)`` its rank among the scores of its own seed, 1 is the best.
    """

    source: RepeatSource
    unit_of: Ints
    training_of: Ints
    unit: Ints
    score: Floats
    rank: Floats

    @property
    def num_units(self) -> int:
        """Number of units with a score."""
        return int(self.unit_of.max()) + 1

    def groups(self, least: float = -np.inf) -> list[Floats]:
        """Return the scores of units trained several times, with a mean of ``least`` or more."""
        order = np.argsort(self.unit, kind="stable")
        counts = np.bincount(self.unit, minlength=self.num_units)
        parts = np.split(self.score[order], np.cumsum(counts)[:-1])
        return [part for part in parts if len(part) > 1 and part.mean() >= least]

    def other_ranks(self) -> Floats:
        """Return the mean rank of each architecture's other trainings, ``(space.size,)``.

        Those are all trainings of its unit but the one that its own score is of; NaN without any.
        """
        count = np.bincount(self.unit, minlength=self.num_units)
        total = np.bincount(self.unit, self.rank, minlength=self.num_units)
        known = self.unit_of >= 0
        others = np.where(known, count[self.unit_of] - 1, 0)
        left = total[self.unit_of] - self.rank[self.training_of]
        return np.where(others > 0, left / np.maximum(others, 1), np.nan)


def find_repeats(
    space: SearchSpace,
    scores: Floats,
    shared: Floats,
    other_seeds: Sequence[Floats] = (),
) -> Repeats:
    """Return the trainings behind the scores of one task.

    Args:
        space: An indexable search space.
        scores: ``(space.size,)`` scores that searches see, NaN where nothing was measured.
        shared: ``(space.size, k)`` scores of all tasks; equivalent architectures with equal ones
            share one training.
        other_seeds: Scores of the task in other seeds, ``(space.size,)`` each.
    """
    measured = np.flatnonzero(np.isfinite(scores))
    unit_of = np.full(space.size, -1, dtype=np.int64)
    unit_of[measured] = np.unique(space.canonical_index[measured], return_inverse=True)[1]
    keys = np.column_stack([unit_of[measured], np.nan_to_num(shared[measured], nan=-np.inf)])
    first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)[1:]
    training_of = np.full(space.size, -1, dtype=np.int64)
    training_of[measured] = number.ravel()
    members = measured[first]
    parts = [(unit_of[members], scores[members], _ranks(scores)[members])]
    for column in other_seeds:
        held = np.flatnonzero(np.isfinite(column) & (unit_of >= 0))
        pairs = np.column_stack([unit_of[held], column[held]])
        chosen = held[np.unique(pairs, axis=0, return_index=True)[1]]
        shift = np.mean(column[held] - scores[held]) if len(held) else 0.0
        parts.append((unit_of[chosen], column[chosen] - shift, _ranks(column)[chosen]))
    unit, score, rank = (np.concatenate(part) for part in zip(*parts, strict=True))
    repeated = len(np.unique(unit)) < len(unit)
    source: RepeatSource = "none"
    if repeated:
        source = "seeds" if any(len(part[0]) for part in parts[1:]) else "twins"
    return Repeats(source, unit_of, training_of, unit, score, rank)


def _ranks(scores: Floats) -> Floats:
    """Return 1 + the number of strictly higher scores, for each; NaN has the worst."""
    known = np.sort(scores[np.isfinite(scores)])
    above = len(known) - np.searchsorted(known, scores, side="right")
    return 1.0 + np.where(np.isfinite(scores), above, len(scores) - 1)
