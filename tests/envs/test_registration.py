"""Every registered id passes the public checkers and ours, and keeps Gymnasium's habits."""

import pickle
import warnings

import gymnasium
import numpy as np
import pytest

from rlnas.envs import environment_ids, register_environments
from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import get_space
from rlnas.testing import check_environment

GENERIC = ("rlnas/Improvement-v0", "rlnas/Construction-v0")
BUILT_IN = tuple(name for name in environment_ids() if "Rooms" in name)
REAL = tuple(name for name in environment_ids() if name not in GENERIC + BUILT_IN)
SUITES = {
    "TransNASMicro": "transnas-micro",
    "TransNASMacro": "transnas-macro",
    "NASBench201": "nasbench-201",
}


def test_there_are_ids_to_check():
    assert set(GENERIC) <= set(environment_ids())
    assert (len(BUILT_IN), len(REAL)) == (4, 6)
    register_environments()  # asking twice does nothing
    assert len({n for n in gymnasium.registry if n.startswith("rlnas/")}) == len(environment_ids())


@pytest.mark.parametrize("name", GENERIC + BUILT_IN)
def test_ids_that_need_no_table_conform(name):
    check_environment(name)


@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL)
def test_real_ids_conform(name, real_suite):
    prefix = name.removeprefix("rlnas/").removesuffix("-v0")
    prefix = prefix.removesuffix("Improvement").removesuffix("Construction")
    real_suite(SUITES[prefix])
    check_environment(name)


@pytest.mark.parametrize(
    "knobs",
    [
        {"horizon": 1},
        {"allow_stop": True, "horizon": 5},
        {"history": False},
        {"reward": "improvement", "exponent": 0.478, "step_penalty": 0.01},
        {"backtrack": None, "normaliser": "identity"},
        {"backtrack": 0},
    ],
)
def test_knobs_keep_the_contract(knobs):
    check_environment("rlnas/Improvement-v0", **knobs)


@pytest.mark.parametrize("illegal", ["penalise", "replace"])
def test_construction_conforms_where_choices_can_be_illegal(illegal, landscape, construction):
    task = landscape(get_space("transnas-macro"))
    check_environment(lambda: construction(task, illegal=illegal))


def test_dense_spaces_conform_in_both_kinds(landscape, improvement, construction):
    task = landscape(get_space("dense"))
    check_environment(lambda: improvement(task))
    check_environment(lambda: construction(task))


@pytest.mark.parametrize("name", GENERIC)
def test_spec_and_pickle(name):
    env = gymnasium.make(name, task="jigsaw")
    assert env.spec.id == name
    assert env.spec.kwargs["task"] == "jigsaw"
    first, _ = env.reset(seed=3)
    twin = pickle.loads(pickle.dumps(env))
    again, _ = gymnasium.make(env.spec).reset(seed=3)
    np.testing.assert_array_equal(first, again)
    for action in (0, 3, 2):
        for ours, theirs in zip(env.step(action), twin.step(action), strict=True):
            if isinstance(ours, dict):
                np.testing.assert_array_equal(ours["action_mask"], theirs["action_mask"])
            else:
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", GENERIC)
def test_seed_decides_everything(name, random_policy):
    def play(seed):
        env, rng, seen = gymnasium.make(name), np.random.default_rng(0), []
        obs, info = env.reset(seed=seed)
        for _ in range(2):
            ended = False
            while not ended:
                action = random_policy(info["action_mask"][None], rng)[0]
                obs, reward, ended, _, info = env.step(action)
                seen.append((obs.tobytes(), reward, info["architecture"]))
            env.reset()
        return seen

    assert play(1) == play(1)
    if "Improvement" in name:
        assert play(1) != play(2)


def test_the_start_can_be_chosen():
    env = gymnasium.make("rlnas/Improvement-v0")
    _, info = env.reset(options={"architecture": "64-41414-3_32_132"})
    assert info["architecture"] == "64-41414-3_32_132"
    with pytest.raises(InvalidArchitectureError, match="64-41414"):
        env.reset(options={"architecture": "64-41414-9_99_999"})


def test_info_and_rendering(task):
    env = gymnasium.make("rlnas/Improvement-v0", render_mode="ansi")
    _, info = env.reset(seed=0)
    assert info["architecture"] in env.render()
    assert f"{info['score']:.4f}" in env.render()
    image = gymnasium.make("rlnas/Improvement-v0", render_mode="rgb_array").unwrapped
    image.reset(options={"architecture": "64-41414-3_32_132"})
    cells = image.render()[::16, ::16, 0]
    np.testing.assert_array_equal(cells.argmax(axis=1), [3, 3, 2, 1, 3, 2])
    building = gymnasium.make("rlnas/Construction-v0", render_mode="ansi")
    _, info = building.reset(seed=0)
    assert info["score"] is None
    assert info["architecture"] is None
    assert "under construction" in building.render()


def test_mistakes_are_explained(task):
    from rlnas.envs import ImprovementEnv, ImprovementVectorEnv

    with pytest.raises(InvalidArgumentError, match="render_mode"):
        ImprovementEnv(render_mode="human")
    with pytest.raises(UnknownNameError, match="jigsaw"):
        ImprovementEnv(task="jigsow")
    with pytest.raises(InvalidArgumentError, match="num_envs"):
        ImprovementVectorEnv(0)
    with pytest.raises(InvalidArgumentError, match="render"):
        ImprovementVectorEnv(2, render_mode="ansi")
    env = ImprovementEnv(horizon=1)
    with pytest.raises(InvalidArgumentError, match="reset"):
        env.step(0)
    env.reset(seed=0)
    with pytest.raises(InvalidArgumentError, match=r"0…24"):
        env.step(25)
    env.step(0)
    with pytest.raises(InvalidArgumentError, match="reset"):
        env.step(0)
    for knobs, message in (
        ({"horizon": 0}, "horizon"),
        ({"reward": "sparse"}, "reward"),
        ({"exponent": 0}, "exponent"),
        ({"step_penalty": -1}, "step_penalty"),
        ({"normaliser": "rank-gausian"}, "rank-gaussian"),
    ):
        with pytest.raises((InvalidArgumentError, UnknownNameError), match=message):
            ImprovementEnv(**knobs)


@pytest.mark.parametrize("name", GENERIC)
def test_make_vec_without_warnings(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = gymnasium.make_vec(name, num_envs=5, vectorization_mode="vector_entry_point")
        obs, _ = envs.reset(seed=0)
        assert envs.observation_space.contains(obs)
        obs, rewards, *_ = envs.step(envs.action_space.sample())
        assert obs.shape[0] == len(rewards) == 5
        statistics = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
        _, infos = statistics.reset(seed=0)
        for _ in range(25):
            *_, infos = statistics.step(infos["action_mask"].argmax(axis=1))
        assert len(statistics.length_queue) >= 5
