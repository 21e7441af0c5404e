"""Several surrogates as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.surrogate import Floats, Ints, Prediction, Surrogate
from rlnas.spaces import Architecture


class Ensemble(Surrogate):
    """The mixture of its members in equal parts: the mean of their means, and the variance of all.

    Args:
        members: Surrogates on one space, one or more.
    """

    def __init__(self, members: Sequence[Surrogate]) -> None:
        if not members:
            raise InvalidArgumentError("An ensemble has no member; expected one or more.")
        super().__init__(members[0].space, members[0].rng)
        self.members = tuple(members)

    def fit(self, vectors: Architecture, scores: Floats) -> None:
        """See `Surrogate.fit`."""
        for member in self.members:
            member.fit(vectors, scores)

    def predict(self, vectors: Architecture) -> Prediction:
        """See `Surrogate.predict`."""
        found = [member.predict(vectors) for member in self.members]
        means = np.stack([each.mean for each in found])
        within = np.mean([each.variance for each in found], axis=0)
        return Prediction(means.mean(axis=0), within + means.var(axis=0))

    def cross_validated(self, vectors: Architecture, scores: Floats, folds: Ints) -> Floats:
        """See `Surrogate.cross_validated`."""
        found = [member.cross_validated(vectors, scores, folds) for member in self.members]
        return np.asarray(np.mean(found, axis=0))
