"""Every estimator finds kin, spends what it may, and sees nothing but its queries."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.tasks import TabularTask
from rlnas.transfer.similarity import (
    EstimatorContext,
    KnownTask,
    estimator_names,
    estimator_needs,
    make_estimator,
    register_estimator,
)

SOURCES = ("rain-1", "sun-2", "rain-2")  # of sun-1, whose kin stands in the middle
PROXIES = {
    name: {"nose": values}
    for name, values in zip(
        ("sun-1", *SOURCES), np.random.default_rng(0).normal(size=(4, 4096)), strict=True
    )
}
PROXIES["sun-2"] = {"nose": PROXIES["sun-1"]["nose"] + 0.1}


def make(name):
    return make_estimator(name, EstimatorContext("sun-1", PROXIES))


def estimate(name, sources, task, probes=10, seed=0):
    estimator, ledger = make(name), task.ledger(max(probes, 1))
    rng = np.random.default_rng(seed)
    with task.sealed():
        estimator.probe(sources, ledger, rng, probes)
        ranking = estimator.rank(sources, ledger, rng)
    return ranking, ledger


@pytest.mark.parametrize("name", estimator_names())
def test_kin_is_found(name, family, trained):
    sources = [trained[source] for source in SOURCES]
    firsts = [estimate(name, sources, family.tasks["sun-1"], seed=s)[0].best for s in range(3)]
    assert firsts.count("sun-2") >= (2 if name == "policy-return" else 3), firsts


@pytest.mark.parametrize("name", estimator_names())
def test_a_ranking_is_well_formed(name, family, trained):
    sources = [trained[source] for source in SOURCES]
    ranking, ledger = estimate(name, sources, family.tasks["sun-1"])
    assert ranking.names == SOURCES
    assert ledger.queries == ranking.queries == 10
    assert (ranking.low <= ranking.similarity + 1e-9).all()
    assert (ranking.similarity <= ranking.high + 1e-9).all()
    assert ranking.weights.sum() == pytest.approx(1.0)
    assert (ranking.weights >= 0).all()
    frame = ranking.to_frame()
    assert frame["source"].iloc[0] == ranking.best
    assert frame["similarity"].is_monotonic_decreasing


@pytest.mark.parametrize("probes", [0, 1, 2])
@pytest.mark.parametrize("name", estimator_names())
def test_few_probes_are_enough_to_answer(name, probes, family, trained):
    sources = [trained[source] for source in SOURCES]
    ranking, ledger = estimate(name, sources, family.tasks["sun-1"], probes)
    assert ledger.queries == probes
    assert np.isfinite(ranking.similarity).all()
    assert np.isfinite(ranking.weights).all()


@pytest.mark.parametrize("name", estimator_names())
def test_probes_end_with_the_budget(name, family, trained):
    sources, task = [trained[source] for source in SOURCES], family.tasks["sun-1"]
    ledger, rng = task.ledger(4), np.random.default_rng(0)
    estimator = make(name)
    estimator.probe(sources, ledger, rng, 10)
    assert ledger.queries == 4
    estimator.probe(sources, ledger, rng, 10)
    estimator.rank(sources, ledger, rng)
    assert ledger.queries == 4


@pytest.mark.parametrize("name", estimator_names())
def test_the_same_seed_gives_the_same_ranking(name, family, trained):
    sources = [trained[source] for source in SOURCES]
    first, second = (estimate(name, sources, family.tasks["sun-1"], seed=5)[0] for _ in range(2))
    assert np.array_equal(first.similarity, second.similarity)
    assert np.array_equal(first.weights, second.weights)


@pytest.mark.parametrize("name", estimator_names())
def test_what_was_not_queried_changes_nothing(name, family, trained):
    sources, task = [trained[source] for source in SOURCES], family.tasks["sun-1"]
    first, ledger = estimate(name, sources, task)
    noise = np.random.default_rng(1).normal(scale=100.0, size=task.space.size)
    queried = task.space.index(ledger.vectors())
    noise[queried] = task.scores[queried]
    twin = TabularTask(task.name, task.space, noise, task.metric)
    second, again = estimate(name, sources, twin)
    assert np.array_equal(again.vectors(), ledger.vectors())
    assert np.array_equal(first.similarity, second.similarity)


@pytest.mark.parametrize("name", estimator_names())
def test_only_the_order_of_the_targets_scores_counts(name, family, trained):
    sources, task = [trained[source] for source in SOURCES], family.tasks["sun-1"]
    twin = TabularTask(task.name, task.space, np.exp(3 * task.scores), task.metric)
    first, second = estimate(name, sources, task)[0], estimate(name, sources, twin)[0]
    assert np.allclose(first.similarity, second.similarity)


@pytest.mark.parametrize("name", estimator_names())
def test_failed_queries_are_left_out(name, family, trained):
    sources, task = [trained[source] for source in SOURCES], family.tasks["sun-1"]
    scores = task.scores.copy()
    scores[::2] = np.nan
    ranking, ledger = estimate(
        name, sources, TabularTask("kin/holes", task.space, scores, task.metric)
    )
    assert ledger.queries == 10
    assert np.isfinite(ranking.similarity).all()


@pytest.mark.parametrize(
    "name", ["rank-correlation", "spearman", "gain-correlation", "head-transfer"]
)
def test_an_upside_down_task_comes_last(name, family):
    sources = family.known("sun-upside-down", "rain-1", "sun-2")
    ranking, _ = estimate(name, sources, family.tasks["sun-1"])
    assert [ranking.names[i] for i in ranking.order()] == ["sun-2", "rain-1", "sun-upside-down"]


@pytest.mark.parametrize("name", estimator_names())
def test_one_source_is_its_own_best(name, family, trained):
    ranking, _ = estimate(name, [trained["sun-2"]], family.tasks["sun-1"])
    assert ranking.best == "sun-2"
    assert ranking.weights.tolist() == [1.0]


@pytest.mark.parametrize("name", estimator_names())
def test_what_is_missing_is_said(name, family, trained):
    needs, task = estimator_needs(name), family.tasks["sun-1"]
    ledger, rng = task.ledger(2), np.random.default_rng(0)
    if "policies" in needs:
        blind = family.known("rain-1", "rain-2", "sun-2")
        act = make(name).probe if name == "policy-return" else make(name).rank
        rest = (2,) if name == "policy-return" else ()
        with pytest.raises(InvalidArgumentError, match="no controller"):
            act(blind, ledger, rng, *rest)
    if name != "policy-return":
        with pytest.raises(InvalidArgumentError, match="no source"):
            make(name).rank([], ledger, rng)


def test_sources_of_another_space_are_refused(family, real_suite):
    other = real_suite("nasbench-201")["cifar10"]
    ledger, rng = family.tasks["sun-1"].ledger(2), np.random.default_rng(0)
    with pytest.raises(InvalidArgumentError, match="one search space"):
        make("rank-correlation").rank([KnownTask("cifar10", other)], ledger, rng)


def test_unknown_and_taken_names():
    with pytest.raises(UnknownNameError, match="rank-correlation"):
        make_estimator("rank-corelation")
    with pytest.raises(InvalidArgumentError, match="registered already"):
        register_estimator("ensemble", make)
