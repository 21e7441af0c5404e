"""The ensemble trusts those that were right among the sources."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.transfer.similarity import (
    Ensemble,
    HeadTransfer,
    RankCorrelation,
    SimilarityRanking,
)


def test_the_ensemble_silences_a_member_that_talks_nonsense(family):
    class Nonsense(RankCorrelation):
        def rank(self, sources, ledger, rng):
            noise = rng.normal(scale=10.0, size=len(sources))
            names = tuple(source.name for source in sources)
            weights = np.full(len(names), 1 / len(names))
            return SimilarityRanking(self.name, names, noise, noise, noise, weights, len(ledger))

    task = family.tasks["sun-1"]
    sources = family.known("rain-1", "sun-2", "rain-2", "sun-upside-down")
    firsts = []
    for seed in range(8):
        ledger, rng = task.ledger(10), np.random.default_rng(seed)
        estimator = Ensemble([HeadTransfer(draws=50), Nonsense()])
        estimator.probe(sources, ledger, rng, 10)
        firsts.append(estimator.rank(sources, ledger, rng).best)
    assert firsts.count("sun-2") >= 7
    with pytest.raises(InvalidArgumentError, match="member"):
        Ensemble([])
