"""The parts of the estimators against slow or published formulas."""

import numpy as np
import pytest
from scipy import stats

from rlnas.transfer.similarity import (
    RankCorrelation,
    query_probes,
)
from rlnas.transfer.similarity.estimators.rank_correlation import source_prior
from rlnas.transfer.similarity.evidence import gaussian_scores


def test_with_many_probes_the_rank_correlation_is_that_of_the_tasks(family):
    task, sources = family.tasks["sun-1"], family.known("sun-2", "rain-1")
    ledger, rng = task.ledger(600), np.random.default_rng(0)
    query_probes("random", gaussian_scores(sources, task.space), ledger, rng, 600)
    found = RankCorrelation("spearman").rank(sources, ledger, rng)
    whole = [stats.spearmanr(s.scores, task.scores).statistic for s in sources]
    assert found.similarity == pytest.approx(whole, abs=0.06)
    assert ((found.low < whole) & (whole < found.high)).all()
    assert (found.high - found.low).max() < 0.2


def test_more_probes_make_it_surer(family):
    task, sources = family.tasks["sun-1"], family.known("sun-2", "rain-1", "rain-2")
    widths = []
    for probes in (6, 60):
        ledger, rng = task.ledger(probes), np.random.default_rng(0)
        estimator = RankCorrelation()
        estimator.probe(sources, ledger, rng, probes)
        ranking = estimator.rank(sources, ledger, rng)
        widths.append((ranking.high - ranking.low).mean())
    assert widths[1] < 0.7 * widths[0]


def test_the_prior_favours_the_source_that_resembles_the_others(family):
    table = gaussian_scores(family.known("sun-1", "sun-2", "rain-1"), family.tasks["sun-1"].space)
    mean, variance = source_prior(table)
    assert mean[0] > mean[2]
    assert variance > 0.01
    assert source_prior(table[:1])[0].tolist() == [0.0]
