"""Posterior head: what a posterior of the target expects where each source's policy would end.

A search that starts from a source ends among the few architectures that its policy prefers: its
head. Of these only a handful can be queried, but the sources' results say how the target's scores
hang together, so a Gaussian process over them (`rlnas.search.bayesian.posterior`) carries each
query to all heads. Policies say *where* to look, results say *what to expect* there; the estimators
that use one of the two alone tell less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.posterior import (
    Features,
    PosteriorConfig,
    TargetPosterior,
    observe_queries,
)
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator
from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.policy_preference import policy_preferences
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.source_task import Floats, SourceTask

Indices = NDArray[np.int64]

_JITTER = 1e-6  # equal architectures in two heads make the covariance singular


class PosteriorHead(SimilarityEstimator):
    """The best score that a posterior of the target expects in the head of each source's policy.

    Its probes are the architecture that each policy prefers most, one policy after the other, and
    then what the posterior finds most promising in the heads of all: informative about the choice,
    and good architectures, for they count within the budget.

    Args:
        head: Architectures of each policy's list that are its head; about what a search of 50
            queries sees of it.
        prior: The prior of the posterior; by default one for which only the order of the target's
            scores counts.
        draws: Draws from the posterior, for intervals and weights.

    Raises:
        InvalidArgumentError: If ``head`` or ``draws`` is below 1.
    """

    name = "posterior-head"
    needs = frozenset[Needs]({"scores", "policies"})

    def __init__(
        self, *, head: int = 20, prior: PosteriorConfig | None = None, draws: int = 1000
    ) -> None:
        if min(head, draws) < 1:
            raise InvalidArgumentError(
                f"head is {head}, draws {draws}; expected 1 or more of both."
            )
        self.head = head
        self.prior = prior or PosteriorConfig(scale="rank-gaussian")
        self.draws = draws
        self._known: dict[object, tuple[Features, Indices]] = {}

    def probe(
        self,
        sources: Sequence[SourceTask],
        ledger: QueryLedger,
        rng: np.random.Generator,
        queries: int,
    ) -> None:
        """See `SimilarityEstimator.probe`; nothing is drawn."""
        features, heads = self._of(tuple(sources), ledger.space)
        posterior = TargetPosterior(features, self.prior)
        observe_queries(posterior, ledger)
        open_ = np.ones(ledger.space.size, dtype=np.bool_)
        open_[posterior.queried] = False
        chosen: list[int] = []

        def ask() -> None:
            ledger.query_many(ledger.space.from_index(chosen))
            observe_queries(posterior, ledger)
            chosen.clear()

        for number in range(min(queries, ledger.remaining)):
            likely = heads[number] if number < len(heads) else heads.ravel()
            likely = likely[open_[likely]]
            if not len(likely):
                break
            index = int(likely[0])
            if number >= len(heads):
                index = int(likely[posterior.worth()[likely].argmax()])
            open_[index] = False
            chosen.append(index)
            # The favourites are known in advance; what comes then depends on all before it.
            if len(chosen) == ledger.in_flight or number + 1 >= len(heads):
                ask()
        if chosen:
            ask()

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the unit is that of standardised scores."""
        features, heads = self._of(tuple(sources), ledger.space)
        posterior = TargetPosterior(features, self.prior)
        observe_queries(posterior, ledger)
        rows, place = np.unique(heads, return_inverse=True)
        covariance = posterior.covariance(rows)
        root = np.linalg.cholesky(covariance + _JITTER * np.eye(len(rows)))
        values: Floats = posterior.mean[rows] + rng.normal(size=(self.draws, len(rows))) @ root.T
        # A search keeps the best it meets, so a head is worth its maximum.
        draws = values[:, place.reshape(heads.shape)].max(axis=2)
        return ranking_of_draws(self.name, sources, draws.mean(axis=0), draws, ledger)

    def _of(self, sources: tuple[SourceTask, ...], space: SearchSpace) -> tuple[Features, Indices]:
        """Return features and heads ``(S, head)``, which follow from the sources alone."""
        key = (sources, space.name)
        if key not in self._known:
            order = np.argsort(-policy_preferences(sources, space), axis=1, kind="stable")
            features = Features(space, gaussian_scores(sources, space))
            self._known[key] = features, order[:, : self.head]
        return self._known[key]
