"""The environments on a device and the NumPy cores are one environment, step for step."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rlnas.benchmarks import synthetic_suite
from rlnas.envs import ConstructionConfig, ImprovementConfig, TableScorer, make_core
from rlnas.envs.core import put, take
from rlnas.envs.tensor import TaskTables, make_tensor_environment
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Metric, TabularTask

# A space as small as that is walked over completely, so ties, returns and edges are all met.
TINY = CellSpace("tiny-tensor", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none")


def task_of(space, scores, name="made-up"):
    return TabularTask(name, space, scores, Metric(name="made-up"))


def choose_actions(mask, step, rng):
    """Return legal actions ``(R,)``, and every third step any actions."""
    if step % 3 == 2:
        return rng.integers(mask.shape[1], size=len(mask))
    return np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)


def merged(states):
    """Return one state of the states of several tasks, their rows interleaved."""
    fields = [f.name for f in dataclasses.fields(states[0])]
    values = {
        name: np.stack([getattr(s, name) for s in states], axis=1).reshape(
            -1, *getattr(states[0], name).shape[1:]
        )
        for name in fields
    }
    return dataclasses.replace(states[0], **values)


def assert_agreement(tasks, config, *, episodes=6, steps=60, seed=0):
    """Walk both environments with the same starts and actions; return how often one ended.

    Row ``r`` of the batch belongs to task ``r mod T``.
    """
    rng, count = np.random.default_rng(seed), len(tasks)
    space, rows = tasks[0].space, episodes * count
    cores = [make_core(TableScorer(task, config.normaliser), config) for task in tasks]
    tables = TaskTables(tasks, config.normaliser)
    environment = make_tensor_environment(tables, config)
    assert environment.layout == cores[0].layout
    own = [np.arange(k, rows, count) for k in range(count)]
    starts = rng.integers(space.size, size=rows)
    pairs = list(zip(cores, own, strict=True))
    state = merged([core.reset(episodes, rng, space.arrays[starts[i]]) for core, i in pairs])
    numbers = torch.arange(rows) % count
    tensors = environment.reset(numbers, torch.from_numpy(starts))
    out = torch.full((rows, environment.layout.size), torch.nan)

    def observed():
        obs = np.empty((rows, cores[0].layout.size), dtype=np.float32)
        for core, i in pairs:
            obs[i] = core.observe(take(state, i))
        return obs

    def compare(step, rows=slice(None)):
        environment.observe(tensors, out)
        np.testing.assert_allclose(
            out.numpy()[rows], observed()[rows], atol=1e-6, err_msg=f"step {step}"
        )
        np.testing.assert_allclose(tensors.scores.numpy(), state.scores, atol=1e-12)
        np.testing.assert_array_equal(tensors.steps.numpy(), state.steps)

    ends = 0
    for step in range(steps):
        compare(step)
        mask = out[:, environment.layout.mask].numpy() > 0
        actions = choose_actions(mask, step, rng)
        rewards, ended = np.empty(rows), np.empty(rows, dtype=np.bool_)
        after = []
        for core, i in pairs:
            new, rewards[i], ended[i] = core.step(take(state, i), actions[i])
            after.append(new)
        state = merged(after)
        tensors, got, over = environment.step(tensors, torch.from_numpy(actions))
        assert got.dtype == torch.float32
        np.testing.assert_allclose(got.numpy(), rewards, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(over.numpy(), ended)
        if environment.episode_length is not None:
            assert (ended == (state.steps == environment.episode_length)).all()
        # What follows an illegal choice is no architecture's beginning; nobody looks at it.
        compare(step, ~ended | ~np.isnan(state.scores))
        starts = rng.integers(space.size, size=rows)
        for k, core in enumerate(cores):
            again = own[k][ended[own[k]]]
            if len(again):
                fresh = core.reset(len(again), rng, space.arrays[starts[again]])
                state = put(state, again, fresh)
        tensors = environment.restart(tensors, torch.from_numpy(ended), torch.from_numpy(starts))
        ends += int(ended.sum())
    compare(steps)
    return ends


KNOBS = [
    {},
    {"backtrack": None},
    {"backtrack": 0},
    {"backtrack": 3, "reward": "improvement"},
    {"reward": "improvement", "allow_stop": True},
    {"allow_stop": True, "backtrack": None, "horizon": 33},
    {"exponent": 0.478, "step_penalty": 0.02},
    {"history": False, "horizon": 7},
    {"horizon": 1},
    {"normaliser": "rank-gaussian"},
]


@pytest.mark.parametrize("knobs", KNOBS, ids=str)
def test_improvement(knobs):
    suite = synthetic_suite(num_tasks=1)
    ends = assert_agreement([suite["synthetic-0"]], ImprovementConfig(**knobs), episodes=12)
    assert ends >= 12


@pytest.mark.parametrize("illegal", ["replace", "penalise"])
@pytest.mark.parametrize("knobs", [{}, {"exponent": 2.0, "illegal_reward": -3.0}], ids=str)
def test_construction(knobs, illegal):
    task = synthetic_suite(num_tasks=1)["synthetic-0"]
    config = ConstructionConfig(illegal=illegal, **knobs)
    assert assert_agreement([task], config, episodes=12) >= 100


@pytest.mark.parametrize("name", ["transnas-macro", "nasbench-201"])
@pytest.mark.parametrize(
    "config",
    [
        ImprovementConfig(),
        ImprovementConfig(backtrack=0, allow_stop=True),
        ConstructionConfig(),
        ConstructionConfig(illegal="penalise"),
    ],
    ids=str,
)
def test_other_spaces_and_several_tasks(name, config):
    suite = synthetic_suite(get_space(name), num_tasks=3)
    assert_agreement(list(suite.values()), config, episodes=5)


def test_illegal_choices_are_met_in_the_macro_space():
    """Otherwise the tests above would compare no replaced and no penalised choice."""
    space = get_space("transnas-macro")
    task = synthetic_suite(space, num_tasks=1)["synthetic-0"]
    penalised = ConstructionConfig(illegal="penalise")
    length = space.num_positions
    assert assert_agreement([task], penalised, episodes=12, steps=10 * length) > 12 * 10


@pytest.mark.parametrize("config", [ImprovementConfig(), ConstructionConfig()], ids=str)
def test_what_was_not_measured_scores_lowest(config):
    space = get_space("transnas-micro")
    scores = np.random.default_rng(0).normal(size=space.size)
    scores[::3] = np.nan
    task = task_of(space, scores)
    assert_agreement([task], config, episodes=12)
    tables = TaskTables([task], config.normaliser)
    assert (tables.scores[::3] == tables.scores.min()).all()


@pytest.mark.parametrize("config", [ImprovementConfig(), ConstructionConfig()], ids=str)
def test_large_features_are_kept_as_bytes(config, monkeypatch):
    monkeypatch.setattr("rlnas.envs.tensor.tables.FLOAT_LIMIT", 0)
    suite = synthetic_suite(num_tasks=2)
    assert TaskTables(list(suite.values()), "log-rank").features.dtype == torch.uint8
    assert_agreement(list(suite.values()), config)


improvements = st.builds(
    ImprovementConfig,
    horizon=st.integers(1, 9),
    reward=st.sampled_from(["difference", "improvement"]),
    backtrack=st.none() | st.integers(0, 4),
    exponent=st.sampled_from([0.478, 1.0, 2.0]),
    step_penalty=st.sampled_from([0.0, 0.1]),
    history=st.booleans(),
    allow_stop=st.booleans(),
)
constructions = st.builds(
    ConstructionConfig,
    exponent=st.sampled_from([0.5, 1.0, 2.0]),
    illegal=st.sampled_from(["replace", "penalise"]),
)


@settings(max_examples=25)
@given(
    config=improvements | constructions,
    levels=st.lists(st.none() | st.integers(-3, 3), min_size=TINY.size, max_size=TINY.size).filter(
        lambda scores: len({s for s in scores if s is not None}) > 1
    ),
    seed=st.integers(0, 999),
)
def test_every_configuration_on_a_tiny_space_full_of_ties(config, levels, seed):
    scores = np.array([np.nan if level is None else level for level in levels])
    tasks = [task_of(TINY, scores), task_of(TINY, -scores, "other")]
    assert_agreement(tasks, config, episodes=3, steps=30, seed=seed)


@pytest.mark.parametrize("knobs", [{}, {"allow_stop": True}, {"backtrack": None, "horizon": 7}])
def test_lists_of_what_was_visited_agree_too(knobs, monkeypatch):
    """Large spaces keep short lists instead of bits; here every space is large."""
    monkeypatch.setattr("rlnas.envs.tensor.visited.BIT_LIMIT", 0)
    tasks = [synthetic_suite(get_space("transnas-macro"))["synthetic-0"]]
    assert assert_agreement(tasks, ImprovementConfig(**knobs)) > 0
    rng = np.random.default_rng(1)
    tiny = task_of(TINY, rng.normal(size=TINY.size))
    assert assert_agreement([tiny], ImprovementConfig(**knobs)) > 0


def test_memory_of_an_episode_is_bounded_in_large_spaces():
    from rlnas.envs.tensor.visited import BIT_LIMIT, bytes_of_an_episode, visited_sets

    starts = torch.zeros(3, dtype=torch.int64)
    for size in (BIT_LIMIT, BIT_LIMIT + 1, 10**9):
        visited = visited_sets(size, 21).begin(starts)
        assert visited.nbytes == 3 * bytes_of_an_episode(size, 21)
    assert bytes_of_an_episode(BIT_LIMIT, 21) > 8_000
    assert bytes_of_an_episode(10**9, 21) == 84
