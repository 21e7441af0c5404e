"""The genetic algorithm: its operators, and that it climbs."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.search.genetic import GeneticSearch, one_point, rank_chances
from rlnas.spaces import ScheduleSpace, get_space
from rlnas.tasks import make_task


def test_chances_follow_ranks():
    assert rank_chances(np.array([-5.0, 100.0, 0.0])).tolist() == [1 / 6, 3 / 6, 2 / 6]


def test_crossover_swaps_the_tails():
    pair = np.array([[0] * 6, [1] * 6], dtype=np.int8)
    points = set()
    for seed in range(40):
        first, second = one_point(pair, np.random.default_rng(seed))
        assert (first + second == 1).all()
        point = int((first == 0).sum())
        assert (first[:point] == 0).all()
        points.add(point)
    assert points == {1, 2, 3, 4, 5}


def test_it_climbs(landscape):
    """On a sum over positions a generation is better than the first, and than random search."""
    space = get_space("transnas-micro")
    found = {}
    for name in ("genetic", "random"):
        gains = [
            get_searcher(name).search(landscape(space, seed, noise=0.0), 60, seed=seed).best.score
            for seed in range(12)
        ]
        found[name] = np.mean(gains)
    assert found["genetic"] > found["random"]


def test_the_elite_survives_without_another_query(landscape):
    result = GeneticSearch(population=4, elite=3).search(
        landscape(get_space("transnas-micro")), 13, seed=0
    )
    # Four first, then one a generation: parents are of all good members, so scores go up.
    scores = result.scores
    assert len(scores) == 13
    assert scores[4:].mean() > scores[:4].mean()


def test_large_spaces_and_failures():
    space = ScheduleSpace(knots=2)

    def evaluate(text):
        if text.startswith("group"):
            raise ValueError("no")
        return -sum(float(level) for part in text.split("_") for level in part.split("-")[1:])

    result = GeneticSearch().search(make_task(space, evaluate), 40, seed=1)
    assert len(result.records) == 40
    best = np.nanmax(result.scores)
    assert best > np.nanmax(result.scores[:6])


@pytest.mark.parametrize("options", [{"population": 1}, {"elite": 6}, {"mutations": -1}])
def test_options_out_of_range(options):
    with pytest.raises(InvalidArgumentError):
        GeneticSearch(**options)
