"""Probe designs: distinct, within the budget, good or telling as they promise."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.transfer.similarity import RankCorrelation, design_names, query_probes
from rlnas.transfer.similarity.evidence import gaussian_scores
from rlnas.transfer.similarity.probes import ProbeRequest, get_design


@pytest.fixture
def table(family):
    return gaussian_scores(family.known("rain-1", "sun-2", "rain-2"), family.tasks["sun-1"].space)


def choose(name, table, family, count=10, taken=(), seed=0):
    taken, rng = np.array(taken, dtype=np.int64), np.random.default_rng(seed)
    return get_design(name)(ProbeRequest(table, count, taken, family.tasks["sun-1"].space, rng))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 30])
@pytest.mark.parametrize("name", design_names())
def test_probes_are_new_and_distinct(name, count, table, family):
    taken = choose(name, table, family, 4)
    chosen = choose(name, table, family, count, taken)
    assert len(chosen) == len(set(chosen.tolist())) == count
    assert not set(chosen.tolist()) & set(taken.tolist())


@pytest.mark.parametrize("name", design_names())
def test_a_whole_space_of_probes(name, table, family):
    task = family.tasks["sun-1"]
    ledger = task.ledger(task.space.size)
    rng = np.random.default_rng(0)
    vectors = task.space.from_index(np.arange(task.space.size - 3))
    for vector in vectors:
        ledger.query(vector)
    query_probes(name, table, ledger, rng, 50)
    assert ledger.queries <= task.space.size


def test_tops_are_the_sources_best(table, family):
    firsts = list(dict.fromkeys(table.argmax(axis=1).tolist()))
    assert set(choose("top", table, family, len(firsts)).tolist()) == set(firsts)


def test_mixed_probes_are_good_and_telling(table, family):
    scores = family.tasks["sun-1"].scores

    def best_rank(design):
        ranks = [
            1 + (scores > scores[choose(design, table, family, seed=s)].max()).sum()
            for s in range(5)
        ]
        return np.mean(ranks)

    def telling(design):
        at = table[:, choose(design, table, family)]
        return np.linalg.slogdet((at - at.mean(axis=0)) @ (at - at.mean(axis=0)).T + np.eye(3))[1]

    assert best_rank("mixed") < best_rank("random") / 5
    assert telling("mixed") > telling("random")
    assert telling("disagreement") > telling("top")


def test_edit_probes_come_in_pairs(table, family):
    vectors = family.tasks["sun-1"].space.from_index(choose("edits", table, family))
    assert all((a != b).sum() == 1 for a, b in zip(vectors[::2], vectors[1::2], strict=True))


def test_a_design_of_ones_own_is_a_function(family):
    """It sees the sources, what was queried before, and how many probes are wanted."""
    sources, ledger = family.known("rain-1", "sun-2"), family.tasks["sun-1"].ledger(9)
    ledger.query_many(ledger.space.from_index([7]))

    def first_ones(ask):
        assert [source.name for source in ask.sources] == ["rain-1", "sun-2"]
        assert (ask.count, ask.taken.tolist(), ask.table.shape) == (3, [7], (2, 4096))
        return np.arange(ask.count)

    estimator = RankCorrelation()
    estimator.design = first_ones
    estimator.probe(sources, ledger, np.random.default_rng(0), 3)
    assert ledger.space.index(ledger.vectors()).tolist() == [7, 0, 1, 2]


def test_wrong_arguments(table, family):
    with pytest.raises(UnknownNameError, match="mixed"):
        get_design("mixd")
    with pytest.raises(UnknownNameError, match="mixed"):
        query_probes("mixd", table, family.tasks["sun-1"].ledger(3), np.random.default_rng(0), 1)
    with pytest.raises(InvalidArgumentError, match="queries is -1"):
        query_probes("top", table, family.tasks["sun-1"].ledger(3), np.random.default_rng(0), -1)
