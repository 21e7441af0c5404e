"""Rank correlation of a source's and the target's scores on the architectures queried so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.correlation import weighted_kendall, weighted_pearson
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import SimilarityEstimator
from rlnas.transfer.similarity.evidence import Evidence
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.source_task import Floats, SourceTask

_LIMIT = 0.97  # correlations beyond it are as sure as few probes can make them
_SPREAD = 0.25  # variance of correlations between tasks, on Fisher's z scale


class RankCorrelation(SimilarityEstimator):
    """Kendall's τ-b or Spearman's ρ between source and target, shrunk to what is usual.

    Few probes give noisy correlations, so the estimate is combined, on Fisher's z scale, with what
    the sources say of each other: a source that resembles the others is expected to resemble the
    target too. The prior's mean is the source's mean correlation with the other sources over the
    whole space, its variance the spread of these correlations; the observation counts with the
    variance 1/(n − 3) of z for ρ, 0.437/(n − 4) for τ (Fieller, Hartley & Pearson 1957).

    Args:
        kind: ``kendall`` or ``spearman``.
        resamples: Bootstrap resamples of the probes, for intervals and weights.
    """

    def __init__(
        self, kind: Literal["kendall", "spearman"] = "kendall", *, resamples: int = 400
    ) -> None:
        if kind not in ("kendall", "spearman"):
            raise InvalidArgumentError(f"kind is {kind!r}; expected 'kendall' or 'spearman'.")
        if resamples < 1:
            raise InvalidArgumentError(f"resamples is {resamples}; expected 1 or more.")
        self.kind = kind
        self.resamples = resamples
        self.name = "rank-correlation" if kind == "kendall" else "spearman"

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the similarity is a correlation in (−1, 1)."""
        evidence = Evidence.of(self.table(sources, ledger.space), ledger)
        mean, variance = source_prior(evidence.table, self.kind)
        n, noise = len(evidence), rng.normal(size=(self.resamples, len(sources)))
        precision = max(0.0, n - 3.0 if self.kind == "spearman" else (n - 4.0) / 0.437)
        if precision == 0.0:  # too few to count: the prior alone
            estimate, draws = mean, mean + np.sqrt(variance) * noise
        else:
            resampled = rng.multinomial(n, np.full(n, 1.0 / n), size=self.resamples)
            counts = np.concatenate([np.ones((1, n)), resampled])
            found = np.arctanh(np.clip(self._correlate(evidence, counts), -_LIMIT, _LIMIT))
            share = precision / (precision + 1.0 / variance)
            shrunk = mean + share * (found - mean)
            # The bootstrap gives the noise of the probes, and how sources share it; the prior's
            # noise is what remains where the probes decide little.
            draws = shrunk[1:] + np.sqrt((1.0 - share) ** 2 * variance) * noise
            estimate = shrunk[0]
        return ranking_of_draws(self.name, sources, np.tanh(estimate), np.tanh(draws), ledger)

    def _correlate(self, evidence: Evidence, counts: Floats) -> Floats:
        """Return correlations ``(B, S)`` with each probe counted as often as ``(B, n)`` says."""
        if self.kind == "kendall":
            return weighted_kendall(evidence.at, evidence.scores, counts)
        from scipy.stats import rankdata

        x = rankdata(evidence.at, axis=1)
        return weighted_pearson(x, rankdata(evidence.scores), counts)


def source_prior(table: Floats, kind: str = "spearman") -> tuple[Floats, float]:
    """Return what is expected of a new task's correlation with each source, on Fisher's z scale.

    Args:
        table: ``(S, size)`` sources' normal quantiles of ranks.
        kind: ``kendall`` or ``spearman``; between normal quantiles τ = 2/π·arcsin ρ.

    Returns:
        Means ``(S,)``, drawn halfway to their common mean because each rests on few sources, and
        the variance around them. A single source has mean 0 and variance 1.
    """
    count = len(table)
    if count < 2:
        return np.zeros(count), 1.0
    correlation = np.corrcoef(table)
    if kind == "kendall":
        correlation = 2 / np.pi * np.arcsin(np.clip(correlation, -1, 1))
    z = np.arctanh(np.clip(correlation, -_LIMIT, _LIMIT))
    others = ~np.eye(count, dtype=np.bool_)
    means = np.where(others, z, 0.0).sum(axis=1) / (count - 1)
    means = (means + means.mean()) / 2
    # Few pairs may agree by chance, so they are joined by one of a typical spread.
    squares = float(np.sum((z - means[:, None])[others] ** 2)) / 2
    return means, (squares + _SPREAD) / (count * (count - 1) / 2 + 1)
