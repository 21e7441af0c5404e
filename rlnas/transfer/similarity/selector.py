"""The source selector: spends probes, chooses a source or mixes several, may change its mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import SimilarityEstimator
from rlnas.transfer.similarity.ranking import SimilarityRanking
from rlnas.transfer.similarity.source_task import Floats, SourceTask

S = TypeVar("S", bound=SourceTask)


@dataclass
class Selection(Generic[S]):
    """The sources chosen for one search, as it goes on.

    Attributes:
        sources: The sources.
        ranking: The latest ranking.
        chosen: Number of the source that is used now.
        weights: ``(S,)`` how much each source counts; a single 1 where one is chosen.
        history: ``(queries, chosen)`` of the first choice and of every change.
    """

    sources: tuple[S, ...]
    ranking: SimilarityRanking
    chosen: int
    weights: Floats
    history: list[tuple[int, int]] = field(default_factory=list)

    @property
    def source(self) -> S:
        """The source that is used now."""
        return self.sources[self.chosen]


class SourceSelector:
    """Chooses the source of a search by a similarity estimator.

    Args:
        estimator: How similarity is estimated.
        probes: Target queries to spend before the first choice, 0 or more, but no more than half of
            the budget that is left; they count within it.
        mode: ``best`` uses one source, ``mix`` weighs all by the probability of being the best.
        margin: How much more probable than the source in use another must be, as a factor of 1 or
            more, before the choice changes: similar sources would otherwise take turns.
        least: In ``mix``, weights below this are dropped, in [0, 1/number of sources).

    Raises:
        InvalidArgumentError: If one of these is outside its range.
    """

    def __init__(
        self,
        estimator: SimilarityEstimator,
        probes: int = 10,
        *,
        mode: Literal["best", "mix"] = "best",
        margin: float = 2.0,
        least: float = 0.05,
    ) -> None:
        if mode not in ("best", "mix"):
            raise InvalidArgumentError(f"mode is {mode!r}; expected 'best' or 'mix'.")
        if probes < 0 or not margin >= 1 or not 0 <= least < 1:
            raise InvalidArgumentError(
                f"probes is {probes}, margin {margin}, least {least}; expected probes of 0 or "
                "more, a margin of 1 or more, and least in [0, 1)."
            )
        self.estimator = estimator
        self.probes = probes
        self.mode = mode
        self.margin = margin
        self.least = least

    def select(
        self, sources: Sequence[S], ledger: QueryLedger, rng: np.random.Generator
    ) -> Selection[S]:
        """Spend the probes and choose.

        Args:
            sources: The sources, one or more.
            ledger: The ledger of the search.
            rng: Draws probes and resamples.

        Raises:
            InvalidArgumentError: If there is no source.
        """
        if not sources:
            raise InvalidArgumentError("There is no source to choose; expected one or more.")
        # Probes are for choosing how to spend the rest; at least half is left for that.
        probes = min(self.probes, (ledger.remaining + 1) // 2)
        self.estimator.probe(sources, ledger, rng, probes)
        ranking = self.estimator.rank(sources, ledger, rng)
        chosen = int(ranking.order()[0])
        weights = self._weigh(ranking, chosen)
        return Selection(tuple(sources), ranking, chosen, weights, [(ledger.queries, chosen)])

    def update(
        self, selection: Selection[S], ledger: QueryLedger, rng: np.random.Generator
    ) -> bool:
        """Rank again by what was queried since, and change the choice if it is clearly better.

        Args:
            selection: The selection, changed in place.
            ledger: The ledger of the search.
            rng: Draws resamples.

        Returns:
            Whether another source is in use now.
        """
        ranking = self.estimator.rank(selection.sources, ledger, rng)
        selection.ranking = ranking
        best = int(ranking.order()[0])
        clear = ranking.weights[best] > self.margin * ranking.weights[selection.chosen]
        changed = ranking.known and best != selection.chosen and bool(clear)
        if changed:
            selection.chosen = best
            selection.history.append((ledger.queries, best))
        selection.weights = self._weigh(ranking, selection.chosen)
        return changed

    def _weigh(self, ranking: SimilarityRanking, chosen: int) -> Floats:
        if self.mode == "best":
            single = np.zeros(len(ranking.names))
            single[chosen] = 1.0
            return single
        kept = np.where(ranking.weights >= self.least, ranking.weights, 0.0)
        if not kept.any():
            kept = ranking.weights
        return np.asarray(kept / kept.sum())
