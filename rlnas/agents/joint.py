"""Joint training: controllers that learn several source tasks at once, one or many together."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from torch import nn

from rlnas.agents.base import Controller, one_for_each
from rlnas.agents.config import PPOConfig
from rlnas.agents.engine.hooks import LearnerHooks, per_task
from rlnas.agents.engine.trainer import DeviceTrainer, Progress
from rlnas.agents.engines import seconds_of_rollout
from rlnas.devices import fastest_device
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

C = TypeVar("C", bound=Controller)
Group = tuple[TabularTask, ...]
"""The source tasks of one controller."""


def train_together(
    make: Callable[[Group, int], C],
    tasks: Sequence[Sequence[TabularTask]],
    steps: int,
    seeds: Sequence[int],
    *,
    device: str = "auto",
    log_dirs: Sequence[str | Path] | None = None,
    on_progress: Progress | None = None,
) -> list[C]:
    """Train controllers on several source tasks each, with equal shares of its episodes.

    Advantages are standardised task by task, so that a task with larger rewards gets no more of the
    gradient (Wong et al., Transfer Learning with Neural AutoML, NeurIPS 2018, section 3).

    Args:
        make: Makes a new controller of its source tasks and its seed; all of one configuration.
        tasks: Source tasks of each controller, as many for each, or one group for all; all on one
            space.
        steps: Environment steps on each source task: a controller takes ``steps`` times the number
            of its tasks, so that it sees of each what a controller of that task alone would.
        seeds: A seed for each controller, or one for all.
        device: ``auto``, ``cpu`` or ``cuda``.
        log_dirs: Folder for TensorBoard events of each controller, or None.
        on_progress: Called after each rollout with the steps done and wanted of each controller.

    Returns:
        The trained controllers, on the CPU; they know their sources and their steps.

    Raises:
        InvalidArgumentError: If the numbers do not fit each other, a controller has no task or one
            twice, controllers have different numbers of tasks, tasks lie on different spaces, or a
            task's table is not known.
    """
    groups, numbers = one_for_each(
        [tuple(own) for own in tasks], seeds, steps, what="groups of tasks"
    )
    _check(groups)
    controllers = [make(own, seed) for own, seed in zip(groups, numbers, strict=True)]
    networks, config = [c.network for c in controllers], controllers[0].config
    count = len(groups[0])
    ppo = share_rollouts(config.ppo, count)

    def trainer_of(
        some: Sequence[nn.Module], on: str, folders: Sequence[str | Path] | None = None
    ) -> DeviceTrainer:
        return DeviceTrainer(
            some,
            config.environment,
            groups,
            ppo,
            seeds=numbers,
            device=on,
            log_dirs=folders,
            hooks=LearnerHooks(normalise_advantages=per_task(count)),
        )

    chosen = fastest_device(
        device,
        lambda name: seconds_of_rollout(
            trainer_of([copy.deepcopy(network) for network in networks], name), name
        ),
    )
    trainer = trainer_of(networks, chosen, log_dirs)
    trainer.learn(steps * count, on_progress=on_progress)
    trainer.release()
    for controller, own in zip(controllers, groups, strict=True):
        controller.network.to("cpu")
        controller.sources = tuple(task.name for task in own)
        controller.steps = trainer.steps
    return controllers


def share_rollouts(ppo: PPOConfig, num_tasks: int) -> PPOConfig:
    """Return the hyperparameters with which a rollout is shared equally by several tasks.

    The number of episodes is rounded up to a multiple of the tasks, and the minibatches grow with
    it, so that there are as many as before and none is a small rest.

    Args:
        ppo: Hyperparameters for one task.
        num_tasks: Number of tasks, 1 or more.
    """
    num_envs = math.ceil(ppo.num_envs / num_tasks) * num_tasks
    if num_envs == ppo.num_envs:
        return ppo
    minibatches = math.ceil(ppo.num_envs * ppo.n_steps / ppo.batch_size)
    batch_size = math.ceil(num_envs * ppo.n_steps / minibatches)
    return dataclasses.replace(ppo, num_envs=num_envs, batch_size=batch_size)


def _check(groups: Sequence[Group]) -> None:
    """Raise InvalidArgumentError if groups of source tasks cannot be trained on together."""
    if len({len(own) for own in groups}) != 1 or not groups[0]:
        raise InvalidArgumentError(
            f"Controllers with {sorted({len(own) for own in groups})} source tasks; expected the "
            "same number for each, 1 or more."
        )
    for own in groups:
        names = [task.name for task in own]
        if len(set(names)) != len(names):
            raise InvalidArgumentError(f"A source task is given twice: {', '.join(names)}.")
        for task in own:
            if not isinstance(task, TabularTask):
                raise InvalidArgumentError(
                    f"Training on several tasks needs tasks whose whole table is known; "
                    f"{task.name!r} evaluates architectures one by one."
                )
    if len(spaces := {task.space.name for own in groups for task in own}) > 1:
        raise InvalidArgumentError(
            f"The source tasks are on the spaces {', '.join(sorted(spaces))}; expected one."
        )
