"""Gain correlation: from which query an edit starts, and what each tells."""

import numpy as np

from rlnas.transfer.similarity import (
    GainCorrelation,
    query_probes,
)
from rlnas.transfer.similarity.estimators.gain_correlation import edit_pairs
from rlnas.transfer.similarity.evidence import Evidence, gaussian_scores


def test_an_edit_starts_at_the_nearest_earlier_query(family):
    space = family.tasks["sun-1"].space
    vectors = np.array([[0] * 6, [3] * 6, [0] * 5 + [1], [3] * 5 + [1], [0] * 4 + [2, 1]])
    evidence = Evidence(space, np.zeros((1, space.size)), space.index(vectors), np.arange(5.0))
    before, after = edit_pairs(evidence)
    assert before.tolist() == [0, 0, 1, 2]
    assert after.tolist() == [1, 2, 3, 4]


def test_gain_weights_sharpen_with_every_query(family):
    task, sources = family.tasks["sun-1"], family.known("rain-1", "sun-2", "rain-2")
    ledger, rng = task.ledger(40), np.random.default_rng(0)
    estimator, weights = GainCorrelation(edits=300), []
    for _ in range(4):
        query_probes("random", gaussian_scores(sources, task.space), ledger, rng, 10)
        weights.append(estimator.rank(sources, ledger, np.random.default_rng(0)).weights[1])
    assert weights[0] < weights[-1]
    assert weights[-1] > 0.9
