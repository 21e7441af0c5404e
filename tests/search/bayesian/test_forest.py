"""The forest: its settings are scikit-learn's, its variance is that between trees."""

import numpy as np
import pytest

from rlnas.search.bayesian.forest import Forest
from rlnas.spaces import get_space
from rlnas.statistics.score_scales import robust

pytest.importorskip("sklearn")
SPACE = get_space("transnas-micro")


def some(count, seed=0):
    rng = np.random.default_rng(seed)
    vectors = SPACE.arrays[rng.permutation(SPACE.size)[:count]]
    return vectors, (vectors == 3).sum(axis=1) + 0.1 * rng.normal(size=count)


def test_it_predicts_what_it_has_not_seen():
    vectors, scores = some(200)
    forest = Forest(SPACE, np.random.default_rng(0))
    forest.fit(vectors[:150], scores[:150])
    mean, variance = forest.predict(vectors[150:])
    assert np.corrcoef(mean, scores[150:])[0, 1] > 0.8
    assert (variance > 0).all()


def test_total_variance_adds_that_within_leaves():
    vectors, scores = some(60)
    found = []
    for kind in ("between", "total"):
        forest = Forest(SPACE, np.random.default_rng(0), kind)
        forest.fit(vectors, scores)
        found.append(forest.predict(SPACE.arrays))
    assert np.array_equal(found[0].mean, found[1].mean)
    assert (found[1].variance >= found[0].variance - 1e-12).all()
    assert found[1].variance.mean() > found[0].variance.mean()


def test_cross_validation_does_not_see_the_fold():
    vectors, scores = some(60)
    folds = np.arange(60) % 5
    noise = np.random.default_rng(1).normal(size=60)  # nothing can be learnt of it
    held = Forest(SPACE, np.random.default_rng(0)).cross_validated(vectors, noise, folds)
    assert abs(np.corrcoef(held, robust(noise))[0, 1]) < 0.4
    held = Forest(SPACE, np.random.default_rng(0)).cross_validated(vectors, scores, folds)
    assert np.corrcoef(held, scores)[0, 1] > 0.5


def test_the_encoding_that_is_kept_changes_no_prediction(monkeypatch):
    vectors, scores = some(60)
    forest = Forest(SPACE, np.random.default_rng(0))
    forest.fit(vectors, scores)
    kept = forest.predict(SPACE.arrays[5:4000])
    monkeypatch.setattr(forest, "_whole", None)
    anew = forest.predict(SPACE.arrays[5:4000])
    assert np.array_equal(kept.mean, anew.mean)
    assert np.array_equal(kept.variance, anew.variance)
