"""Local search climbs step by step and restarts at local optima."""

import math

import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import LocalSearch, get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Task, make_task

MICRO = get_space("transnas-micro")
LINE = CellSpace("line", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "b", "c"])


def distance(a, b):
    return int((a != b).sum())


class TestLocal:
    def climb(self, improvement, seed=0, budget=400):
        task = make_task(MICRO, lambda vector: float((vector**2).sum()), pass_as="vector")
        return LocalSearch(improvement=improvement).search(task, budget, seed).records

    @pytest.mark.parametrize("improvement", ["first", "best"])
    def test_it_climbs_to_the_top_of_a_hill_without_restart(self, improvement):
        records = self.climb(improvement, budget=200)
        top = next(r for r in records if r.score == 54)
        path = [r for r in records if r.query <= top.query]
        for record in path[1:]:
            assert any(distance(record.vector, p.vector) == 1 for p in path if p is not record)

    def test_first_improvement_moves_at_once(self):
        records = self.climb("first", budget=40)
        current = records[0]
        for record in records[1:]:
            assert distance(record.vector, current.vector) == 1
            if record.score > current.score:
                current = record
            if current.score == 54:
                break

    def test_best_improvement_asks_the_whole_neighbourhood_first(self):
        records = self.climb("best", budget=100)
        start = records[0]
        around = records[1:19]  # 6 positions × 3 other operations
        assert all(distance(r.vector, start.vector) == 1 for r in around)
        best = max(around, key=lambda r: r.score)
        assert distance(records[19].vector, best.vector) == 1
        assert distance(records[19].vector, start.vector) == 2

    def test_it_restarts_from_a_local_optimum(self):
        """Two hills: from the lower one every step goes down."""

        def two_hills(vector):
            return max(float((vector == 0).sum()), 1.5 * float((vector == 2).sum()))

        task = make_task(LINE, two_hills, pass_as="vector")
        for seed in range(20):
            assert LocalSearch().search(task, LINE.size, seed).best.architecture == "c,c,c,c"

    def test_it_never_moves_to_equals(self):
        """On a plateau it asks the neighbours of the start, then starts elsewhere."""
        records = LocalSearch().search(make_task(LINE, lambda text: 1.0), 10, seed=0).records
        assert all(distance(r.vector, records[0].vector) == 1 for r in records[1:9])
        assert distance(records[9].vector, records[0].vector) > 1

    def test_failed_architectures_are_never_climbed_from(self):
        def only_a_fails(vector):
            return math.nan if vector[0] == 0 else float(vector.sum())

        task = make_task(LINE, only_a_fails, pass_as="vector")
        for seed in range(10):
            records = LocalSearch().search(task, LINE.size, seed).records
            assert len(records) == LINE.size

    def test_wrong_options_are_refused(self):
        with pytest.raises(InvalidArgumentError, match="'steepest'"):
            LocalSearch(improvement="steepest")


class TestInFlight:
    """With several queries in flight."""

    def test_first_moves_to_the_best_of_those_asked_together(self, smooth):
        objective = smooth(6)
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

    def test_best_moves_where_it_moves_with_one_in_flight(self, rugged, several):
        runs = [
            get_searcher("local", improvement="best").search(Task("t", MICRO, objective), 80, 1)
            for objective in (rugged(), several(5))
        ]
        asked = [[r.architecture for r in run.records] for run in runs]
        assert asked[0] == asked[1]
