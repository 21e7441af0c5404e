"""Hostile targets are what their names say, and what they are made of is told."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from rlnas.benchmarks import hostile_suite, load_suite, synthetic_suite
from rlnas.benchmarks.hostile import KINDS, OF_TASKS, base_of, kind_of, origin_of
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.networks.costs import network_statistics
from rlnas.networks.known_costs import NetworkCounts
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Suite, TabularTask
from rlnas.testing import check_task


@pytest.fixture(scope="module")
def suite():
    return load_suite("synthetic-micro")


@pytest.fixture(scope="module")
def hostile():
    return load_suite("hostile-synthetic-micro")


def test_every_kind_is_there_and_every_target_a_task(hostile, suite):
    assert {kind_of(name) for name in hostile} == set(KINDS)
    assert set(hostile) & set(suite) == set()
    for name, task in hostile.items():
        assert task.name == f"hostile-synthetic-micro/{name}"
        check_task(task)


def test_negated_is_negated(hostile, suite):
    for task in suite:
        assert (hostile[f"negated-{task}"].scores == -suite[task].scores).all()


def test_permuted_keeps_the_scores_of_networks_and_forgets_which(hostile, suite):
    task, dealt = suite["synthetic-1"], hostile["permuted-synthetic-1"]
    member = task.space.canonical_index
    classes = np.unique(member)

    def means(scores):
        return np.array([scores[member == c].mean() for c in classes])

    old, new = means(task.scores), means(dealt.scores)
    assert np.sort(old) == pytest.approx(np.sort(new))
    assert abs(spearmanr(old, new).statistic) < 0.1
    within = dealt.scores - new[np.searchsorted(classes, member)]
    assert within == pytest.approx(task.scores - old[np.searchsorted(classes, member)])


def test_where_equivalents_are_one_they_stay_one():
    suite = load_suite("rooms-micro")
    hostile = hostile_suite(suite, draws=1)
    for task in hostile.values():
        assert task.canonical_free
        assert (task.scores == task.scores[task.space.canonical_index]).all(), task.name
    dealt = hostile["permuted-jigsaw"]
    assert sorted(dealt.ranked_scores) == pytest.approx(sorted(suite["jigsaw"].ranked_scores))


def test_middling_is_best_in_the_middle(hostile, suite):
    scores = suite["synthetic-0"].scores
    best = np.argmax(hostile["middling-synthetic-0"].scores)
    assert abs((scores < scores[best]).mean() - 0.5) < 0.001
    worst = np.argmin(hostile["middling-synthetic-0"].scores)
    assert scores[worst] in (scores.min(), scores.max())


def test_a_decoy_is_the_task_but_where_the_others_are_best(hostile, suite):
    task, decoy = suite["synthetic-2"], hostile["decoy-synthetic-2"]
    changed = task.scores != decoy.scores
    others = np.mean(
        [np.argsort(np.argsort(suite[name].scores)) for name in suite if name != task.name[-11:]],
        axis=0,
    )
    networks = np.unique(task.space.canonical_index[changed])
    assert 100 < len(networks) <= 300
    assert others[changed].mean() > np.quantile(others, 0.85)
    assert (decoy.scores[changed] <= np.median(task.scores)).all()
    assert spearmanr(task.scores, decoy.scores).statistic > 0.5


def test_small_networks_win_where_small_is_asked_for(hostile):
    space = hostile.space
    spec = NetworkCounts.published(space).spec
    for index in (5, 3000):
        told = network_statistics(space, space.arrays[index], spec)
        assert hostile["fewest-parameters"].scores[index] == -told.parameters
        assert hostile["fewest-macs"].scores[index] == -told.macs
    latency = hostile["latency"].scores
    assert spearmanr(latency, hostile["fewest-macs"].scores).statistic > 0.6


def test_draws_have_nothing_to_do_with_the_tasks(hostile, suite):
    names = [name for name in hostile if kind_of(name) == "draw"]
    assert len(names) == 3
    columns = [hostile[name].scores for name in names]
    assert np.abs(np.corrcoef(columns) - np.eye(3)).max() < 0.6
    assert len(hostile_suite(suite, draws=0)) == len(hostile) - 3 - 2
    with pytest.raises(InvalidArgumentError, match="draws is -1"):
        hostile_suite(suite, draws=-1)


def test_the_seed_moves_what_is_drawn_and_nothing_else(suite):
    first, again, second = (hostile_suite(suite, seed, draws=1) for seed in (0, 0, 1))
    drawn = {"permuted", "decoy", "draw", "latency"}
    for name in first:
        assert (first[name].scores == again[name].scores).all()
        same = (first[name].scores == second[name].scores).all()
        assert same == (kind_of(name) not in drawn), name


def test_missing_scores_stay_missing(suite):
    task = suite["synthetic-0"]
    scores = task.scores.copy()
    scores[:50] = np.nan
    holed = Suite("holed", {"a": TabularTask("holed/a", task.space, scores, task.metric)})
    made = hostile_suite(holed, draws=0)
    for kind in OF_TASKS:
        assert (np.isnan(made[f"{kind}-a"].scores) == np.isnan(scores)).all(), kind


def test_a_space_without_networks_has_the_others():
    space = CellSpace("strange", [(0, 1), (0, 2), (1, 2)], ["none", "warp", "weft"], none="none")
    made = hostile_suite(synthetic_suite(space, 2), draws=1)
    assert {kind_of(name) for name in made} == {*OF_TASKS, "draw"}


def test_a_task_of_another_space_is_refused(suite):
    other = synthetic_suite(get_space("transnas-macro"), 2)["synthetic-0"]
    with pytest.raises(InvalidArgumentError, match="on transnas-macro; expected"):
        hostile_suite(suite, draws=0, others={"far": other})


def test_names_say_what_a_target_is_made_of():
    assert base_of("hostile-transnas-micro") == "transnas-micro"
    assert base_of("transnas-micro") is None
    assert origin_of("negated-ImageNet16-120") == "ImageNet16-120"
    assert origin_of("draw-1") is origin_of("other-rooms-micro-jigsaw") is None
    with pytest.raises(InvalidArgumentError, match="no hostile target"):
        kind_of("jigsaw")
    with pytest.raises(UnknownNameError, match="hostile-rooms-micro"):
        load_suite("hostile-rooms-mirco")
