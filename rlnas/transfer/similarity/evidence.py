"""What estimators compare: what sources say on one scale, and what was queried of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import rank_gaussian
from rlnas.tasks import QueryLedger, TabularTask
from rlnas.transfer.similarity.source_task import Floats, SourceTask

# A ranking is asked for after every query; ranking whole tables anew each time would take longer
# than all the rest. What is kept was handed over in a source already.
_gaussian: WeakKeyDictionary[TabularTask, Floats] = WeakKeyDictionary()


def gaussian_scores(sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
    """Return the sources' scores as normal quantiles of their ranks, ``(S, space.size)``.

    An architecture without a result gets the lowest value of its source.

    Raises:
        InvalidArgumentError: If there is no source, the results of one are not at hand, or it is on
            another space.
    """
    if not sources:
        raise InvalidArgumentError("There is no source; expected one or more.")
    for source in sources:
        if source.task is not None and source.task.space.name != space.name:
            raise InvalidArgumentError(
                f"The source {source.name} is on {source.task.space.name}, the target on "
                f"{space.name}; results can be compared on one search space only."
            )
    return np.stack([_of(source) for source in sources])


def _of(source: SourceTask) -> Floats:
    task, scores = source.task, source.scores
    if task is None or scores is None:
        raise InvalidArgumentError(
            f"The results of the source task {source.name} are not at hand; give the Source its "
            "task, or choose an estimator that needs policies alone (policy-agreement)."
        )
    if task not in _gaussian:
        _gaussian[task] = gaussian_ranks(scores)
    return _gaussian[task]


def gaussian_ranks(values: Floats) -> Floats:
    """Return normal quantiles of the ranks of ``(N,)`` values; NaN gets the lowest, read-only."""
    measured = np.isfinite(values)
    found = rank_gaussian(values[measured])
    table = np.full(values.shape, found.min() if len(found) else 0.0)
    table[measured] = found
    table.setflags(write=False)
    return table


@dataclass(frozen=True)
class Evidence:
    """The measured queries of a target beside the sources' results there.

    Attributes:
        space: The search space.
        table: ``(S, space.size)`` what the sources say, as normal quantiles of ranks.
        indices: ``(n,)`` int64 queried architectures in order, failed ones left out.
        scores: ``(n,)`` their scores on the target.
    """

    space: SearchSpace
    table: Floats
    indices: NDArray[np.int64]
    scores: Floats

    @classmethod
    def of(cls, table: Floats, ledger: QueryLedger) -> Evidence:
        """Return what a ledger holds beside the sources' values ``(S, space.size)``."""
        indices, scores = queried(ledger)
        return cls(ledger.space, table, indices, scores)

    def __len__(self) -> int:
        return len(self.indices)

    @cached_property
    def at(self) -> Floats:
        """The sources' values at the queried architectures, ``(S, n)``."""
        return self.table[:, self.indices]

    @cached_property
    def values(self) -> Floats:
        """The target's queried scores on the sources' scale, ``(n,)``.

        The queried scores are put in order and get the values that the sources have on average at
        that place of the order among the same architectures. Normal quantiles of the ranks among
        the queries would be wrong: probes are better than architectures drawn at random.
        """
        if not len(self):
            return np.empty(0)
        profile = np.sort(self.at, axis=1).mean(axis=0)
        _, group, count = np.unique(self.scores, return_inverse=True, return_counts=True)
        ends = np.cumsum(count)
        total = np.concatenate([[0.0], np.cumsum(profile)])
        return np.asarray(((total[ends] - total[ends - count]) / count)[group])


def queried(ledger: QueryLedger) -> tuple[NDArray[np.int64], Floats]:
    """Return the indices ``(n,)`` and scores ``(n,)`` of a ledger's queries that did not fail."""
    scores = ledger.scores()
    measured = np.isfinite(scores)
    vectors = ledger.vectors()[measured]
    indices = ledger.space.index(vectors) if len(vectors) else np.empty(0, dtype=np.int64)
    return np.asarray(indices, dtype=np.int64), scores[measured]
