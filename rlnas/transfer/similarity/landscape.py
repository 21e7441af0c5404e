"""The similarity matrix: how alike the tasks of a suite are, the target's row from probes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlnas.spaces import SearchSpace
from rlnas.statistics.correlation import weighted_kendall
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.evidence import Evidence, gaussian_scores
from rlnas.transfer.similarity.policy_preference import controller_of, edit_probabilities
from rlnas.transfer.similarity.source_task import Floats, SourceTask


@dataclass(frozen=True)
class SimilarityMatrix:
    """Similarities between the tasks of a suite.

    Attributes:
        names: Names of the ``T`` tasks; the target last where there is one.
        values: ``(T, T)`` similarities, symmetric, 1 on the diagonal; NaN where unknown.
        measure: What they are, for a title.
        target: Name of the task whose row comes from probes, or an empty text.
        probes: How many queries that row comes from.
    """

    names: tuple[str, ...]
    values: Floats
    measure: str
    target: str = ""
    probes: int = 0


def score_matrix(
    sources: Sequence[SourceTask], target: str, ledger: QueryLedger
) -> SimilarityMatrix:
    """Return Kendall's τ between all tasks.

    Args:
        sources: The sources, whose whole tables are compared.
        target: Name of the target.
        ledger: Its ledger; its row is τ over the architectures queried there, NaN below two.

    Raises:
        InvalidArgumentError: If a source's results are not at hand or on another space.
    """
    from scipy import stats

    table = gaussian_scores(sources, ledger.space)
    count = len(sources)
    values = np.full((count + 1, count + 1), np.nan)
    for a in range(count):
        for b in range(a):
            tau = float(stats.kendalltau(table[a], table[b]).statistic)
            values[a, b] = values[b, a] = tau if np.isfinite(tau) else 0.0
    evidence = Evidence.of(table, ledger)
    if len(evidence) >= 2:
        once = np.ones((1, len(evidence)))
        values[count, :count] = weighted_kendall(evidence.at, evidence.scores, once)[0]
        values[:count, count] = values[count, :count]
    np.fill_diagonal(values, 1.0)
    names = (*(source.name for source in sources), target)
    return SimilarityMatrix(names, values, "Kendall's τ of scores", target, len(evidence))


def policy_matrix(sources: Sequence[SourceTask], space: SearchSpace) -> SimilarityMatrix:
    """Return how alike the sources' policies act: 1 − the mean Jensen–Shannon divergence, in bits.

    The divergence is between the distributions of the first edit, averaged over all architectures;
    1 is the same policy, 0 are policies that never make the same edit.

    Raises:
        InvalidArgumentError: If a source has no controller or its policy cannot run on the space.
    """
    policies = [edit_probabilities(controller_of(source), space) for source in sources]
    values = np.eye(len(sources))
    for a in range(len(policies)):
        for b in range(a):
            middle = (policies[a] + policies[b]) / 2
            divergence = (_relative(policies[a], middle) + _relative(policies[b], middle)) / 2
            values[a, b] = values[b, a] = 1.0 - float(divergence.mean())
    names = tuple(source.name for source in sources)
    return SimilarityMatrix(names, values, "1 − Jensen–Shannon divergence of policies")


def _relative(p: Floats, q: Floats) -> Floats:
    """Return Kullback–Leibler divergences of rows, in bits, ``(N,)``."""
    positive = p > 0
    ratio = np.log2(np.where(positive, p, 1.0) / np.where(positive, q, 1.0))
    return np.asarray((p * ratio).sum(axis=1))
