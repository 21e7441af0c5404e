"""Regularised evolution: who is a parent, who dies, what fails."""

import math

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import RegularisedEvolution
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Task, make_task

MICRO = get_space("transnas-micro")
LINE = CellSpace("line", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "b", "c"])


def distance(a, b):
    return int((a != b).sum())


class TestEvolution:
    def test_the_first_population_is_random_and_children_are_neighbours(self):
        task = make_task(MICRO, lambda text: float(text.count("3")))
        records = RegularisedEvolution(population=10, sample=3).search(task, 60, seed=0).records
        for i, record in enumerate(records[10:], start=10):
            assert any(distance(record.vector, p.vector) == 1 for p in records[:i])
        first = np.array([r.vector for r in records[:10]])
        assert len(np.unique(first, axis=0)) == 10

    def cycles(self, monkeypatch, score, **options):
        """Return (population before, parent, child) of each cycle, replayed from the mutations."""
        bred = []
        mutate = type(MICRO).mutate

        def spy(space, parents, rng):
            children = mutate(space, parents, rng)
            bred.append((tuple(parents[0].tolist()), tuple(children[0].tolist())))
            return children

        monkeypatch.setattr(type(MICRO), "mutate", spy)
        task = make_task(MICRO, score, pass_as="vector")
        records = RegularisedEvolution(**options).search(task, 120, seed=1).records
        members = [tuple(r.vector.tolist()) for r in records[: options["population"]]]
        for parent, child in bred:
            yield list(members), parent, child
            members = [*members[1:], child]  # the oldest dies, known children included

    @pytest.mark.parametrize("population", [1, 2, 10, 50])
    def test_parents_are_alive_and_the_oldest_dies(self, monkeypatch, population):
        cycles = self.cycles(
            monkeypatch, lambda v: -float(v.sum()), population=population, sample=1
        )
        for members, parent, child in cycles:
            assert parent in members
            assert sum(a != b for a, b in zip(parent, child, strict=True)) == 1

    def test_a_whole_population_as_sample_always_breeds_from_the_best(self, monkeypatch):
        cycles = self.cycles(monkeypatch, lambda v: float((v == 3).sum()), population=20, sample=20)
        for members, parent, _ in cycles:
            assert parent.count(3) == max(member.count(3) for member in members)

    def test_larger_samples_press_harder(self, monkeypatch):
        def score(vector):
            return float(vector.astype(int) @ 4 ** np.arange(6))

        def mean_quantile(sample):
            cycles = self.cycles(monkeypatch, score, population=20, sample=sample)
            return np.mean(
                [
                    np.mean([score(np.array(m)) <= score(np.array(parent)) for m in members])
                    for members, parent, _ in cycles
                ]
            )

        assert mean_quantile(1) < 0.65
        assert mean_quantile(8) > 0.8

    def test_failed_architectures_are_no_parents(self):
        """Everything with operation 3 at the front fails: no child differs from only such ones."""

        def fragile(vector):
            return math.nan if vector[0] == 3 else float(vector.sum())

        task = make_task(MICRO, fragile, pass_as="vector")
        records = RegularisedEvolution(population=5, sample=2).search(task, 80, seed=0).records
        good = [r for r in records if not r.evaluation.failed]
        start = good[4].query  # from here on the population is full
        for record in records[start:]:
            assert any(distance(record.vector, g.vector) == 1 for g in good)

    def test_it_ends_where_everything_fails(self):
        result = RegularisedEvolution().search(make_task(LINE, lambda text: 1 / 0), 500, seed=0)
        assert len(result.records) == LINE.size

    def test_a_population_larger_than_the_space(self):
        task = make_task(LINE, lambda text: 1.0)
        assert len(RegularisedEvolution(population=500).search(task, 200).records) == LINE.size

    def test_with_replacement_is_another_search(self):
        task = make_task(MICRO, lambda text: float(text.count("3")))
        runs = [
            RegularisedEvolution(with_replacement=w).search(task, 40, seed=0) for w in (False, True)
        ]
        assert runs[0].records[:10] != runs[0].records[10:20]
        asked = [[r.architecture for r in run.records] for run in runs]
        assert asked[0][:10] == asked[1][:10]
        assert asked[0] != asked[1]

    @pytest.mark.parametrize(
        "options",
        [{"population": 0}, {"sample": 0}, {"population": 3, "sample": 4}, {"population": 2.5}],
    )
    def test_wrong_options_are_refused(self, options):
        with pytest.raises(InvalidArgumentError):
            RegularisedEvolution(**options)


class TestInFlight:
    """With several queries in flight."""

    @pytest.fixture
    def search(self, smooth):
        def run(in_flight, budget=60, **options):
            objective = smooth(in_flight)
            searcher = RegularisedEvolution(**options)
            return objective, searcher.search(Task("t", MICRO, objective), budget, seed=2)

        return run

    def test_the_population_is_asked_together_and_then_children_by_the_round(self, search):
        objective, _ = search(4, budget=30, population=12)
        sizes = [len(batch) for batch in objective.batches]
        assert sizes[0] == 12
        assert max(sizes[1:]) == 4
        assert sum(sizes) == 30

    def test_parents_are_members_of_the_population_as_it_stood(self, search):
        """With the whole population as sample, all of a round are children of one parent."""
        objective, result = search(5, population=8, sample=8)
        begun = 8
        for batch in objective.batches[1:]:
            children = np.array(batch)
            before = np.array([r.vector for r in result.records[:begun]])
            edits = (children[:, None] != before[None]).sum(axis=2)
            assert (edits == 1).all(axis=0).any(), "one of those asked before is parent of all"
            begun += len(batch)
        assert begun == 60

    def test_a_round_is_cut_to_the_budget(self, search):
        _, result = search(7, budget=23, population=10)
        assert len(result.records) == 23

    def test_more_in_flight_is_another_search(self, search):
        asked = [[r.architecture for r in search(n)[1].records] for n in (1, 2)]
        assert asked[0][:10] == asked[1][:10]
        assert asked[0] != asked[1]
