"""The construction core: masks that never lead to a dead end, and what an illegal choice does."""

import numpy as np
import pytest

from rlnas.envs import ConstructionConfig
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space


@pytest.fixture(scope="module")
def macro(landscape):
    return landscape(get_space("transnas-macro"))


def build(core, choose, n, seed=0):
    rng = np.random.default_rng(seed)
    state = core.reset(n, rng)
    for _ in range(core.space.num_positions):
        state, rewards, ended = core.step(state, choose(core.mask(state), rng))
    assert ended.all()
    return state, rewards


def test_masked_choices_build_valid_networks_and_reach_all(macro, construction, random_policy):
    core = construction(macro)
    state, rewards = build(core, random_policy, 60_000)
    assert core.space.is_valid(state.vectors).all()
    rows = core.space.index(state.vectors)
    assert len(np.unique(rows)) == core.space.size
    np.testing.assert_array_equal(rewards, core.scorer.table[rows])


def test_the_reward_comes_last(macro, construction, random_policy):
    core = construction(macro, exponent=0.5)
    rng = np.random.default_rng(0)
    state = core.reset(50, rng)
    for position in range(5):
        state, rewards, ended = core.step(state, random_policy(core.mask(state), rng))
        assert not rewards.any()
        assert not ended.any()
        assert np.isnan(state.scores).all()
        assert (core.observe(state)[:, core.layout.scalars][:, 0] > 0).all()
        np.testing.assert_array_equal(state.steps, position + 1)
    state, rewards, ended = core.step(state, random_policy(core.mask(state), rng))
    value = core.scorer.table[core.space.index(state.vectors)]
    np.testing.assert_allclose(rewards, np.sign(value) * np.abs(value) ** 0.5)
    assert ended.all()


def test_penalise_ends_the_episode(macro, construction):
    core = construction(macro, illegal="penalise", illegal_reward=-9.0)
    state = core.reset(3, np.random.default_rng(0))
    mask = core.mask(state)
    assert not mask[0, 0]  # the first module cannot be absent
    after, rewards, ended = core.step(state, np.array([0, 1, 2]))
    np.testing.assert_array_equal(rewards, [-9.0, 0.0, 0.0])
    np.testing.assert_array_equal(ended, [True, False, False])
    assert np.isnan(after.scores).all()


def test_replace_takes_the_next_legal_operation(macro, construction):
    core = construction(macro, illegal="replace")
    state = core.reset(5, np.random.default_rng(0))
    after, rewards, ended = core.step(state, np.arange(5))
    np.testing.assert_array_equal(after.vectors[:, 0], [1, 1, 2, 3, 4])
    assert not rewards.any()
    assert not ended.any()
    state, _ = build(core, lambda mask, rng: rng.integers(5, size=len(mask)), 2000)
    assert core.space.is_valid(state.vectors).all()


def test_observation_shows_the_prefix(construction):
    core = construction()
    state = core.reset(1, np.random.default_rng(0))
    layout = core.layout
    for position, operation in enumerate([3, 0, 2]):
        state, *_ = core.step(state, np.array([operation]))
        grid = core.observe(state)[0, layout.current].reshape(6, 4)
        assert grid[position, operation] == 1
        np.testing.assert_array_equal(grid.sum(axis=1), np.arange(6) <= position)
    assert layout.actions == 4
    assert core.observe(state)[0, layout.mask].all()


def test_mistakes_are_explained():
    with pytest.raises(InvalidArgumentError, match="exponent"):
        ConstructionConfig(exponent=-1)
    with pytest.raises(InvalidArgumentError, match="illegal"):
        ConstructionConfig(illegal="ignore")
