"""Transitions, masks and rewards of the improvement core."""

import tracemalloc

import numpy as np
import pytest

from rlnas.envs import ImprovementConfig, ImprovementCore, LedgerScorer, RunningTransform
from rlnas.errors import BudgetExhaustedError, InvalidArgumentError
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task

SPACES = ("transnas-micro", "transnas-macro", "nasbench-201")


def rollout(core, policy, n=16, seed=0, steps=None):
    """Return the states and rewards of one batch of episodes."""
    rng = np.random.default_rng(seed)
    states, rewards = [core.reset(n, rng)], []
    for _ in range(steps or core.config.horizon):
        after, reward, ended = core.step(states[-1], policy(core.mask(states[-1]), rng))
        states.append(after)
        rewards.append(reward)
    assert ended.all() or steps
    return states, np.array(rewards)


@pytest.mark.parametrize("name", SPACES)
def test_mask_says_which_actions_move(name, landscape, improvement):
    space = get_space(name)
    core = improvement(landscape(space), allow_stop=False, backtrack=None)
    state = core.reset(12, np.random.default_rng(0))
    mask = core.mask(state)
    assert not mask[:, core.stop].any()
    for action in range(core.layout.actions):
        after, rewards, _ = core.step(state, np.full(12, action))
        moved = (after.vectors != state.vectors).any(axis=1)
        np.testing.assert_array_equal(moved, mask[:, action])
        assert space.is_valid(after.vectors).all()
        assert (rewards[~moved] == 0).all()
        if action < space.num_actions:
            expected = space.next_index[space.index(state.vectors), action]
            np.testing.assert_array_equal(space.index(after.vectors), expected)


def test_an_illegal_action_stays_but_takes_a_step(improvement):
    core = improvement(step_penalty=0.25)
    state = core.reset(5, np.random.default_rng(0))
    same = state.vectors[:, 2] + 2 * core.space.num_operations  # sets what is there already
    after, rewards, ended = core.step(state, same.astype(np.int64))
    np.testing.assert_array_equal(after.vectors, state.vectors)
    np.testing.assert_array_equal(after.scores, state.scores)
    np.testing.assert_array_equal(after.steps, 1)
    np.testing.assert_array_equal(rewards, -0.25)
    assert not ended.any()


def test_stop_ends_only_where_it_is_allowed(improvement):
    for allowed in (True, False):
        core = improvement(allow_stop=allowed)
        state = core.reset(4, np.random.default_rng(0))
        assert core.mask(state)[:, core.stop].all() == allowed
        after, rewards, ended = core.step(state, np.array([core.stop, 0, core.stop, 7]))
        np.testing.assert_array_equal(after.vectors[[0, 2]], state.vectors[[0, 2]])
        np.testing.assert_array_equal(rewards[[0, 2]], 0.0)
        np.testing.assert_array_equal(ended, [allowed, False, allowed, False])


@pytest.mark.parametrize("horizon", [1, 2, 7])
def test_the_horizon_ends_every_episode(horizon, improvement, random_policy):
    core = improvement(horizon=horizon)
    rng = np.random.default_rng(0)
    state = core.reset(3, rng)
    for step in range(1, horizon + 1):
        state, _, ended = core.step(state, random_policy(core.mask(state), rng))
        assert (ended == (step == horizon)).all()


def test_an_action_out_of_range_is_refused(improvement):
    core = improvement()
    state = core.reset(1, np.random.default_rng(0))
    with pytest.raises(InvalidArgumentError, match="0…23"):
        core.step(state, np.array([25]))
    with pytest.raises(InvalidArgumentError, match="0…23"):
        core.step(state, np.array([-1]))


@pytest.mark.parametrize("normaliser", ["log-rank", "rank-gaussian", "min-max", "identity"])
def test_difference_rewards_telescope(normaliser, improvement, random_policy):
    for backtrack in (None, 0, 1):
        core = improvement(normaliser=normaliser, backtrack=backtrack)
        states, rewards = rollout(core, random_policy)
        change = states[-1].scores - states[0].scores
        np.testing.assert_allclose(rewards.sum(axis=0), change, atol=1e-9)
        assert (rewards < 0).any() == (backtrack != 0)
        assert (rewards > 0).any()


