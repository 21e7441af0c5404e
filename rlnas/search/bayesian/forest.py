"""The probabilistic random forest of the laboratory that wrote ProxyBO."""

from __future__ import annotations

import random
from functools import partial
from typing import Any, Literal

import numpy as np

from rlnas.errors import MissingDependencyError
from rlnas.search.bayesian.surrogate import (
    Floats,
    Ints,
    Prediction,
    Surrogate,
    is_listed,
    one_hot,
)
from rlnas.spaces import Architecture, SearchSpace
from rlnas.statistics.score_scales import robust

Variance = Literal["between", "total"]

_TREES = 10
_SETTINGS: dict[str, Any] = {"max_features": 5 / 6, "min_samples_split": 3, "min_samples_leaf": 3}
_LEAST_VARIANCE = 1e-6


class Forest(Surrogate):
    """Regression trees on one-hot operations, each on a bootstrap of the queries.

    Ten trees, five sixths of the features a split, three scores at least to split and three in a
    leaf: the values of OpenBox, the library of ProxyBO's authors (Li et al., KDD 2021), whose
    variance is that between the trees alone (after Hutter et al., SMAC, LION 2011, which also adds
    the variance within leaves). The trees are scikit-learn's, grown as its forest grows them.

    Args:
        space: The search space.
        rng: Source of the bootstraps.
        variance: ``between`` the trees, or ``total``: with the mean variance within leaves, the law
            of total variance.

    Raises:
        MissingDependencyError: If scikit-learn is not installed.
    """

    def __init__(
        self, space: SearchSpace, rng: np.random.Generator, variance: Variance = "between"
    ) -> None:
        super().__init__(space, rng)
        state = random.getstate()  # importing scikit-learn draws from Python's own generator
        try:
            from sklearn import config_context
            from sklearn.tree import DecisionTreeRegressor
        except ImportError as error:
            raise MissingDependencyError("scikit-learn", "forest", "A random forest") from error
        finally:
            random.setstate(state)
        self._tree: Any = DecisionTreeRegressor
        # What trees check of their settings takes as long as growing them on so few scores.
        self._unchecked: Any = partial(
            config_context, skip_parameter_validation=True, assume_finite=True
        )
        self._variance = variance
        self._trees: list[Any] = []
        self._whole = one_hot(space, space.arrays) if is_listed(space) else None

    def fit(self, vectors: Architecture, scores: Floats) -> None:
        """See `Surrogate.fit`."""
        self._trees = self._grow(one_hot(self.space, vectors), robust(scores))

    def _grow(self, features: Any, targets: Floats) -> list[Any]:
        trees, column = [], targets[:, None]
        with self._unchecked():
            for _ in range(_TREES):
                drawn = self.rng.integers(len(targets), size=len(targets))
                counts = np.bincount(drawn, minlength=len(targets)).astype(np.float64)
                tree = self._tree(random_state=int(self.rng.integers(2**31)), **_SETTINGS)
                tree.fit(features, column, sample_weight=counts, check_input=False)
                trees.append(tree.tree_)
        return trees

    def _features(self, vectors: Architecture) -> Any:
        """Return architectures one-hot; those of a listed space are encoded once."""
        if self._whole is None or len(vectors) < len(self._whole) // 8:
            return one_hot(self.space, vectors)
        return self._whole[self.space.index(vectors)]

    def predict(self, vectors: Architecture) -> Prediction:
        """See `Surrogate.predict`."""
        features = self._features(vectors)
        leaves = [(tree, tree.apply(features)) for tree in self._trees]
        means = np.stack([tree.value[:, 0, 0][leaf] for tree, leaf in leaves])
        variance = means.var(axis=0)
        if self._variance == "total":
            variance = variance + np.mean([tree.impurity[leaf] for tree, leaf in leaves], axis=0)
        return Prediction(means.mean(axis=0), np.maximum(variance, _LEAST_VARIANCE))

    def cross_validated(self, vectors: Architecture, scores: Floats, folds: Ints) -> Floats:
        """See `Surrogate.cross_validated`."""
        features, targets = one_hot(self.space, vectors), robust(scores)
        predicted = np.zeros(len(targets))
        for fold in np.unique(folds):
            out = folds == fold
            trees = self._grow(features[~out], targets[~out])
            held = np.ascontiguousarray(features[out])
            predicted[out] = np.mean([tree.predict(held)[:, 0] for tree in trees], axis=0)
        return predicted
