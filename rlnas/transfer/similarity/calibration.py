"""What the sources teach of each other: each takes the target's part, where all is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import log_rank
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.base import Floats, SimilarityEstimator, SourceTask
from rlnas.transfer.similarity.evidence import gaussian_scores

CANDIDATES = ("mixed", "top", "disagreement", "random")
"""Probe designs to choose among, the better architectures first."""

_HEAD = 20  # architectures: about what a search of 50 queries sees of its source's head
_REPEATS = 2  # of each design with each source in the target's part
_QUALITY = 0.05  # of a rank correlation, that a tenfold better best probe is worth


def head_results(sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
    """Return what a search from each source would find on each other source, ``(S, S)``.

    It is the highest −log₁₀ rank on source j (column) of the first 20 architectures of source i
    (row): of those where its policy would end, if all sources have controllers, else of its list.

    Raises:
        InvalidArgumentError: If the results of a source are not at hand.
    """
    order = gaussian_scores(sources, space)
    if all(source.controller is not None for source in sources):
        from rlnas.transfer.similarity.policy_preference import policy_preferences

        order = policy_preferences(sources, space)
    heads = np.argsort(-order, axis=1, kind="stable")[:, :_HEAD]
    return np.stack([_log_ranks(source)[heads].max(axis=1) for source in sources], axis=1)


def replay(source: SourceTask, ledger: QueryLedger) -> QueryLedger:
    """Return a ledger on a source that holds the queries of another ledger.

    Raises:
        InvalidArgumentError: If the source's results are not at hand.
    """
    again = _ledger(source, max(1, len(ledger)))
    again.query_many(ledger.vectors())
    return again


def choose_design(
    estimators: Sequence[SimilarityEstimator],
    sources: Sequence[SourceTask],
    space: SearchSpace,
    queries: int,
) -> str:
    """Return the probe design that serves best when each source takes the target's part once.

    It is the one with the highest rank correlation of similarities and `head_results` over the
    other sources, the mean over sources, estimators and repetitions; that its probes are good
    architectures counts a little. Nothing of the target enters.

    Args:
        estimators: What ranks by the probes.
        sources: The sources; with fewer than four, or without their results, ``mixed`` is returned.
        space: Their search space.
        queries: Number of probes.
    """
    from scipy import stats

    from rlnas.transfer.similarity.probes import query_probes

    if len(sources) < 4 or queries < 1 or any(source.scores is None for source in sources):
        return CANDIDATES[0]
    table, truth = gaussian_scores(sources, space), head_results(sources, space)
    merits = []
    for design in CANDIDATES:
        found = []
        for part, source in enumerate(sources):
            others = [other for number, other in enumerate(sources) if number != part]
            result = np.delete(truth[:, part], part)
            for repeat in range(_REPEATS if design == "random" else 1):
                rng = generator(repeat, "probe design", design, part)
                ledger = _ledger(source, queries)
                query_probes(design, np.delete(table, part, axis=0), ledger, rng, queries)
                best = np.nan if ledger.best is None else ledger.best.score
                rank = 1 + np.count_nonzero(np.asarray(source.scores) > best)
                for estimator in estimators:
                    similarity = estimator.rank(others, ledger, rng).similarity
                    agreement = 0.0
                    if np.isfinite(similarity).all() and np.ptp(similarity) * np.ptp(result) > 0:
                        agreement = float(stats.spearmanr(similarity, result).statistic)
                    found.append(agreement - _QUALITY * np.log10(rank))
        merits.append(np.mean(found))
    return CANDIDATES[int(np.argmax(merits))]


def _ledger(source: SourceTask, queries: int) -> QueryLedger:
    if source.task is None:
        raise InvalidArgumentError(f"The results of the source task {source.name} are not at hand.")
    return source.task.ledger(queries)


def _log_ranks(source: SourceTask) -> Floats:
    scores = np.asarray(source.scores)
    measured = np.isfinite(scores)
    table = np.full(scores.shape, -np.log10(len(scores)))
    table[measured] = log_rank(scores[measured])
    return table
