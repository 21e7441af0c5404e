"""Proxy signatures compare what tasks have, and say what is missing."""

import numpy as np
import pytest

from rlnas.transfer.similarity import (
    ProxySignature,
)


def test_proxies_compare_values_and_say_what_is_missing(family):
    task, sources = family.tasks["sun-1"], family.known("sun-2", "rain-1", "rain-2")
    values = np.random.default_rng(0).normal(size=(2, task.space.size))
    proxies = {
        "sun-1": {"nose": values[0], "ear": values[1]},
        "sun-2": {"nose": values[0] * 3 + 1},
        "rain-1": {"eye": values[0]},
    }
    ledger, rng = task.ledger(10), np.random.default_rng(0)
    estimator = ProxySignature(proxies, "sun-1")
    ranking = estimator.rank(sources, ledger, rng)
    assert ranking.similarity[0] == pytest.approx(1.0)
    assert np.isnan(ranking.similarity[1:]).all()
    assert ranking.weights.tolist() == [1.0, 0.0, 0.0]
    assert "no proxy in common" in ranking.notes["rain-1"]
    assert ranking.notes["rain-2"] == "no proxy values of rain-2"
    blind = ProxySignature({}, "sun-1")
    blind.probe(sources, ledger, rng, 10)
    assert ledger.queries == 0, "queries that can tell nothing were spent"
    assert not blind.rank(sources, ledger, rng).known
