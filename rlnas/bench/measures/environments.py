"""Environment steps without a learner: ours on a device and in NumPy, and Stable-Baselines3's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch

import rlnas.envs  # noqa: F401  (registers the ids)
from rlnas.agents.engine.episodes import TableStreams
from rlnas.bench.measures.timing import Contender, compare, race
from rlnas.envs import ImprovementConfig, TableScorer, make_core
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.envs.tensor import TaskTables, TensorImprovement
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.tasks import TabularTask

ENVIRONMENT = "rlnas/Improvement-v0"
REFERENCE_ENVS = 8
"""Environments of the reference: what Stable-Baselines3's documentation uses."""

_CHUNK = 20


def environment_contenders(
    task: TabularTask, num_envs: int, seed: int = 0, device: str = "cpu"
) -> list[Contender]:
    """Return the batched environments and the references, all on one task with default knobs.

    Every one is stepped with uniformly random actions drawn beforehand, gives its observations
    after every step and begins an ended episode anew. The references step our single
    environments, which run the NumPy core with a batch of one: most of their time is the fixed
    price of some sixty NumPy calls a step, which a batch pays once for all its episodes. A short
    measurement of the reference with ``num_envs`` environments may be over before an episode is,
    so it may not be charged for new episodes.

    Args:
        task: A source task.
        num_envs: Episodes of all contenders but the last, which has `REFERENCE_ENVS`.
        seed: Seed of start states and actions.
        device: Device of the first contender; the others are always on the CPU.

    Returns:
        With the keys ``tensor``, ``batched``, ``gymnasium``, ``dummy`` and ``dummy-8``.

    Raises:
        InvalidArgumentError: If ``num_envs`` is not positive.
    """
    if num_envs < 1:
        raise InvalidArgumentError(f"num_envs is {num_envs}; expected 1 or more.")
    core = make_core(TableScorer(task, ImprovementConfig().normaliser), ImprovementConfig())
    batched = BatchedVecEnv(core, num_envs, seed)
    batched.reset()
    vector: Any = gymnasium.make_vec(
        ENVIRONMENT, num_envs=num_envs, vectorization_mode="vector_entry_point", task=task
    )
    vector.reset(seed=seed)
    actions = core.layout.actions
    return [
        tensor_contender(task, num_envs, seed, device),
        Contender(
            "BatchedVecEnv (NumPy, Stable-Baselines3 API)",
            num_envs,
            _stepper(batched.step, actions, (_CHUNK, num_envs), seed),
            key="batched",
        ),
        Contender(
            "gymnasium.make_vec (vector_entry_point)",
            num_envs,
            _stepper(vector.step, actions, (_CHUNK, num_envs), seed),
            key="gymnasium",
        ),
        single_contender(task, num_envs, seed),
        dataclasses.replace(single_contender(task, REFERENCE_ENVS, seed), key="dummy-8"),
    ]


def tensor_contender(
    task: TabularTask, num_envs: int, seed: int = 0, device: str = "cpu"
) -> Contender:
    """Return the environment on a device, stepped as the learner steps it, key ``tensor``.

    A piece of work draws the start architectures of a chunk of steps, and then takes each step,
    begins ended episodes anew and writes the observations.

    Args:
        task: A source task.
        num_envs: Episodes.
        seed: Seed of start states and actions.
        device: ``cpu`` or ``cuda``.
    """
    config = ImprovementConfig()
    tables = TaskTables([task], config.normaliser, device)
    random = torch.Generator(device).manual_seed(seed)
    numbers = torch.zeros(1, num_envs, dtype=torch.int64)
    streams = TableStreams(TensorImprovement(tables, config), numbers, [random])
    obs = torch.empty(1, num_envs, streams.layout.size, device=device)
    shape = (_CHUNK, 1, num_envs)
    actions = torch.randint(streams.layout.actions, shape, generator=random, device=device)

    @torch.no_grad()
    def run() -> int:
        streams.begin_rollout(_CHUNK)
        for row in actions:
            streams.step(row)
            streams.observe(obs)
        return actions.numel()

    return Contender(f"TensorImprovement on {device}", num_envs, run, key="tensor", device=device)


def single_contender(task: TabularTask, num_envs: int, seed: int = 0) -> Contender:
    """Return Stable-Baselines3's batch of single environments, key ``dummy``.

    Args:
        task: A source task.
        num_envs: Environments. A step of a thousand takes a tenth of a second or more, so a piece
            of work is then two steps.
        seed: Seed of start states and actions.
    """
    from stable_baselines3.common.env_util import make_vec_env

    envs = make_vec_env(ENVIRONMENT, num_envs, seed=seed, env_kwargs={"task": task})
    envs.reset()
    space: Any = envs.action_space
    chunk = max(2, min(_CHUNK, 2000 // num_envs))
    run = _stepper(envs.step, int(space.n), (chunk, num_envs), seed)
    return Contender(f"make_vec_env(id, {num_envs}) (DummyVecEnv)", num_envs, run, key="dummy")


def measure_environments(
    task: TabularTask,
    num_envs: int = 1024,
    *,
    seed: int = 0,
    device: str = "cpu",
    seconds: float = 1.0,
    repeats: int = 3,
) -> dict[str, Any]:
    """Measure `environment_contenders`.

    Args:
        task: A source task.
        num_envs: Episodes.
        seed: Seed of everything random.
        device: Device of the first contender.
        seconds: Least duration of one repeat.
        repeats: Repeats of each contender.

    Returns:
        JSON-able, see `rlnas.bench.measures.timing.compare`.
    """
    contenders = environment_contenders(task, num_envs, seed, device)
    return compare(race(contenders, seconds=seconds, repeats=repeats))


def _stepper(
    step: Callable[[Any], Any], num_actions: int, shape: tuple[int, int], seed: int
) -> Callable[[], int]:
    """Return a function that takes a chunk of steps and says how many environment steps it was."""
    actions = generator(seed, "speed").integers(num_actions, size=shape, dtype=np.int64)

    def run() -> int:
        for row in actions:
            step(row)
        return actions.size

    return run
