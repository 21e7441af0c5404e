"""Per-edit gain correlation: does an edit change the target's score as it changed the source's?

After M-DESIGN (arXiv 2507.15336): sources are re-weighted after every observation by how well they
predicted the gain of the last edit, w_i ∝ w_i · N(ΔP_u; β_i ΔP_i, σ_i²).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import SimilarityEstimator
from rlnas.transfer.similarity.evidence import Evidence
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.source_task import Floats, SourceTask

_TEMPER = 0.5
"""Power of the likelihood in the weights. Edits that share an architecture are not independent, so
the full power is too sure of itself."""


class GainCorrelation(SimilarityEstimator):
    """Correlation of edit gains, by a regression of the target's gains on each source's.

    An edit leads to a queried architecture from the one most like it (fewest positions differ)
    among those queried before; with probes far apart it changes several positions at once, with the
    probe design ``edits`` every second one is a single edit. Gains are differences of the sources'
    normal quantiles; the target's are put on the same scale by order alone (`Evidence.values`).

    For each source, ΔP_u = β_i ΔP_i + N(0, σ_i²) with a normal-inverse-gamma prior, learnt from
    what the sources' gains say of each other at random edits and at the observed ones: β's mean
    and variance are those of the slopes between pairs of sources, σ²'s mean is their mean residual
    variance. The posterior of β_i and σ_i is updated with every query, and the weights are the
    products of the predictive densities of all gains seen so far, which is M-DESIGN's rule with β
    and σ unknown, given that β is positive: a source that is consistently wrong is no source.

    Args:
        edits: Random edits over the space that the prior is learnt from.
        draws: Draws from the posterior, for the intervals.

    Raises:
        InvalidArgumentError: If one of these is outside its range.
    """

    name = "gain-correlation"

    def __init__(self, *, edits: int = 1000, draws: int = 1000) -> None:
        if edits < 1 or draws < 1:
            raise InvalidArgumentError(
                f"edits is {edits}, draws {draws}; expected 1 or more of both."
            )
        self.edits = edits
        self.draws = draws

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the similarity is a correlation of gains in (−1, 1)."""
        from scipy import special, stats

        evidence = Evidence.of(self.table(sources, ledger.space), ledger)
        before, after = edit_pairs(evidence)
        x = evidence.at[:, after] - evidence.at[:, before]
        y = evidence.values[after] - evidence.values[before]
        prior = _Prior.of(self._known_gains(evidence, x, rng))
        precision = prior.precision + (x**2).sum(axis=1)
        slope = (prior.precision * prior.slope + x @ y) / precision
        shape = prior.shape + len(y) / 2
        scale = prior.scale + 0.5 * (
            y @ y + prior.precision * prior.slope**2 - precision * slope**2
        )
        evidence_of = (
            0.5 * np.log(prior.precision / precision)
            - shape * np.log(scale)
            + prior.shape * np.log(prior.scale)
            + special.gammaln(shape)
            - special.gammaln(prior.shape)
        )
        positive = stats.t.logcdf(slope / np.sqrt(scale / (shape * precision)), 2 * shape)
        noise = scale / rng.gamma(shape, size=(self.draws, 1))
        betas = slope + np.sqrt(noise / precision) * rng.normal(size=(self.draws, len(sources)))
        draws = betas * prior.spread / np.sqrt((betas * prior.spread) ** 2 + noise)
        found = ranking_of_draws(self.name, sources, draws.mean(axis=0), draws, ledger)
        log = _TEMPER * (evidence_of + positive)
        weights = np.exp(log - log.max())
        return replace(found, weights=weights / weights.sum())

    def _known_gains(
        self, evidence: Evidence, observed: Floats, rng: np.random.Generator
    ) -> Floats:
        """Return gains of the sources at random edits and the observed ones, ``(S, edits)``."""
        table, space = evidence.table, evidence.space
        start = rng.integers(space.size, size=self.edits)
        vectors = space.from_index(start)
        gains = table[:, space.index(space.mutate(vectors, rng))] - table[:, start]
        # The edits observed count as much as those at random: probes are no random sample.
        copies = max(1, self.edits // max(observed.shape[1], 1))
        return np.concatenate([gains, np.repeat(observed, copies, axis=1)], axis=1)


@dataclass(frozen=True)
class _Prior:
    """Normal-inverse-gamma: β ~ N(slope, σ²/precision), σ² ~ IG(shape, scale).

    ``spread`` is the standard deviation of the sources' gains.
    """

    slope: float
    precision: float
    shape: float
    scale: float
    spread: float

    @classmethod
    def of(cls, gains: Floats) -> _Prior:
        """Learn it from gains ``(S, edits)`` of the sources at the same edits."""
        count = len(gains)
        products = gains @ gains.T / gains.shape[1]
        power = np.maximum(np.diag(products), 1e-12)
        spread = float(np.sqrt(power.mean()))
        others = ~np.eye(count, dtype=np.bool_)
        slopes = (products / power[:, None])[others]
        residual = (power[None, :] - products**2 / power[:, None])[others]
        # As if one more pair were known, of slope 1/2 with a quarter of its variance unexplained:
        # few sources say little of how alike tasks can be.
        slopes, residual = np.append(slopes, 0.5), np.append(residual, 0.25 * spread**2)
        noise = max(float(residual.mean()), 1e-6)
        variance = float(slopes.var()) + 0.1
        return cls(float(slopes.mean()), noise / variance, 2.0, noise, spread)


def edit_pairs(evidence: Evidence) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return from which query each query but the first was reached, ``(n − 1,)`` and ``(n − 1,)``.

    It is the earlier query with the fewest differing positions, the latest of these: so the pairs
    form a tree, and every query enters as a result once.
    """
    vectors = evidence.space.from_index(evidence.indices)
    after = np.arange(1, len(vectors))
    distance = (vectors[:, None, :] != vectors[None, :, :]).sum(axis=2)
    before = [i - 1 - int(distance[i, :i][::-1].argmin()) for i in after]
    return np.array(before, dtype=np.int64), after
