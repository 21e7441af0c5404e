"""Matrices of similarities between tasks."""

import numpy as np

from rlnas.transfer.similarity import (
    policy_matrix,
    query_probes,
    score_matrix,
)
from rlnas.transfer.similarity.evidence import gaussian_scores


def test_matrices_are_symmetric_and_tell_kin(family, trained):
    task, sources = family.tasks["sun-1"], [trained[n] for n in ("sun-2", "rain-1", "rain-2")]
    ledger = task.ledger(30)
    table = gaussian_scores(sources, task.space)
    query_probes("mixed", table, ledger, np.random.default_rng(0), 30)
    by_score = score_matrix(sources, "sun-1", ledger)
    by_policy = policy_matrix(sources, task.space)
    assert by_score.names == ("sun-2", "rain-1", "rain-2", "sun-1")
    for matrix in (by_score, by_policy):
        assert np.allclose(matrix.values, matrix.values.T)
        assert np.allclose(np.diag(matrix.values), 1.0)
        assert matrix.values[1, 2] > matrix.values[0, 2]
    assert by_score.values[3, 0] == by_score.values[3, :3].max()
    empty = score_matrix(sources, "sun-1", task.ledger(1))
    assert np.isnan(empty.values[3, :3]).all()
