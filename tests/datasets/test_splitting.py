"""Splits keep classes in proportion and equal examples together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.datasets.splitting import draw, stratified_split
from rlnas.errors import InvalidArgumentError

SHARES = {"train": 0.7, "valid": 0.15, "test": 0.15}


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=120),
    st.integers(0, 5),
)
def test_every_example_is_in_one_split_and_no_group_in_two(pairs, seed):
    labels, groups = np.array(pairs).T
    splits = stratified_split(labels, groups, SHARES, seed=seed)
    together = np.concatenate(list(splits.values()))
    assert sorted(together) == list(range(len(pairs)))
    homes = [set(groups[chosen]) for chosen in splits.values()]
    assert sum(map(len, homes)) == len(set(groups))


@given(st.integers(3, 60), st.integers(3, 60), st.integers(0, 5))
def test_counts_follow_the_shares_class_by_class(first, second, seed):
    labels = np.repeat([0, 1], [first, second])
    splits = stratified_split(labels, np.arange(first + second), SHARES, seed=seed)
    for name, share in SHARES.items():
        for label, count in ((0, first), (1, second)):
            found = (labels[splits[name]] == label).sum()
            assert found >= 1
            assert abs(found - share * count) <= 2


def test_a_seed_gives_the_same_split_and_another_another():
    labels, groups = np.zeros(50, dtype=int), np.arange(50)
    one = stratified_split(labels, groups, SHARES, seed=1)
    assert all(
        np.array_equal(one[k], stratified_split(labels, groups, SHARES, seed=1)[k]) for k in one
    )
    assert not np.array_equal(one["test"], stratified_split(labels, groups, SHARES, seed=2)["test"])


def test_a_part_of_a_split_is_drawn_and_a_larger_part_begins_with_it():
    names = [f"{i}" for i in range(50)]

    def part(size, seed=0):
        return draw(names, size, seed=seed, split="valid", dataset="digits")

    assert sorted(part(None)) == sorted(names)
    assert part(None) != names
    assert part(30)[:8] == part(8)
    assert part(8) != part(8, seed=1)
    with pytest.raises(InvalidArgumentError, match=r"valid_size is 51.* has 50 examples"):
        part(51)
