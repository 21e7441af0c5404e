"""PPO steps, learning included: the controller's trainer beside Stable-Baselines3 as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

from rlnas.agents import ControllerConfig, PPOController, PPOTrainer
from rlnas.envs import TableScorer, make_core
from rlnas.speed.environments import ENVIRONMENT, REFERENCE_ENVS
from rlnas.speed.timing import Contender
from rlnas.tasks import TabularTask


def learner_contenders(
    task: TabularTask, *, device: str = "cpu", seed: int = 0, reference_rollout: int | None = None
) -> list[Contender]:
    """Return the controller's trainer and the reference, both on one task.

    A piece of work is one rollout with the updates on it, so both are charged for learning.

    Args:
        task: A source task.
        device: Device of both.
        seed: Seed of both.
        reference_rollout: Steps of each environment in the reference's rollout; by default
            Stable-Baselines3's own, 2048. Only a test has a reason to change it.
    """
    config = ControllerConfig()
    core = make_core(TableScorer(task, config.environment.normaliser), config.environment)
    network = PPOController(task.space, config, seed=seed).network
    trainer = PPOTrainer(network, core, config.ppo, seed=seed, device=device)
    envs = make_vec_env(ENVIRONMENT, REFERENCE_ENVS, seed=seed, env_kwargs={"task": task})
    options: dict[str, Any] = {}
    if reference_rollout is not None:
        options["n_steps"] = reference_rollout
    model = PPO("MlpPolicy", envs, device=device, seed=seed, **options)
    return [
        Contender(
            "PPOController (default, batched environment)", config.ppo.num_envs, _rollouts(trainer)
        ),
        Contender(
            f'stable_baselines3.PPO("MlpPolicy", make_vec_env(id, {REFERENCE_ENVS}))',
            REFERENCE_ENVS,
            _reference_rollouts(model),
            # A whole rollout of the reference takes seconds, so a short one has to do.
            warm_up=lambda: PPO("MlpPolicy", envs, n_steps=16, device=device, seed=seed).learn(1),
        ),
    ]


def _rollouts(trainer: PPOTrainer) -> Callable[[], int]:
    def run() -> int:
        before = trainer.steps
        trainer.learn(before + 1)
        return trainer.steps - before

    return run


def _reference_rollouts(model: PPO) -> Callable[[], int]:
    def run() -> int:
        before = int(model.num_timesteps)
        model.learn(1, reset_num_timesteps=before == 0)
        return int(model.num_timesteps) - before

    return run
