"""What a surrogate is: it learns from what was queried and predicts the rest, with a variance."""

from __future__ import annotations

import abc
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlnas.spaces import Architecture, SearchSpace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_LISTED = 20_000
"""Architectures up to which a space is looked through as a whole."""


class Prediction(NamedTuple):
    """Predicted scores ``(n,)``, on the scale of `rlnas.statistics.score_scales.robust`.

    Attributes:
        mean: Expected scores.
        variance: Their variances, above 0.
    """

    mean: Floats
    variance: Floats


class Surrogate(abc.ABC):
    """A model of scores, fitted anew to all that a search has queried.

    Failed queries are none of its business: whoever fits leaves them out.

    Args:
        space: The search space.
        rng: Source of what is random in a fit.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator) -> None:
        self.space = space
        self.rng = rng

    @abc.abstractmethod
    def fit(self, vectors: Architecture, scores: Floats) -> None:
        """Learn from architectures ``(T, num_positions)`` and scores ``(T,)``, finite; T ≥ 2."""

    @abc.abstractmethod
    def predict(self, vectors: Architecture) -> Prediction:
        """Predict architectures ``(n, num_positions)``."""

    @abc.abstractmethod
    def cross_validated(self, vectors: Architecture, scores: Floats, folds: Ints) -> Floats:
        """Predict each score from those of the other folds.

        Args:
            vectors: ``(T, num_positions)``.
            scores: ``(T,)``, finite.
            folds: ``(T,)`` number of each one's fold; two or more numbers.

        Returns:
            ``(T,)``.
        """


def is_listed(space: SearchSpace) -> bool:
    """Return whether a space is looked through as a whole."""
    return space.indexable and space.size <= MOST_LISTED


def one_hot(space: SearchSpace, vectors: Architecture) -> NDArray[np.float32]:
    """Return architectures as float32 ``(n, num_positions · num_operations)``, 1 where it is so."""
    hot = np.asarray(vectors)[:, :, None] == np.arange(space.num_operations)
    return np.ascontiguousarray(hot.reshape(len(vectors), -1), dtype=np.float32)
