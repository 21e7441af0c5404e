"""An ensemble of estimators, weighted by how well they did among the sources themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.calibration import head_results, replay
from rlnas.transfer.similarity.context import EstimatorContext
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.registry import make_estimator
from rlnas.transfer.similarity.source_task import Floats, SourceTask

_RIDGE = 10.0  # pairs of sources that the equal weighting counts for
_DRAWS = 1000  # for intervals and weights


class Ensemble(SimilarityEstimator):
    """Stacks estimators by a regression on the sources, where all is known.

    Each source takes the target's part once: its results at the very architectures that were
    queried are given to every member, which ranks the other sources, and the members' similarities
    are regressed on what came true, the best −log₁₀ rank there of the other source's first
    architectures (`head_results`). So members that tell little with these probes get little
    weight, and the similarity is in a unit that means something: −log₁₀ of the rank that is
    expected. Weights are not negative and pulled towards equal ones, as in stacking (Breiman 1996);
    nothing of the target enters them but which architectures were queried.

    With fewer than three sources there is nothing to learn from and the members count equally.

    Args:
        members: Estimators that rank by any queries, whoever made them.

    Raises:
        InvalidArgumentError: If there is no member.
    """

    name = "ensemble"

    def __init__(self, members: Sequence[SimilarityEstimator]) -> None:
        if not members:
            raise InvalidArgumentError("An ensemble needs at least one member.")
        self.members = tuple(members)
        self.needs = frozenset[Needs]({"scores"}).union(*(member.needs for member in members))

    @classmethod
    def from_context(cls, context: EstimatorContext, **options: Any) -> Ensemble:
        """Return an ensemble of those that know the sources; see `SimilarityEstimator`."""
        names = ["head-transfer", "rank-correlation"]
        if context.policies:
            names = ["policy-head", "policy-agreement", *names]
        return cls([make_estimator(name, context) for name in names], **options)

    def table(self, sources: Sequence[SourceTask], space: SearchSpace) -> Floats:
        """Return what the first member goes by."""
        return self.members[0].table(sources, space)

    def _judged(self) -> Sequence[SimilarityEstimator]:
        return self.members

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the similarity is an expected −log₁₀ rank."""
        features = self._features(sources, ledger, rng)
        if len(sources) < 3:
            similarity = _standardised(features, features).mean(axis=1)
            noise = np.ones(len(sources))
        else:
            known, truth, groups = self._known(sources, ledger, rng)
            similarity, noise = _stack(known, truth, groups, features)
        draws = similarity + noise * rng.normal(size=(_DRAWS, len(sources)))
        return ranking_of_draws(self.name, sources, similarity, draws, ledger)

    def _features(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> Floats:
        """Return the members' similarities ``(S, members)``; 0 where one knows nothing."""
        columns = [member.rank(sources, ledger, rng).similarity for member in self.members]
        return np.nan_to_num(np.stack(columns, axis=1))

    def _known(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats]:
        """Return features and truth of every pair of sources, and who took the target's part."""
        features, truth, groups = [], [], []
        results = head_results(sources, ledger.space)
        for number, part in enumerate(sources):
            others = [s for other, s in enumerate(sources) if other != number]
            features.append(self._features(others, replay(part, ledger), rng))
            truth.append(np.delete(results[:, number], number))
            groups.append(np.full(len(others), number))
        return np.concatenate(features), np.concatenate(truth), np.concatenate(groups)


def _stack(known: Floats, truth: Floats, groups: Floats, new: Floats) -> tuple[Floats, Floats]:
    """Return predictions ``(S,)`` and their standard errors ``(S,)`` by non-negative ridge."""
    x, target = _standardised(known, known), _standardised(new, known)
    slope = _weights(x, truth - truth.mean())
    missed = []
    for group in np.unique(groups):  # the error on a task that had no say in the weights
        out = groups == group
        part = _weights(x[~out], truth[~out] - truth[~out].mean())
        missed.append(truth[out] - truth[~out].mean() - x[out] @ part)
    error = float(np.sqrt(np.mean(np.concatenate(missed) ** 2)))
    return truth.mean() + target @ slope, np.full(len(new), max(error, 1e-6))


def _weights(x: Floats, y: Floats) -> Floats:
    """Return weights ≥ 0 that fit ``y``, pulled towards equal ones."""
    from scipy.optimize import nnls

    members = x.shape[1]
    mean = x.mean(axis=1)
    equal = max(float(mean @ y) / max(float(mean @ mean), 1e-12), 0.0) / members
    ridge = np.sqrt(_RIDGE)
    rows = np.concatenate([x, ridge * np.eye(members)])
    fitted, _ = nnls(rows, np.concatenate([y, np.full(members, ridge * equal)]))
    return np.asarray(fitted)


def _standardised(values: Floats, known: Floats) -> Floats:
    """Return columns scaled to mean 0 and deviation 1 over the known rows."""
    spread = known.std(axis=0)
    return np.asarray((values - known.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))