@pytest.mark.parametrize("backtrack", [0, 1, 3])
def test_backtracking_to_the_best(backtrack, improvement, random_policy):
    """After too many steps below its best an episode returns there; each trial is remembered."""
    core, rng = improvement(backtrack=backtrack), np.random.default_rng(0)
    free = improvement(backtrack=None)
    state, returned = core.reset(16, rng), 0
    home, below = state.vectors.copy(), np.zeros(16, dtype=int)
    for step in range(1, core.config.horizon + 1):
        actions = random_policy(core.mask(state), rng)
        tried, _, _ = free.step(state, actions)
        after, _, _ = core.step(state, actions)
        for i in range(16):
            best = state.best[i]
            if tried.scores[i] >= best:
                home[i], below[i] = tried.vectors[i], 0
            else:
                below[i] += 1
            back = below[i] > backtrack
            below[i] = 0 if back else below[i]
            returned += back
            np.testing.assert_array_equal(after.vectors[i], home[i] if back else tried.vectors[i])
            assert after.scores[i] == (best if back else tried.scores[i])
            assert after.best[i] == max(best, tried.scores[i])
        np.testing.assert_array_equal(after.stale, below)
        np.testing.assert_array_equal(after.visited[:, step], tried.vectors)
        np.testing.assert_array_equal(after.visited_scores[:, step], tried.scores)
        np.testing.assert_array_equal(after.trend, np.sign(tried.scores - state.scores))
        state = after
    assert returned > 16


@pytest.mark.parametrize("backtrack", [-1, -5])
def test_backtrack_must_not_be_negative(backtrack, improvement):
    with pytest.raises(InvalidArgumentError, match="backtrack"):
        improvement(backtrack=backtrack)


def test_improvement_rewards_pay_only_new_bests(improvement, random_policy):
    core = improvement(reward="improvement", backtrack=None)
    states, rewards = rollout(core, random_policy)
    path = np.array([s.scores for s in states])
    best = np.maximum.accumulate(path, axis=0)
    np.testing.assert_allclose(rewards, np.diff(best, axis=0), atol=1e-12)
    assert (rewards >= 0).all()
    assert (rewards == 0).any()


def test_exponent_and_penalty_shape_the_reward(improvement, random_policy):
    _, plain = rollout(improvement(), random_policy)
    _, shaped = rollout(improvement(exponent=0.478, step_penalty=0.1), random_policy)
    np.testing.assert_allclose(shaped, np.sign(plain) * np.abs(plain) ** 0.478 - 0.1)


def test_a_chosen_start(improvement):
    core = improvement()
    start = core.space.from_index([7, 4000])
    state = core.reset(2, np.random.default_rng(0), start)
    np.testing.assert_array_equal(state.vectors, start)
    np.testing.assert_array_equal(state.scores, core.scorer.table[[7, 4000]])
    start[:] = 0  # the core keeps a copy
    assert state.vectors.any()


def test_starts_cover_the_space(improvement):
    core = improvement()
    state = core.reset(20_000, np.random.default_rng(0))
    share = np.stack([(state.vectors == o).mean(axis=0) for o in range(4)])
    np.testing.assert_allclose(share, 0.25, atol=0.02)


def ledger_core(space, queries, **knobs):
    task = make_task(
        space, lambda v: float(np.sin(v * np.arange(1, len(v) + 1)).sum()), pass_as="vector"
    )
    ledger = task.ledger(queries)
    scorer = LedgerScorer(ledger, RunningTransform("rank-gaussian"))
    return ledger, ImprovementCore(scorer, ImprovementConfig(**knobs))


def test_a_space_too_large_to_index(large_space, random_policy):
    ledger, core = ledger_core(large_space, 40)
    assert not large_space.indexable
    assert core.layout.actions == 40 * 6 + 1
    steps = []

    def walk():
        rng = np.random.default_rng(0)
        state, ended = core.reset(1, rng), [False]
        while True:
            obs = core.observe(state)
            assert obs.shape == (1, core.layout.size)
            assert np.abs(obs).max() <= 1
            state, _, ended = core.step(state, random_policy(core.mask(state), rng))
            steps.append(ended[0])
            if ended[0]:
                state = core.reset(1, rng)

    with pytest.raises(BudgetExhaustedError):
        walk()
    assert ledger.queries == 40
    assert len(steps) + sum(steps) >= 39


def test_memory_of_a_state_does_not_grow_with_the_space():
    def peak(operations):
        edges = [(0, i) for i in range(1, 9)]
        space = CellSpace("s", edges, [f"o{i}" for i in range(operations)])
        _, core = ledger_core(space, 100)
        tracemalloc.start()
        state = core.reset(4, np.random.default_rng(0))
        for action in range(4):
            state, *_ = core.step(state, np.full(4, action))
            core.observe(state)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return space.size, used

    (small, little), (large, much) = peak(4), peak(12)
    assert large / small > 6000  # 65,536 architectures, indexable, against 430 million, not
    assert much < 2 * little + 200_000
    assert much < 1_000_000
