"""Head transfer predicts how good the sources' heads are."""

import numpy as np
import pytest
from scipy import stats

from rlnas.transfer.similarity import (
    HeadTransfer,
)
from rlnas.transfer.similarity.evidence import gaussian_scores


def test_head_transfer_predicts_the_heads_values(family):
    task, sources = family.tasks["sun-1"], family.known("rain-1", "sun-2", "sun-upside-down")
    ledger, rng = task.ledger(60), np.random.default_rng(0)
    estimator = HeadTransfer()
    estimator.probe(sources, ledger, rng, 60)
    ranking = estimator.rank(sources, ledger, rng)
    heads = np.argsort(-gaussian_scores(sources, task.space), axis=1)[:, :20]
    true = gaussian_scores(family.known("sun-1"), task.space)[0][heads].max(axis=1)
    assert stats.spearmanr(ranking.similarity, true).statistic == pytest.approx(1.0)
    assert np.abs(ranking.similarity - true).max() < 1.0
