"""Unmodified Stable-Baselines3 and sb3-contrib learn on the registered ids."""

import gymnasium
import numpy as np
import pytest
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

from rlnas.envs.sb3 import BatchedVecEnv

# By how much the mean return over 300 episodes must exceed that of random legal actions, whose
# standard error is 0.03. A learner that learns nothing gains 0; these reach 0.9 to 2.5.
GAINS = {"rlnas/Improvement-v0": 0.6, "rlnas/Construction-v0": 1.0}
NAMES = tuple(GAINS)
SUITE = {"suite": "synthetic-micro"}  # the gains above are those on its smooth first task


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def mean_return(name, act, episodes=300):
    """Return the mean return of a policy's first episode in each of a batch of environments."""
    envs = gymnasium.make_vec(
        name, num_envs=episodes, vectorization_mode="vector_entry_point", **SUITE
    )
    obs, infos = envs.reset(seed=123)
    rng, total = np.random.default_rng(0), np.zeros(episodes)
    running = np.ones(episodes, dtype=bool)
    while running.any():
        obs, rewards, ended, _, infos = envs.step(act(obs, infos["action_mask"], rng))
        total += rewards * running
        running &= ~ended
    return total.mean()


def learner_policy(model):
    if isinstance(model, MaskablePPO):
        return lambda obs, mask, rng: model.predict(obs, action_masks=mask)[0]
    return lambda obs, mask, rng: model.predict(obs)[0]


def learn(algorithm, envs, steps, n_steps):
    model = algorithm(
        "MlpPolicy", envs, n_steps=n_steps, batch_size=256, learning_rate=2e-3, seed=0, device="cpu"
    )
    return model.learn(steps)


@pytest.mark.parametrize("algorithm", [PPO, MaskablePPO])
@pytest.mark.parametrize("name", NAMES)
def test_learns_on_the_batched_environment(name, algorithm, random_policy):
    core = gymnasium.make(name, **SUITE).unwrapped.core
    model = learn(algorithm, BatchedVecEnv(core, 64), 16_384, n_steps=16)
    baseline = mean_return(name, lambda obs, mask, rng: random_policy(mask, rng))
    assert mean_return(name, learner_policy(model)) > baseline + GAINS[name]


@pytest.mark.parametrize(("name", "algorithm"), list(zip(NAMES, (PPO, MaskablePPO), strict=True)))
def test_learns_on_single_environments(name, algorithm, random_policy):
    model = learn(algorithm, make_vec_env(name, 8, seed=0, env_kwargs=SUITE), 12_288, n_steps=128)
    baseline = mean_return(name, lambda obs, mask, rng: random_policy(mask, rng))
    assert mean_return(name, learner_policy(model)) > baseline + GAINS[name]


@pytest.mark.parametrize("name", NAMES)
def test_an_untrained_learner_fails_this_test(name, random_policy):
    core = gymnasium.make(name, **SUITE).unwrapped.core
    model = PPO("MlpPolicy", BatchedVecEnv(core, 2), seed=0, device="cpu")
    baseline = mean_return(name, lambda obs, mask, rng: random_policy(mask, rng))
    assert mean_return(name, learner_policy(model)) < baseline + GAINS[name] / 2
