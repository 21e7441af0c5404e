"""Lists ask from the top, break ties by the seed, and skip what is known."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import CellSpace
from rlnas.tasks import make_task
from rlnas.testing import check_exhaustion, check_no_leakage, check_searcher
from rlnas.transfer.controls.listed import ListSearcher


class LastOperations(ListSearcher):
    """By the number of times that the last operation stands in a cell."""

    name = "last-operations"

    def values(self, space):
        counts = (space.arrays == space.num_operations - 1).sum(axis=1).astype(float)
        counts[0] = np.nan
        return counts


SPACE = CellSpace("three", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none")


def asked(seed, budget=27):
    task = make_task(SPACE, lambda text: 1.0)
    return [r.vector for r in LastOperations().search(task, budget, seed).records]


def test_the_largest_come_first_and_nan_last():
    counts = [int((vector == 2).sum()) for vector in asked(0)]
    assert counts == sorted(counts, reverse=True)
    assert SPACE.index(asked(0)[-1:])[0] == 0


def test_the_seed_decides_among_equals_only():
    first, second = (SPACE.index(asked(seed)).tolist() for seed in (0, 1))
    assert first[0] == second[0]  # one cell alone has three
    assert first != second
    assert sorted(first[1:7]) == sorted(second[1:7])


def test_lists_are_searchers(landscape):
    task = landscape(SPACE)
    check_searcher(LastOperations, task, budget=9)
    check_exhaustion(LastOperations)
    check_no_leakage(LastOperations, task, 9)


def test_what_cannot_be_listed_is_said(large_space):
    with pytest.raises(InvalidArgumentError, match="too many to be listed"):
        LastOperations().search(make_task(large_space, lambda text: 1.0), 3)
