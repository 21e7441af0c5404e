"""Searchers with several queries in flight: what they ask, and that one in flight changes nothing.

The digests were recorded before searchers could have several queries in flight.
"""

import hashlib
import math

import numpy as np
import pytest

from rlnas.search import RegularisedEvolution, get_searcher, searcher_names
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Budget, Evaluation, Metric, Task
from rlnas.testing import check_exhaustion, check_searcher

MICRO = get_space("transnas-micro")
TINY = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)
LARGE = CellSpace(
    "large",
    [(i, j) for j in range(1, 10) for i in range(j)][:40],
    ["none", "skip", "conv1x1", "conv3x3", "conv5x5", "pool"],
    none="none",
    identity="skip",
)
BUDGETS = {"queries": Budget(40), "cost": Budget(cost=60.0)}


class Rugged:
    """Scores that leave every searcher something to climb; a fourth of the evaluations fail."""

    metric = Metric(name="rugged")

    def evaluate(self, architecture):
        weights = np.arange(1, len(architecture) + 1) * 7
        number = int(architecture.astype(int) @ weights % 23)
        if number % 5 == 0:
            raise RuntimeError("lost")
        return Evaluation(math.nan if number == 11 else float(number), cost=1.0 + number % 3)


class Several(Rugged):
    """The same, several at once; it keeps what it was handed."""

    def __init__(self, in_flight):
        self.in_flight = in_flight
        self.batches = []

    def evaluate_many(self, architectures):
        self.batches.append(architectures)
        for architecture in architectures:
            try:
                yield self.evaluate(architecture)
            except RuntimeError as error:
                yield Evaluation(math.nan, error=str(error))


class Smooth(Several):
    """More is better, and no two are equal; several at once."""

    def evaluate(self, architecture):
        return Evaluation(float(architecture @ 4 ** np.arange(len(architecture))), cost=1.0)


CASES = [
    (name, tuple(options.items()), space.name, canonical_free, budget)
    for name, options in (
        ("random", {}),
        ("local", {}),
        ("local", {"improvement": "best"}),
        ("regularised-evolution", {}),
        ("regularised-evolution", {"population": 25, "sample": 2, "with_replacement": True}),
        ("regularised-evolution", {"population": 2, "sample": 2}),
    )
    for space, canonical_free, budget in (
        (MICRO, False, "queries"),
        (MICRO, True, "cost"),
        (TINY, False, "queries"),
        (LARGE, False, "cost"),
        (LARGE, True, "queries"),
    )
]


def digest(name, options, space_name, canonical_free, budget):
    """Return a digest of the queries of three searches."""
    space = {space.name: space for space in (MICRO, TINY, LARGE)}[space_name]
    text = hashlib.sha256()
    for seed in range(3):
        searcher = get_searcher(name, **dict(options))
        task = Task("t", space, Rugged())
        result = searcher.search(task, BUDGETS[budget], seed, canonical_free=canonical_free)
        text.update("\n".join(r.architecture for r in result.records).encode() + b"\0")
    return text.hexdigest()[:12]


# fmt: off
RECORDED = (  # a row for each searcher of CASES
    "a6648bd52879", "e2d7b97ff359", "042a8ac1605e", "13bd341f8e7e", "822b7758bd19",
    "37fce4cdeded", "c525c79ba41b", "a665d584faf9", "6a61fe31ec29", "cc9012a0c429",
    "df71d662feca", "6e35635638e8", "f83ace9d404b", "e84db639a2f1", "a6ac20d62ee1",
    "00222a8a4820", "21e92a4bab36", "d11fb4058160", "970c3ceba3a3", "b13fb6ba446d",
    "ed6382e4766e", "bd23aa5bb102", "9b38dc9f7929", "b628f9d2af91", "5ebcefdb899c",
    "db84ba54fc19", "7eefe26ae1fb", "33a8d37683af", "da2ed60c498e", "189d05932d53",
)
# fmt: on


@pytest.mark.parametrize(
    ("case", "recorded"),
    [*zip(CASES, RECORDED, strict=True)],
    ids=lambda v: v[0] if v in CASES else v,
)
def test_one_in_flight_asks_what_was_always_asked(case, recorded):
    assert digest(*case) == recorded


