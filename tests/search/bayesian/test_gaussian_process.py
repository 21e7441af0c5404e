"""The Gaussian process: query by query, lies taken back, held-out predictions exact."""

import numpy as np
import pytest

from rlnas.search.bayesian import gaussian_process
from rlnas.search.bayesian.gaussian_process import GaussianProcess
from rlnas.spaces import CellSpace, get_space

SPACE = get_space("transnas-micro")


def some(space, count):
    rng = np.random.default_rng(0)
    vectors = space.sample(count, rng)
    return vectors, (vectors == 3).sum(axis=1) + 0.1 * rng.normal(size=count)


@pytest.mark.parametrize("kernel", ["structure", "operations"])
def test_taking_back_what_was_assumed_leaves_no_trace(kernel):
    vectors, scores = some(SPACE, 30)
    asked, anew = (GaussianProcess(SPACE, np.random.default_rng(0), kernel) for _ in range(2))
    asked.fit(vectors[:20], scores[:20])
    asked.fit(vectors[:25], np.append(scores[:20], np.zeros(5)))  # five in flight, assumed
    asked.fit(vectors, scores)
    anew.fit(vectors, scores)
    for one, other in zip(asked.predict(SPACE.arrays), anew.predict(SPACE.arrays), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize("kernel", ["structure", "operations"])
def test_a_pool_is_predicted_as_in_a_listed_space(kernel, monkeypatch):
    vectors, scores = some(SPACE, 30)
    listed, pooled = (GaussianProcess(SPACE, np.random.default_rng(0), kernel) for _ in range(2))
    listed.fit(vectors, scores)
    expected = listed.predict(SPACE.arrays[:100])
    monkeypatch.setattr(gaussian_process, "is_listed", lambda space: False)
    pooled.fit(vectors, scores)
    for one, other in zip(pooled.predict(SPACE.arrays[:100]), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)


def test_held_out_predictions_are_those_of_the_other_folds(monkeypatch):
    monkeypatch.setattr(gaussian_process, "NOISES", (0.2,))
    monkeypatch.setattr(gaussian_process, "robust", lambda scores: scores)
    space = CellSpace("line", [(0, 1), (1, 2), (2, 3)], ["a", "b", "c"])
    vectors, scores = space.arrays[::2], np.sin(np.arange(14.0))
    folds = np.arange(14) % 3
    model = GaussianProcess(space, np.random.default_rng(0), "operations")
    found = model.cross_validated(vectors, scores, folds)
    correlation = 1 + np.exp(-(vectors[:, None] != vectors).sum(axis=2) / 2)
    for fold in range(3):
        out = folds == fold
        inner = correlation[np.ix_(~out, ~out)] + 0.2 * np.eye((~out).sum())
        expected = correlation[np.ix_(out, ~out)] @ np.linalg.solve(inner, scores[~out])
        np.testing.assert_allclose(found[out], expected, atol=1e-6)
