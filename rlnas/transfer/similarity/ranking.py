"""A ranking of sources with its uncertainty and its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.source_task import Floats, SourceTask

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95
"""Coverage of the intervals."""


@dataclass(frozen=True)
class SimilarityRanking:
    """How similar each source is to a target, by one estimator.

    Attributes:
        estimator: Name of the estimator.
        names: Names of the ``S`` sources.
        similarity: ``(S,)`` float64, larger is more similar, in the estimator's own unit; NaN where
            nothing can be said.
        low: ``(S,)`` lower ends of the 95 % intervals, NaN where there is none.
        high: ``(S,)`` upper ends.
        weights: ``(S,)`` probabilities that a source is the most similar one; they sum to 1.
        queries: Target queries spent by the time of the ranking.
        notes: By source, why there is no number.
    """

    estimator: str
    names: tuple[str, ...]
    similarity: Floats
    low: Floats
    high: Floats
    weights: Floats
    queries: int
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {np.shape(a) for a in (self.similarity, self.low, self.high, self.weights)}
        if shapes != {(len(self.names),)} or not self.names:
            raise InvalidArgumentError(
                f"A ranking of {len(self.names)} sources has arrays of the shapes {sorted(shapes)}."
            )
        if not (np.all(self.weights >= 0) and np.isclose(self.weights.sum(), 1.0)):
            raise InvalidArgumentError(f"Weights {self.weights} are no probabilities.")

    @property
    def known(self) -> bool:
        """Whether anything could be said at all."""
        return bool(np.isfinite(self.similarity).any())

    def order(self) -> NDArray[np.int64]:
        """Return the numbers of the sources, the most similar first.

        Ties go to the larger weight, then to the order of the sources; NaN comes last.
        """
        return np.lexsort((-self.weights, -np.nan_to_num(self.similarity, nan=-np.inf)))

    @property
    def best(self) -> str:
        """Name of the most similar source."""
        return self.names[int(self.order()[0])]

    def to_frame(self) -> pd.DataFrame:
        """Return source, similarity, low, high, weight, queries, note; the most similar first."""
        import pandas as pd

        rows = self.order()
        frame: pd.DataFrame = pd.DataFrame(
            {
                "source": [self.names[row] for row in rows],
                "similarity": self.similarity[rows],
                "low": self.low[rows],
                "high": self.high[rows],
                "weight": self.weights[rows],
                "queries": self.queries,
                "note": [self.notes.get(self.names[row], "") for row in rows],
            }
        )
        return frame


class RanksSources(Protocol):
    """What ranks sources by what a ledger on the target holds: every `SimilarityEstimator`."""

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """Rank the sources; nothing is spent."""
        ...


def ranking_of_draws(
    name: str,
    sources: Sequence[SourceTask],
    similarity: Floats,
    draws: Floats,
    ledger: QueryLedger,
    *,
    notes: Mapping[str, str] | None = None,
) -> SimilarityRanking:
    """Return the ranking that draws of the similarities give.

    Args:
        name: Name of the estimator.
        sources: The ``S`` sources.
        similarity: ``(S,)`` point estimates.
        draws: ``(B, S)`` joint draws of a posterior or resamples of a bootstrap.
        ledger: Says how many queries were spent.
        notes: By source, why there is no number.

    Returns:
        Intervals are percentiles of the draws; a weight is the share of the draws that a source
        leads, ties shared, with one more draw spread over all sources so that none is ruled out.
    """
    tail = 100 * (1 - LEVEL) / 2
    known = np.isfinite(similarity)
    low, high = np.full((2, len(sources)), np.nan)
    weights = np.full(len(sources), 1.0 / len(sources))
    if known.any():
        low[known], high[known] = np.percentile(draws[:, known], [tail, 100 - tail], axis=0)
        leads = draws[:, known] == draws[:, known].max(axis=1, keepdims=True)
        shares = (leads / leads.sum(axis=1, keepdims=True)).sum(axis=0)
        weights[:] = 0.0
        weights[known] = (shares + 1.0 / known.sum()) / (len(draws) + 1.0)
    return SimilarityRanking(
        name,
        tuple(source.name for source in sources),
        np.where(known, similarity, np.nan),
        low,
        high,
        weights,
        ledger.queries,
        dict(notes or {}),
    )


def unknown_ranking(
    name: str, sources: Sequence[SourceTask], ledger: QueryLedger, why: Mapping[str, str]
) -> SimilarityRanking:
    """Return the ranking of which nothing can be said, with the reasons by source."""
    nothing = np.full(len(sources), np.nan)
    return ranking_of_draws(name, sources, nothing, nothing[None], ledger, notes=why)
