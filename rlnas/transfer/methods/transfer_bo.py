"""Transfer by a posterior alone: Bayesian optimisation that knows the sources' results.

No policy takes part: the whole space is looked through for what promises most. It is what every
learned searcher that may read the sources' results has to be compared with, and the base of
`GuidedReuse`, in which policies propose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.search.base import Takes
from rlnas.search.bayesian.adaptive_posterior import PRIORS, AdaptivePosterior
from rlnas.search.bayesian.posterior import Features, PosteriorConfig, observe_queries
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.methods.base import Generators, Ledgers
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import Source, SourcePool, source_scores

Ints = NDArray[np.int64]


class PosteriorSearch:
    """One search: its ledger, its generator and its posterior.

    Args:
        ledger: The ledger.
        rng: The generator.
        posterior: The posterior, without an observation.
    """

    def __init__(
        self, ledger: QueryLedger, rng: np.random.Generator, posterior: AdaptivePosterior
    ) -> None:
        self.ledger = ledger
        self.rng = rng
        self.posterior = posterior
        self._open = np.ones(ledger.space.size, dtype=np.bool_)
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what was queried by others, e.g. as probes."""
        observe_queries(self.posterior, self.ledger)
        if len(self.ledger):
            self._open[self.ledger.space.index(self.ledger.vectors())] = False

    @property
    def done(self) -> bool:
        """Whether the budget is spent or everything was asked."""
        return self.ledger.exhausted or not self._open.any()

    def query_best(self, proposed: Ints | None = None) -> None:
        """Query what promises most.

        Args:
            proposed: Indices to choose from; the whole space if there are none, or none is new.
        """
        allowed = self._open
        if proposed is not None and self._open[proposed].any():
            allowed = np.zeros_like(self._open)
            allowed[proposed] = self._open[proposed]
        worth = self.posterior.worth()
        best = np.flatnonzero(allowed & (worth == worth[allowed].max()))
        index = int(self.rng.choice(best))
        self._open[index] = False
        self.ledger.query(self.ledger.space.from_index([index])[0])
        observe_queries(self.posterior, self.ledger)


class TransferBO(SideBySideSearcher):
    """Query what a Gaussian process over the sources' results finds most promising.

    Args:
        sources: The source tasks with their results, on the target's space.
        priors: Priors of the posterior, among which the target's queries choose.

    Attributes:
        space: The search space.
        features: What the prior reads.
        priors: The priors.

    Raises:
        InvalidArgumentError: If a source's task is not at hand, or there is no source.
    """

    name = "transfer-bo"
    takes: tuple[Takes, ...] = ("one", "several")
    compares_results = True

    def __init__(
        self, sources: Sequence[Source], *, priors: Sequence[PosteriorConfig] = PRIORS
    ) -> None:
        scores = source_scores(sources)
        self.sources = tuple(sources)
        self.space: SearchSpace = sources[0].controller.space
        self.features = Features(self.space, scores)
        self.priors = tuple(priors)

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings, **options: Any) -> TransferBO:
        """Return the method of a pool's sources."""
        return cls(pool.sources, **options)

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        if ledgers[0].space.name != self.space.name:
            raise InvalidArgumentError(
                f"The sources' results are on {self.space.name}; the target is on "
                f"{ledgers[0].space.name}. Use a method that needs the policies alone."
            )
        searches = [
            PosteriorSearch(ledger, rng, AdaptivePosterior(self.features, self.priors))
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        self._run(searches)

    def _run(self, searches: Sequence[PosteriorSearch]) -> None:
        """Spend the budgets of the searches."""
        for search in searches:
            while not search.done:
                search.query_best()

    def options(self) -> Mapping[str, object]:
        """Return the sources and the priors."""
        return {
            "sources": [source.name for source in self.sources],
            "priors": [asdict(prior) for prior in self.priors],
        }
