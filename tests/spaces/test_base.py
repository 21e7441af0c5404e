"""Properties that hold in every space: strings, indices, edits, mutations, masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
def test_parse_undoes_format(space, seed):
    vector = space.sample(1, np.random.default_rng(seed))[0]
    text = space.format(vector)
    assert space.parse(text).tolist() == vector.tolist()
    assert space.parse(f"  {text}\n").tolist() == vector.tolist()


def test_strings_of_all_architectures_differ_and_parse(indexable_space):
    space = indexable_space
    texts = [space.format(vector) for vector in space.arrays]
    assert len(set(texts)) == space.size
    parsed = np.array([space.parse(text) for text in texts])
    assert (parsed == space.arrays).all()


def test_index_undoes_from_index(indexable_space):
    everything = np.arange(indexable_space.size)
    vectors = indexable_space.from_index(everything)
    assert (indexable_space.index(vectors) == everything).all()
    assert (np.diff(indexable_space.arrays @ powers(indexable_space)) > 0).all()


def powers(space):
    return space.num_operations ** np.arange(space.num_positions)[::-1]


@given(data=st.data(), seed=seeds)
def test_edit_changes_at_most_the_named_position(space, data, seed):
    vector = space.sample(1, np.random.default_rng(seed))
    action = data.draw(st.integers(0, space.num_actions - 1))
    edited = space.edit(vector, [action])
    position, operation = divmod(action, space.num_operations)
    assert set(np.flatnonzero(edited[0] != vector[0])) <= {position}
    assert space.is_valid(edited)[0]
    assert edited[0, position] in (operation, vector[0, position])


@given(data=st.data(), seed=seeds)
def test_every_edit_can_be_taken_back(space, data, seed):
    vector = space.sample(1, np.random.default_rng(seed))
    action = data.draw(st.sampled_from(np.flatnonzero(space.action_mask(vector)[0]).tolist()))
    position = action // space.num_operations
    back = position * space.num_operations + int(vector[0, position])
    edited = space.edit(vector, [action])
    assert (edited != vector).any()
    assert (space.edit(edited, [back]) == vector).all()


@given(data=st.data())
def test_next_index_follows_edit_along_a_walk(indexable_space, data):
    space = indexable_space
    row = data.draw(st.integers(0, space.size - 1))
    vector = space.from_index([row])
    for action in data.draw(st.lists(st.integers(0, space.num_actions - 1), max_size=12)):
        row = int(space.next_index[row, action])
        vector = space.edit(vector, [action])
        assert int(space.index(vector)[0]) == row


def test_next_index_stays_exactly_where_the_mask_forbids(indexable_space):
    space = indexable_space
    stays = space.next_index == np.arange(space.size)[:, None]
    assert (stays == ~space.legal).all()


def test_mask_agrees_with_trying_every_edit(space):
    rng = np.random.default_rng(1)
    batch = space.sample(40, rng)
    mask = space.action_mask(batch)
    for row, vector in enumerate(batch):
        for action in range(space.num_actions):
            position, operation = divmod(action, space.num_operations)
            wanted = vector.copy()
            wanted[position] = operation
            try:
                space.check(wanted)
            except InvalidArchitectureError:
                legal = False
            else:
                legal = bool((wanted != vector).any())
            assert mask[row, action] == legal


def test_batched_edits_equal_single_edits(space):
    rng = np.random.default_rng(2)
    batch = space.sample(50, rng)
    actions = rng.integers(space.num_actions, size=50)
    singly = [space.edit(v[None], [a])[0] for v, a in zip(batch, actions, strict=True)]
    assert (space.edit(batch, actions) == singly).all()


@given(seed=seeds)
def test_mutation_is_one_legal_edit(space, seed):
    rng = np.random.default_rng(seed)
    batch = space.sample(8, rng)
    children = space.mutate(batch, rng)
    assert ((children != batch).sum(axis=1) == 1).all()
    assert space.is_valid(children).all()


def test_mutation_is_uniform_over_legal_edits(space):
    rng = np.random.default_rng(3)
    parent = space.sample(1, rng)
    legal = int(space.action_mask(parent).sum())
    draws = 400 * legal
    children = space.mutate(np.repeat(parent, draws, axis=0), rng)
    _, counts = np.unique(children, axis=0, return_counts=True)
    assert len(counts) == legal
    statistic = ((counts - 400) ** 2 / 400).sum()
    # Chi-squared with legal−1 degrees of freedom: mean legal−1, variance 2(legal−1).
    assert statistic < (legal - 1) + 5 * np.sqrt(2 * (legal - 1)) + 5


def test_sampling_is_uniform(indexable_space):
    space = indexable_space
    draws = space.sample(20_000, np.random.default_rng(4))
    for position in range(space.num_positions):
        expected = np.bincount(space.arrays[:, position], minlength=space.num_operations)
        seen = np.bincount(draws[:, position], minlength=space.num_operations)
        assert np.abs(seen / 20_000 - expected / space.size).max() < 0.02


@pytest.mark.parametrize("action", [-1, "num_actions"])
def test_actions_out_of_range_are_refused(space, action):
    value = space.num_actions if action == "num_actions" else action
    with pytest.raises(InvalidArgumentError, match="actions 0…"):
        space.edit(space.sample(1, np.random.default_rng(0)), [value])


def test_the_mask_of_an_indexable_space_does_not_depend_on_its_tables(indexable_space):
    batch = indexable_space.sample(30, np.random.default_rng(5))
    computed = indexable_space._compute_mask(batch)
    assert indexable_space.legal.shape == (indexable_space.size, indexable_space.num_actions)
    assert (indexable_space.action_mask(batch) == computed).all()


def test_tables_cannot_be_written(indexable_space):
    for table in ("arrays", "legal", "next_index", "canonical_index"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(indexable_space, table)[0] = 0
