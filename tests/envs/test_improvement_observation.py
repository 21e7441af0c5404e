"""What the improvement environment shows: order alone, and the history of the episode."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from rlnas.envs import ImprovementConfig, ImprovementCore, TableScorer
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Metric, TabularTask

SPACE = CellSpace("small", [(0, 1), (0, 2), (1, 2), (2, 3)], ["none", "skip", "conv"], none="none")
INCREASING = {
    "affine": lambda x: 1e3 * x - 5e4,
    "exponential": np.exp,
    "cube": lambda x: x**3,
    "logistic": lambda x: 1 / (1 + np.exp(-x / 4)),
    "ranks": lambda x: np.searchsorted(np.unique(x), x).astype(float),
}


def core_of(scores, space=SPACE, normaliser="identity", **knobs):
    task = TabularTask("t", space, scores, Metric(name="m"))
    return ImprovementCore(TableScorer(task, normaliser), ImprovementConfig(**knobs))


def observations(core, seed, steps=8):
    rng = np.random.default_rng(seed)
    state = core.reset(3, rng)
    seen = [core.observe(state)]
    for _ in range(steps):
        state, *_ = core.step(state, rng.integers(core.layout.actions, size=3))
        seen.append(core.observe(state))
    return np.array(seen)


@given(
    scores=st.lists(st.integers(-12, 12), min_size=SPACE.size, max_size=SPACE.size),
    transform=st.sampled_from(sorted(INCREASING)),
    seed=st.integers(0, 1000),
)
def test_observations_are_ordinal(scores, transform, seed):
    raw = np.array(scores, dtype=float)
    moved = INCREASING[transform](raw)
    np.testing.assert_array_equal(
        observations(core_of(raw), seed), observations(core_of(moved), seed)
    )


@given(
    seed=st.integers(0, 1000),
    normaliser=st.sampled_from(["log-rank", "rank-gaussian", "min-max", "z-score"]),
)
@settings(max_examples=20)
def test_the_normaliser_does_not_enter_observations(seed, normaliser):
    scores = np.random.default_rng(seed).integers(0, 9, size=SPACE.size).astype(float)
    np.testing.assert_array_equal(
        observations(core_of(scores), seed),
        observations(core_of(scores, normaliser=normaliser), seed),
    )


def test_a_decreasing_transformation_does_change_observations():
    scores = np.random.default_rng(0).normal(size=SPACE.size)
    assert not np.array_equal(observations(core_of(scores), 0), observations(core_of(-scores), 0))


@pytest.mark.parametrize("backtrack", [0, None])
@pytest.mark.parametrize("name", ["transnas-micro", "transnas-macro"])
def test_history_against_brute_force(name, backtrack, landscape):
    """Compare with a walk over next_index that remembers every architecture of the episode."""
    space = get_space(name)
    task = landscape(space)
    core = ImprovementCore(TableScorer(task, "identity"), ImprovementConfig(backtrack=backtrack))
    layout, rng, n = core.layout, np.random.default_rng(0), 8
    state = core.reset(n, rng)
    current = space.index(state.vectors)
    memory = [{int(i): task.scores[i]} for i in current]
    for _ in range(core.config.horizon):
        mask = core.mask(state)
        known = core.observe(state)[:, layout.seen] > 0
        # Going back to what is known half of the time makes episodes with rich histories.
        weights = np.where(mask[:, :-1] & known, 2.0 * rng.random(known.shape), 0)
        weights += mask[:, :-1] * rng.random(known.shape)
        actions = weights.argmax(axis=1)
        state, *_ = core.step(state, actions)
        tried = space.next_index[current, actions]
        for i in range(n):
            memory[i][int(tried[i])] = task.scores[tried[i]]
        worse = (task.scores[tried] < task.scores[current]) & (backtrack == 0)
        current = np.where(worse, current, tried)
        obs = core.observe(state)
        for i in range(n):
            seen, gain = np.zeros(layout.grid), np.zeros(layout.grid)
            for action in range(space.num_actions):
                to = int(space.next_index[current[i], action])
                if to != current[i] and to in memory[i]:
                    seen[action] = 1
                    gain[action] = np.sign(memory[i][to] - task.scores[current[i]])
            np.testing.assert_array_equal(obs[i, layout.seen], seen)
            np.testing.assert_array_equal(obs[i, layout.gain], gain)
    assert obs[:, layout.seen].sum() > n


def test_scalars_against_brute_force():
    scores = np.random.default_rng(1).integers(0, 6, size=SPACE.size).astype(float)
    core = core_of(scores, horizon=10, backtrack=None)
    rng = np.random.default_rng(0)
    state = core.reset(5, rng)
    paths = [[s] for s in state.scores]
    for step in range(1, 11):
        state, *_ = core.step(state, rng.integers(core.layout.actions, size=5))
        got = core.observe(state)[:, core.layout.scalars]
        for i, path in enumerate(paths):
            path.append(state.scores[i])
            now, before = path[-1], np.array(path)
            below, above = (before < now).sum(), (before > now).sum()
            rank = below / (below + above) if below + above else 1.0
            since = int((before == before.max())[::-1].argmax())
            expected = [1 - step / 10, rank, now == max(path), np.sign(now - path[-2]), since / 10]
            np.testing.assert_allclose(got[i], expected, atol=1e-6)


def test_without_history_the_blocks_are_absent():
    scores = np.arange(SPACE.size, dtype=float)
    long, short = core_of(scores), core_of(scores, history=False)
    assert long.layout.size - short.layout.size == 2 * long.layout.grid
    assert short.layout.seen == slice(short.layout.size, short.layout.size)
    np.testing.assert_array_equal(
        observations(long, 0)[..., : short.layout.size], observations(short, 0)
    )
