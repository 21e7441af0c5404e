"""Environment steps without a learner: the batched core beside Stable-Baselines3's own batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

import rlnas.envs  # noqa: F401  (registers the ids)
from rlnas.envs import ImprovementConfig, TableScorer, make_core
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.seeding import generator
from rlnas.speed.timing import Contender
from rlnas.tasks import TabularTask

ENVIRONMENT = "rlnas/Improvement-v0"
REFERENCE_ENVS = 8
"""Environments of the reference: what Stable-Baselines3's documentation uses."""

_CHUNK = 25


def environment_contenders(task: TabularTask, num_envs: int, seed: int = 0) -> list[Contender]:
    """Return the batched environments and the reference, all on one task with default knobs.

    Every one is stepped with uniformly random actions drawn beforehand. The reference steps our
    single environments, which run the batched core with a batch of one: most of its time is the
    fixed price of some sixty NumPy calls a step, which a batch pays once for all its episodes.

    Args:
        task: A source task.
        num_envs: Episodes of the batched environments.
        seed: Seed of start states and actions.
    """
    from stable_baselines3.common.env_util import make_vec_env

    config = ImprovementConfig()
    core = make_core(TableScorer(task, config.normaliser), config)
    batched = BatchedVecEnv(core, num_envs, seed)
    batched.reset()
    vector: Any = gymnasium.make_vec(
        ENVIRONMENT, num_envs=num_envs, vectorization_mode="vector_entry_point", task=task
    )
    vector.reset(seed=seed)
    reference = make_vec_env(ENVIRONMENT, REFERENCE_ENVS, seed=seed, env_kwargs={"task": task})
    reference.reset()
    actions = core.layout.actions
    return [
        Contender(
            "BatchedVecEnv (Stable-Baselines3 API)",
            num_envs,
            _stepper(batched.step, actions, num_envs, seed),
        ),
        Contender(
            "gymnasium.make_vec (vector_entry_point)",
            num_envs,
            _stepper(vector.step, actions, num_envs, seed),
        ),
        Contender(
            f"make_vec_env(id, {REFERENCE_ENVS}) (DummyVecEnv)",
            REFERENCE_ENVS,
            _stepper(reference.step, actions, REFERENCE_ENVS, seed),
        ),
    ]


def _stepper(
    step: Callable[[Any], Any], num_actions: int, num_envs: int, seed: int
) -> Callable[[], int]:
    """Return a function that takes a chunk of steps and says how many environment steps it was."""
    shape = (_CHUNK, num_envs)
    actions = generator(seed, "speed").integers(num_actions, size=shape, dtype=np.int64)

    def run() -> int:
        for row in actions:
            step(row)
        return actions.size

    return run
