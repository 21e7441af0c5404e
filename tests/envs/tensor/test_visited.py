"""Bit sets of visited architectures are sets."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from rlnas.envs.tensor.visited import add_visited, bit_places, empty_visited, write_visited


def is_visited(visited, index):
    """Return 0 or 1 ``(rows, n)``, as floats like an observation."""
    seen = torch.full(index.shape, torch.nan)
    write_visited(visited, bit_places(index), seen)
    return seen


@given(
    size=st.integers(1, 130),
    rows=st.integers(1, 4),
    seed=st.integers(0, 2**31),
    count=st.integers(0, 60),
)
def test_bit_sets_are_sets(size, rows, seed, count):
    generator = torch.Generator().manual_seed(seed)
    sets, visited = [set() for _ in range(rows)], empty_visited(rows, size)
    everything = torch.arange(size + 1, dtype=torch.int32).repeat(rows, 1)
    for _ in range(count):
        index = torch.randint(size, (rows,), generator=generator)
        add_visited(visited, index)
        for own, i in zip(sets, index.tolist(), strict=True):
            own.add(i)
    seen = is_visited(visited, everything)
    assert seen.shape == (rows, size + 1)
    for own, row in zip(sets, seen.tolist(), strict=True):
        assert set(row) <= {0, 1}
        assert {i for i, bit in enumerate(row) if bit} == own


def test_every_bit_of_a_word_is_its_own():
    visited = empty_visited(64, 64)
    add_visited(visited, torch.arange(64))
    seen = is_visited(visited, torch.arange(65, dtype=torch.int32).repeat(64, 1))
    assert torch.equal(seen[:, :64], torch.eye(64))
    assert not seen[:, 64].any()  # the one that stands for an illegal edit


def test_adding_twice_changes_nothing():
    visited = empty_visited(2, 40)
    add_visited(visited, torch.tensor([31, 39]))
    before = visited.clone()
    add_visited(visited, torch.tensor([31, 39]))
    assert torch.equal(visited, before)
