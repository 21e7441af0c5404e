"""Lists of what was best on the sources, without a look at the target."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Takes
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import rank_gaussian
from rlnas.transfer.controls.listed import ListSearcher
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import Source, SourcePool, source_scores

Scores = NDArray[np.float64]


class SourceList(ListSearcher):
    """A list that follows from the sources' results.

    Args:
        sources: The source tasks with their results, on the target's space.

    Raises:
        InvalidArgumentError: If a source's task is not at hand, or there is no source.
    """

    takes: tuple[Takes, ...] = ("one", "several")
    trained = "nothing"
    compares_results = True

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self._scores = _measured(source_scores(sources))
        self._space = sources[0].controller.space

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings) -> SourceList:
        """Return the list of a pool's sources."""
        return cls(pool.sources)

    def values(self, space: SearchSpace) -> Scores:
        """Return what the sources say; see `ListSearcher.values`.

        Raises:
            InvalidArgumentError: If the sources are on another space.
        """
        if space.name != self._space.name:
            raise InvalidArgumentError(
                f"The sources' results are on {self._space.name}; the target is on {space.name}. "
                "Use a list that needs no sources, such as most-parameters."
            )
        return self._listed(self._scores)

    @abc.abstractmethod
    def _listed(self, scores: Scores) -> Scores:
        """Return what each architecture is listed by ``(size,)``, from scores ``(S, size)``."""

    def options(self) -> Mapping[str, object]:
        """Return the sources."""
        return {"sources": [source.name for source in self.sources]}


class MeanSourceScore(SourceList):
    """Query what is best by the mean of the sources' scores, each put on a bell by its ranks."""

    name = "mean-source-score"

    def _listed(self, scores: Scores) -> Scores:
        return np.asarray(np.mean([rank_gaussian(column) for column in scores], axis=0))


class RoundRobin(SourceList):
    """Query the best of each source in turn, then the second best of each, and so on."""

    name = "round-robin"

    def _listed(self, scores: Scores) -> Scores:
        size = scores.shape[1]
        turn = np.full(size, np.inf)
        for number, column in enumerate(scores):
            place = np.empty(size)
            place[np.argsort(-column, kind="stable")] = np.arange(size)
            turn = np.minimum(turn, place * len(scores) + number)
        return -turn


def _measured(scores: Scores) -> Scores:
    """Return scores in which what was not measured is the worst of its source."""
    return np.where(np.isnan(scores), np.nanmin(scores, axis=1, keepdims=True), scores)
