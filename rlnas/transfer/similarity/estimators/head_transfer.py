"""Head transfer: how good are the architectures that a source puts first on the target?

A search that starts from a source ends among the architectures that the source likes best, so what
matters of a source is its head, not its whole order. What the source is can be read from its
results, or from its policy: the policy knows where its searches really end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator
from rlnas.transfer.similarity.evidence import Evidence, gaussian_scores
from rlnas.transfer.similarity.policy_preference import policy_preferences
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.source_task import Floats, SourceTask

_JITTER = 1e-6  # equal architectures in two heads make the covariance singular
_CONSTANT, _LINEAR, _RADIAL, _ONE_HOT = 1.0, 0.3, 0.5, 0.3  # c, w_lin, w_rbf, w_one
_NOISE = 0.05  # variance of a query's value around the model


class HeadTransfer(SimilarityEstimator):
    """The best target value among each source's first architectures, by a Gaussian process.

    The target is modelled as a function of the sources' values there and of the architecture:
    k = c + w_lin·⟨s, s′⟩/S + w_rbf·exp(−mean (s − s′)²/2) + w_one·exp(−Hamming/2), prior mean half
    the sources' mean. The weights are those of the project's first study of transfer by Gaussian
    processes, where they were chosen by leaving sources out. One model for all sources uses every
    probe for every source, and knows what the sources have in common. The similarity is the
    expected maximum over the head, for a search keeps the best it meets.

    Args:
        by: Whether the sources are known by their ``scores`` or by their ``policies``.
        head: Architectures of each source's list that are its head; about what a search of 50
            queries sees of it.
        draws: Draws from the posterior, for intervals and weights.

    Raises:
        InvalidArgumentError: If one of these is outside its range.
    """

    def __init__(
        self,
        by: Literal["scores", "policies"] = "scores",
        *,
        head: int = 20,
        draws: int = 1000,
    ) -> None:
        if by not in ("scores", "policies"):
            raise InvalidArgumentError(f"by is {by!r}; expected 'scores' or 'policies'.")
        if min(head, draws) < 1:
            raise InvalidArgumentError(
                f"head is {head}, draws {draws}; expected 1 or more of both."
            )
        self.by = by
        self.name = "head-transfer" if by == "scores" else "policy-head"
        self.needs = frozenset[Needs]({by})
        self.head = head
        self.draws = draws

    def table(self, sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
        """Return the sources' scores or their policies' preferences, ``(S, space.size)``."""
        if self.by == "scores":
            return gaussian_scores(sources, space)
        return policy_preferences(sources, space)

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the similarity is in standard deviations of a task."""
        evidence = Evidence.of(self.table(sources, ledger.space), ledger)
        mean, covariance = self._posterior(evidence)
        root = np.linalg.cholesky(covariance + _JITTER * np.eye(len(mean)))
        values = mean + rng.normal(size=(self.draws, len(mean))) @ root.T
        draws = values.reshape(self.draws, len(sources), -1).max(axis=2)
        return ranking_of_draws(self.name, sources, draws.mean(axis=0), draws, ledger)

    def _posterior(self, evidence: Evidence) -> tuple[Floats, Floats]:
        """Return mean and covariance of the values of all ``S·head`` architectures."""
        from scipy.linalg import cho_factor, cho_solve

        table, space = evidence.table, evidence.space
        heads = np.argsort(-table, axis=1, kind="stable")[:, : self.head]
        rows = heads.ravel()
        here, there = table[:, rows].T, evidence.at.T
        arrays, known = space.from_index(rows), space.from_index(evidence.indices)
        mean = here.mean(axis=1) / 2
        covariance = _kernel(here, here, arrays, arrays)
        if len(evidence):
            within = _kernel(there, there, known, known)
            factor = cho_factor(within + _NOISE * np.eye(len(evidence)), lower=True)
            across = _kernel(here, there, arrays, known)
            residual = evidence.values - there.mean(axis=1) / 2
            mean = mean + across @ cho_solve(factor, residual)
            covariance = covariance - across @ cho_solve(factor, across.T)
        return mean, (covariance + covariance.T) / 2


def _kernel(x: Floats, y: Floats, a: Architecture, b: Architecture) -> Floats:
    """Return the covariance of architectures by the sources' values there and by operations."""
    squared = ((x[:, None] - y[None]) ** 2).mean(axis=2)
    hamming: NDArray[np.int64] = (a[:, None] != b[None]).sum(axis=2)
    return np.asarray(
        _CONSTANT
        + _LINEAR * (x @ y.T) / x.shape[1]
        + _RADIAL * np.exp(-squared / 2)
        + _ONE_HOT * np.exp(-hamming / 2)
    )
