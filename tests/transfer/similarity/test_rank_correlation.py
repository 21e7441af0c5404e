"""The parts of the estimators against slow or published formulas."""

import numpy as np
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.correlation import weighted_kendall, weighted_pearson
from rlnas.transfer.similarity import (
    Ensemble,
    GainCorrelation,
    HeadTransfer,
    ProxySignature,
    RankCorrelation,
    SimilarityRanking,
    policy_matrix,
    query_probes,
    score_matrix,
)
from rlnas.transfer.similarity.evidence import Evidence, gaussian_scores
from rlnas.transfer.similarity.gain_correlation import edit_pairs
from rlnas.transfer.similarity.policy_preference import edit_probabilities, end_probabilities
from rlnas.transfer.similarity.rank_correlation import source_prior


def test_weighted_kendall_is_tau_b_of_the_repeated_sample():
    rng = np.random.default_rng(0)
    x, y = rng.integers(5, size=(3, 12)).astype(float), rng.integers(4, size=12).astype(float)
    counts = rng.multinomial(12, np.full(12, 1 / 12), size=6)
    found = weighted_kendall(x, y, counts)
    for row, count in enumerate(counts):
        repeated = np.repeat(np.arange(12), count)
        for source in range(3):
            tau = stats.kendalltau(x[source, repeated], y[repeated]).statistic
            assert found[row, source] == pytest.approx(tau)


def test_weighted_correlations_of_constants_are_zero():
    x, y = np.ones((1, 4)), np.arange(4.0)
    assert weighted_kendall(x, y, np.ones((1, 4))).tolist() == [[0.0]]
    assert weighted_pearson(x, y, np.ones((1, 4))).tolist() == [[0.0]]


def test_weighted_pearson_is_pearson():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 9)), rng.normal(size=9)
    found = weighted_pearson(x, y, np.ones((1, 9)))[0]
    assert found == pytest.approx([stats.pearsonr(row, y).statistic for row in x])


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


def test_the_targets_values_follow_the_sources_profile(family):
    task = family.tasks["sun-1"]
    table = gaussian_scores(family.known("sun-2", "rain-1"), task.space)
    evidence = Evidence(task.space, table, np.array([5, 6, 7]), np.array([2.0, 9.0, 2.0]))
    profile = np.sort(table[:, [5, 6, 7]], axis=1).mean(axis=0)
    assert evidence.values == pytest.approx([profile[:2].mean(), profile[2], profile[:2].mean()])


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


def test_policies_end_at_good_architectures_of_their_task(trained):
    source = trained["sun-1"]
    space = source.task.space
    ends = end_probabilities(source.controller, space)
    moves = edit_probabilities(source.controller, space)
    assert ends.sum() == pytest.approx(1.0)
    assert moves.sum(axis=1) == pytest.approx(np.ones(space.size))
    assert (moves[:, :-1][~space.legal] == 0).all()
    own = gaussian_scores([source], space)[0]
    assert ends @ own > 1.0, "the policy ends no better than a random draw"


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