@pytest.mark.parametrize("canonical_free", [False, True])
@pytest.mark.parametrize("space", [MICRO, TINY, LARGE], ids=lambda space: space.name)
def test_random_search_asks_the_same_whatever_is_in_flight(space, canonical_free):
    runs = [
        get_searcher("random")
        .search(Task("t", space, objective), 25, 3, canonical_free=canonical_free)
        .records
        for objective in (Rugged(), Several(4), Several(100))
    ]
    asked = [[r.architecture for r in run] for run in runs]
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize("canonical_free", [False, True])
def test_many_are_drawn_as_single_draws_would_bring_them(canonical_free):
    drawn = []
    for count in (1, 5):
        ledger = Task("t", TINY, Rugged()).ledger(TINY.size, canonical_free=canonical_free)
        sampler = UnseenSampler(ledger, np.random.default_rng(0))
        while some := sampler.draw_many(count):
            assert len(some) <= count
            assert [v.tolist() for v in some] == [v.tolist() for v in sampler.draw_many(count)]
            ledger.query_many(some)
        drawn.append(ledger.vectors().tolist())
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == (len(set(TINY.canonical_index)) if canonical_free else TINY.size)


class TestEvolution:
    def search(self, in_flight, budget=60, **options):
        objective = Smooth(in_flight)
        searcher = RegularisedEvolution(**options)
        return objective, searcher.search(Task("t", MICRO, objective), budget, seed=2)

    def test_the_population_is_asked_together_and_then_children_by_the_round(self):
        objective, _ = self.search(4, budget=30, population=12)
        sizes = [len(batch) for batch in objective.batches]
        assert sizes[0] == 12
        assert max(sizes[1:]) == 4
        assert sum(sizes) == 30

    def test_parents_are_members_of_the_population_as_it_stood(self):
        """With the whole population as sample, all of a round are children of one parent."""
        objective, result = self.search(5, population=8, sample=8)
        begun = 8
        for batch in objective.batches[1:]:
            children = np.array(batch)
            before = np.array([r.vector for r in result.records[:begun]])
            edits = (children[:, None] != before[None]).sum(axis=2)
            assert (edits == 1).all(axis=0).any(), "one of those asked before is parent of all"
            begun += len(batch)
        assert begun == 60

    def test_a_round_is_cut_to_the_budget(self):
        _, result = self.search(7, budget=23, population=10)
        assert len(result.records) == 23

    def test_more_in_flight_is_another_search(self):
        asked = [[r.architecture for r in self.search(n)[1].records] for n in (1, 2)]
        assert asked[0][:10] == asked[1][:10]
        assert asked[0] != asked[1]


class TestLocal:
    def test_first_moves_to_the_best_of_those_asked_together(self):
        objective = Smooth(6)
        result = get_searcher("local").search(Task("t", MICRO, objective), 60, seed=0)
        current, moves = result.records[0].vector, 0
        for batch in objective.batches:
            edits = [int((a != current).sum()) for a in batch]
            assert edits == [1] * len(batch), "all are neighbours of where the climb stands"
            best = max(batch, key=lambda a: objective.evaluate(a).score)
            if objective.evaluate(best).score > objective.evaluate(current).score:
                current, moves = best, moves + 1
            if current.sum() == 3 * len(current):
                break
        assert moves >= 3

    def test_best_moves_where_it_moves_with_one_in_flight(self):
        runs = [
            get_searcher("local", improvement="best").search(Task("t", MICRO, objective), 80, 1)
            for objective in (Rugged(), Several(5))
        ]
        asked = [[r.architecture for r in run.records] for run in runs]
        assert asked[0] == asked[1]


@pytest.mark.parametrize("name", searcher_names())
class TestEverySearcher:
    def test_it_keeps_the_contract(self, name):
        check_searcher(lambda: get_searcher(name), Task("t", MICRO, Smooth(4)))
        check_exhaustion(lambda: get_searcher(name))

    def test_it_asks_all_of_a_small_space(self, name):
        for canonical_free in (False, True):
            task = Task("t", TINY, Several(5))
            result = get_searcher(name).search(task, 500, 0, canonical_free=canonical_free)
            classes = len(set(TINY.canonical_index)) if canonical_free else TINY.size
            assert len(result.records) == classes

    def test_the_result_states_what_was_in_flight(self, name):
        several = get_searcher(name).search(Task("t", MICRO, Smooth(4)), 6)
        single = get_searcher(name).search(Task("t", MICRO, Smooth(1)), 6)
        assert several.options["in_flight"] == 4
        assert "in_flight" not in single.options
