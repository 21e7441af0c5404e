"""Random's line against all draws there are, and against random search itself."""

import itertools

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.statistics.random_line import random_line


def best_ranks(scores, queries):
    """Return the rank of the best of every draw."""
    ranks = []
    for draw in itertools.combinations(scores, queries):
        known = [score for score in draw if np.isfinite(score)]
        better = np.nansum(np.asarray(scores) > max(known)) if known else len(scores) - 1
        ranks.append(1 + better)
    return np.array(ranks)


@pytest.mark.parametrize("queries", [1, 2, 3, 7, 8])
@pytest.mark.parametrize(
    "scores",
    [
        [8.0, 7, 6, 5, 4, 3, 2, 1],
        [5.0, 5, 5, 3, 3, 2, 2, 2],
        [5.0, np.nan, 5, 3, np.nan, 2, np.nan, np.nan],
        [1.0] * 8,
    ],
)
def test_it_is_the_mean_over_all_draws(scores, queries):
    line, ranks = random_line(scores, queries), best_ranks(scores, queries)
    assert line.probabilities.sum() == pytest.approx(1.0)
    assert line.rank == pytest.approx(ranks.mean())
    assert line.log_rank == pytest.approx(np.log10(ranks).mean())
    assert (np.diff(line.ranks) > 0).all()


def test_of_distinct_scores_the_mean_is_the_textbook_formula():
    for size, queries in ((4096, 50), (3256, 10), (15625, 1)):
        line = random_line(np.arange(size), queries)
        assert line.rank == pytest.approx((size + 1) / (queries + 1))


def test_random_search_ends_there(landscape):
    task = landscape(get_space("transnas-macro"))
    ranks = [
        np.log10(task.rank(RandomSearch().search(task, 20, seed).best.score)) for seed in range(200)
    ]
    line = random_line(task.ranked_scores, 20)
    assert np.mean(ranks) == pytest.approx(line.log_rank, abs=4 * np.std(ranks) / np.sqrt(200))


def test_more_draws_than_architectures_find_the_best():
    assert random_line([1.0, 2.0], 99).rank == 1.0


def test_nothing_to_draw_is_refused():
    with pytest.raises(InvalidArgumentError, match="0 scores and 3 draws"):
        random_line([np.nan], 3)
    with pytest.raises(InvalidArgumentError, match="1 scores and 0 draws"):
        random_line([1.0], 0)
