"""Zero-cost-proxy signatures: tasks are alike if training-free scores are alike on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rlnas.statistics.correlation import weighted_kendall
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.context import EstimatorContext, ProxyValues
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator
from rlnas.transfer.similarity.evidence import Evidence, gaussian_ranks
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws, unknown_ranking
from rlnas.transfer.similarity.source_task import Floats, SourceTask

_ENOUGH = 4  # queries from which on a correlation with the scores says anything
_RESAMPLES = 400  # of the queries, by the bootstrap


class ProxySignature(SimilarityEstimator):
    """How alike two tasks are in the eyes of zero-cost proxies.

    Two things are compared, for every proxy that both tasks have: its values, by Spearman's ρ over
    the whole space, which costs no training of any architecture on the target; and, from four
    queries on, how well it predicts scores, by Kendall's τ of its values and the scores over the
    queried architectures, on the source and on the target: 1 − |τ_s − τ_t|. The similarity is the
    mean over the proxies of ρ, or of the mean of both. A proxy that sees only the
    network, such as zen or synflow, has nearly the same values on every task: then only the second
    part tells tasks apart.

    Args:
        values: Proxy values of the tasks.
        target: Name of the target among them.
    """

    name = "proxy-signature"
    needs = frozenset[Needs]({"scores", "proxies"})

    def __init__(self, values: ProxyValues, target: str) -> None:
        self.values = values
        self.target = target

    @classmethod
    def from_context(cls, context: EstimatorContext, **options: Any) -> ProxySignature:
        """See `SimilarityEstimator.from_context`."""
        return cls(context.proxies, context.target, **options)

    def probe(
        self,
        sources: Sequence[SourceTask],
        ledger: QueryLedger,
        rng: np.random.Generator,
        queries: int,
    ) -> None:
        """Spend the probes, none where no source can be compared by any proxy."""
        if any(self.shared(source.name) for source in sources):
            super().probe(sources, ledger, rng, queries)

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; NaN for a source without a proxy that the target has."""
        evidence = Evidence.of(self.table(sources, ledger.space), ledger)
        n = len(evidence)
        counts = np.ones((1, n))
        if n:
            resampled = rng.multinomial(n, np.full(n, 1.0 / n), size=_RESAMPLES)
            counts = np.concatenate([counts, resampled])
        found = np.full((len(counts), len(sources)), np.nan)
        notes: dict[str, str] = {}
        for number, source in enumerate(sources):
            shared = self.shared(source.name)
            if not shared:
                notes[source.name] = self._why(source.name)
                continue
            scores = [self._compare(evidence, number, source.name, p, counts) for p in shared]
            found[:, number] = np.mean(scores, axis=0)
        if len(notes) == len(sources):
            return unknown_ranking(self.name, sources, ledger, notes)
        return ranking_of_draws(
            self.name, sources, found[0], found[min(1, n) :], ledger, notes=notes
        )

    def shared(self, source: str) -> tuple[str, ...]:
        """Return the proxies that a source and the target have."""
        ours, theirs = self.values.get(self.target, {}), self.values.get(source, {})
        return tuple(proxy for proxy in ours if proxy in theirs)

    def _why(self, source: str) -> str:
        lacking = [task for task in (self.target, source) if not self.values.get(task)]
        if lacking:
            return f"no proxy values of {' and '.join(lacking)}"
        return f"{source} and {self.target} have no proxy in common"

    def _compare(
        self, evidence: Evidence, number: int, source: str, proxy: str, counts: Floats
    ) -> Floats:
        """Return the similarity by one proxy in each resample, ``(B,)``."""
        there, here = self.values[source][proxy], self.values[self.target][proxy]
        both = np.isfinite(there) & np.isfinite(here)
        a, b = gaussian_ranks(there[both]), gaussian_ranks(here[both])
        values = float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else 0.0
        if len(evidence) < _ENOUGH:
            return np.full(len(counts), values)
        at = evidence.indices
        on_source = weighted_kendall(there[None, at], evidence.at[number], counts)[:, 0]
        on_target = weighted_kendall(here[None, at], evidence.scores, counts)[:, 0]
        return np.asarray((values + 1.0 - np.abs(on_source - on_target)) / 2)
