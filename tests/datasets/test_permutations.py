"""Sets of permutations that are far apart."""

import numpy as np
import pytest

from rlnas.datasets import (
    permutation_set,
)
from rlnas.errors import InvalidArgumentError


def test_permutations_are_permutations_and_far_apart():
    found = permutation_set(100)
    assert (np.sort(found, axis=1) == np.arange(9)).all()
    distances = (found[:, None] != found[None]).sum(axis=-1)[~np.eye(100, dtype=bool)]
    # A random set of 100 has pairs that share five places and more.
    assert distances.min() >= 6
    assert distances.mean() > 8


def test_nine_permutations_can_differ_everywhere():
    found = permutation_set(9)
    assert ((found[:, None] != found[None]).sum(axis=-1) + 9 * np.eye(9) == 9).all()


def test_a_larger_set_begins_with_the_smaller_and_a_seed_changes_it():
    assert np.array_equal(permutation_set(40)[:12], permutation_set(12))
    assert not np.array_equal(permutation_set(12), permutation_set(12, seed=1))
    with pytest.raises(ValueError, match="read-only"):
        permutation_set(12)[0, 0] = 3


@pytest.mark.parametrize("count", [-1, 0, 1, 362_881])
def test_an_impossible_number_of_permutations_is_refused(count):
    with pytest.raises(InvalidArgumentError, match="permutations is"):
        permutation_set(count)
