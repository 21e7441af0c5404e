"""What the sources teach of each other: each takes the target's part, where all is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import log_rank
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.probes import (
    Indices,
    ProbeDesign,
    ProbeRequest,
    get_design,
    query_probes,
)
from rlnas.transfer.similarity.ranking import RanksSources
from rlnas.transfer.similarity.source_task import Floats, SourceTask

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
        # The environments behind policies take a while to import.
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


class CalibratedDesign:
    """The probe design that serves best when each source takes the target's part once.

    It is the one with the highest rank correlation of similarities and `head_results` over the
    other sources, the mean over sources, judges and repetitions; that its probes are good
    architectures counts a little. Nothing of the target enters. What was chosen is remembered,
    for every search from the same sources asks for it.

    Args:
        judges: The estimators by whose rankings a design is judged.
    """

    def __init__(self, judges: Sequence[RanksSources]) -> None:
        self.judges = tuple(judges)
        self._chosen: dict[object, str] = {}

    def __call__(self, ask: ProbeRequest) -> Indices:
        """Return the probes of the design that serves the request's sources best."""
        return get_design(self.choose(ask.sources, ask.space, ask.count))(ask)

    def choose(self, sources: Sequence[SourceTask], space: SearchSpace, queries: int) -> str:
        """Return the name of the design that serves some sources best.

        Args:
            sources: The sources; with fewer than four, or without their results, it is ``mixed``.
            space: Their search space.
            queries: Number of probes.
        """
        key = (tuple(sources), space.name, queries)
        if key not in self._chosen:
            self._chosen[key] = self._best(sources, space, queries)
        return self._chosen[key]

    def _best(self, sources: Sequence[SourceTask], space: SearchSpace, queries: int) -> str:
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
                    found += self._merits(others, result, source, ledger, rng)
            merits.append(np.mean(found))
        return CANDIDATES[int(np.argmax(merits))]

    def _merits(
        self,
        others: Sequence[SourceTask],
        result: Floats,
        part: SourceTask,
        ledger: QueryLedger,
        rng: np.random.Generator,
    ) -> list[float]:
        """Return by each judge how well the probes of a source serve in choosing among others."""
        from scipy import stats

        best = np.nan if ledger.best is None else ledger.best.score
        rank = 1 + np.count_nonzero(np.asarray(part.scores) > best)
        merits = []
        for judge in self.judges:
            similarity = judge.rank(others, ledger, rng).similarity
            agreement = 0.0
            if np.isfinite(similarity).all() and np.ptp(similarity) * np.ptp(result) > 0:
                agreement = float(stats.spearmanr(similarity, result).statistic)
            merits.append(agreement - _QUALITY * np.log10(rank))
        return merits


def make_design(name: str, judges: Sequence[RanksSources]) -> ProbeDesign:
    """Return a probe design by name, for some estimators.

    Args:
        name: One of `rlnas.transfer.similarity.design_names`, or ``auto`` for the one that serves
            the estimators best (`CalibratedDesign`).
        judges: The estimators.

    Raises:
        UnknownNameError: If there is no such design.
    """
    return CalibratedDesign(judges) if name == "auto" else get_design(name)


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
