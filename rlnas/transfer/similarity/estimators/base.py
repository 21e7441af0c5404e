"""The interface of every similarity estimator: spend a few queries, then rank as often as asked."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.calibration import make_design
from rlnas.transfer.similarity.context import EstimatorContext
from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.probes import ProbeDesign, query_probes
from rlnas.transfer.similarity.ranking import RanksSources, SimilarityRanking
from rlnas.transfer.similarity.source_task import Floats, SourceTask

Needs = Literal["scores", "policies", "proxies"]
"""What an estimator must know of a source: its results, its controller, or its proxy values."""


class SimilarityEstimator(abc.ABC):
    """Estimates how similar source tasks are to a target, from few queries of the target.

    `probe` spends queries; `rank` spends none and uses whatever the ledger holds by then, so it can
    be asked again as a search goes on. Nothing but the ledger is seen of the target.

    Attributes:
        name: Registered name.
        needs: What must be known of the sources.
        design: How it probes: a `ProbeDesign` or the name of one; ``auto`` is the one that serves
            it best when each source takes the target's part (`CalibratedDesign`).
    """

    name: str
    needs: frozenset[Needs] = frozenset({"scores"})
    design: str | ProbeDesign = "mixed"

    @classmethod
    def from_context(cls, context: EstimatorContext, **options: Any) -> SimilarityEstimator:
        """Return a new estimator for a target and what is known beside its sources.

        Args:
            context: What is known.
            options: Keyword arguments of the class.
        """
        return cls(**options)

    def probe(
        self,
        sources: Sequence[SourceTask],
        ledger: QueryLedger,
        rng: np.random.Generator,
        queries: int,
    ) -> None:
        """Spend up to ``queries`` queries on the target.

        Args:
            sources: The sources.
            ledger: The ledger of the search on the target.
            rng: Draws what is drawn.
            queries: Most queries to spend, 0 or more; fewer where the budget is smaller.
        """
        if isinstance(self.design, str):  # made once: it may remember what it chose
            self.design = make_design(self.design, self._judged())
        # Measured results say best which architectures tell the sources apart.
        measured = all(source.scores is not None for source in sources)
        say = gaussian_scores if measured else self.table
        table = say(sources, ledger.space)
        query_probes(self.design, table, ledger, rng, queries, sources=sources)

    def _judged(self) -> Sequence[RanksSources]:
        """Return the estimators by whose rankings a probe design is judged."""
        return [self]

    def table(self, sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
        """Return what the sources say of every architecture, on one scale.

        Args:
            sources: The ``S`` sources.
            space: The target's search space.

        Returns:
            ``(S, space.size)`` normal quantiles of ranks: of the sources' scores, unless the
            estimator knows the sources otherwise.
        """
        return gaussian_scores(sources, space)

    @abc.abstractmethod
    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """Rank the sources by what the ledger holds.

        Args:
            sources: The sources, one or more, on the ledger's space.
            ledger: The ledger of the search on the target; not spent from.
            rng: Draws resamples.
        """
