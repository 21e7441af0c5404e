"""The two engines that train a controller on a source task, behind one interface."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from rlnas.agents.config import ControllerConfig
from rlnas.agents.engine.trainer import DeviceTrainer, Progress
from rlnas.checkpoints import TrainingState
from rlnas.envs import make_core, scorer_of
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask, Task

Engine = Literal["device", "sb3"]
"""``device`` keeps everything on one device as tensors; ``sb3`` is the reference learner,
``stable_baselines3.PPO`` on a batched NumPy environment."""

ENGINES: tuple[Engine, ...] = ("device", "sb3")


class Trainer(Protocol):
    """Trains a network in place."""

    @property
    def steps(self) -> int:
        """Environment steps taken so far."""
        ...

    def learn(self, until: int, *, on_progress: Progress | None = None) -> None:
        """Train until at least ``until`` steps were taken in all, in whole rollouts."""
        ...

    def state(self) -> TrainingState:
        """Return tensors and JSON-able values from which `restore` goes on exactly."""
        ...

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on where `state` was taken."""
        ...

    def release(self) -> None:
        """Let go of the networks: they keep their weights and share no memory any more."""
        ...


def engine_for(task: Task, engine: Engine | None) -> Engine:
    """Return the engine to train on a task with: the device engine where the table is known.

    Raises:
        InvalidArgumentError: If the engine is unknown or cannot train on this task.
    """
    if engine is None:
        return "device" if isinstance(task, TabularTask) else "sb3"
    if engine not in ENGINES:
        raise InvalidArgumentError(f"engine is {engine!r}; expected 'device' or 'sb3'.")
    if engine == "device" and not isinstance(task, TabularTask):
        raise InvalidArgumentError(
            f"The device engine needs a task whose whole table is known; {task.name!r} evaluates "
            "architectures one by one. Use engine='sb3'."
        )
    return engine


def make_trainer(
    network: nn.Module,
    task: Task,
    config: ControllerConfig,
    *,
    engine: Engine,
    seed: int,
    device: str = "cpu",
    log_dir: str | Path | None = None,
) -> Trainer:
    """Return a trainer of one network on one source task.

    Args:
        network: The network, trained in place.
        task: The task.
        config: Environment and hyperparameters.
        engine: Which engine; see `engine_for`.
        seed: Seed of episodes, actions and minibatches.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        log_dir: Folder for TensorBoard events, or None.
    """
    if engine == "device" and isinstance(task, TabularTask):
        return DeviceTrainer(
            [network],
            config.environment,
            [[task]],
            config.ppo,
            seeds=[seed],
            device=device,
            log_dirs=None if log_dir is None else [log_dir],
        )
    from rlnas.agents.sb3.trainer import PPOTrainer  # Stable-Baselines3 takes a second to import

    core = make_core(scorer_of(task, config.environment.normaliser), config.environment)
    return PPOTrainer(network, core, config.ppo, seed=seed, device=device, log_dir=log_dir)


def rollout_seconds(
    network: nn.Module, task: Task, config: ControllerConfig, *, engine: Engine, device: str
) -> float:
    """Return the seconds of one rollout with its updates on a device, after a warm-up.

    The network is left as it is.
    """
    if not isinstance(task, TabularTask):
        return 0.0 if device == "cpu" else 1.0  # every look would cost evaluations
    trainer = make_trainer(
        copy.deepcopy(network), task, config, engine=engine, seed=0, device=device
    )
    return seconds_of_rollout(trainer, device)


def seconds_of_rollout(trainer: Trainer, device: str) -> float:
    """Return the seconds of one rollout with its updates, after a warm-up; the trainer learns."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        trainer.learn(trainer.steps + 1)
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])
