"""Training on several source tasks at once, for one network or many in one program."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from rlnas.agents.config import ControllerConfig, PPOConfig
from rlnas.agents.engine.hooks import LearnerHooks, per_task
from rlnas.agents.engine.trainer import DeviceTrainer, Progress
from rlnas.agents.engines import seconds_of_rollout
from rlnas.devices import fastest_device
from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.tasks import TabularTask


def train_on_several(
    networks: Sequence[nn.Module],
    tasks: Sequence[Sequence[TabularTask]],
    config: ControllerConfig,
    *,
    steps: int,
    seeds: Sequence[int],
    device: str = "auto",
    log_dirs: Sequence[str | Path] | None = None,
    on_progress: Progress | None = None,
) -> int:
    """Train each network, in place, on several source tasks, with equal shares of its episodes.

    Advantages are standardised task by task, so that a task with larger rewards gets no more of the
    gradient (Wong et al., Transfer Learning with Neural AutoML, NeurIPS 2018, section 3).

    Args:
        networks: The networks, of one shape; on the CPU afterwards.
        tasks: Source tasks of each, as many for each, all on one space; see `check_groups`.
        config: Environment and hyperparameters; see `share_rollouts`.
        steps: Environment steps on each source task: a network takes ``steps`` times the number of
            its tasks, so that it sees of each what a controller of that task alone would.
        seeds: Seed of each network's episodes, actions and minibatches.
        device: ``auto``, ``cpu`` or ``cuda``.
        log_dirs: Folder for TensorBoard events of each, or None.
        on_progress: Called after each rollout with the steps done and wanted of each network.

    Returns:
        The steps that each network took in all.
    """
    count = len(tasks[0])
    ppo = share_rollouts(config.ppo, count)

    def trainer_of(
        some: Sequence[nn.Module], on: str, folders: Sequence[str | Path] | None = None
    ) -> DeviceTrainer:
        return DeviceTrainer(
            some,
            config.environment,
            tasks,
            ppo,
            seeds=seeds,
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
    for network in networks:
        network.to("cpu")
    return trainer.steps


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


def check_groups(
    tasks: Sequence[Sequence[TabularTask]], steps: int, seeds: Sequence[int]
) -> tuple[list[tuple[TabularTask, ...]], list[int]]:
    """Return the source tasks and the seed of each controller.

    Args:
        tasks: Source tasks of each controller, or of all.
        steps: Environment steps on each source task.
        seeds: A seed for each controller, or one for all.

    Raises:
        InvalidArgumentError: If the numbers do not fit each other, a controller has no task or one
            twice, controllers have different numbers of tasks, tasks lie on different spaces, or a
            task's table is not known.
    """
    groups, numbers = [tuple(own) for own in tasks], [whole(seed, "seed") for seed in seeds]
    count = max(len(groups), len(numbers))
    if steps < 1 or not count or not {len(groups), len(numbers)} <= {1, count}:
        raise InvalidArgumentError(
            f"{len(groups)} groups of tasks, {len(numbers)} seeds, {steps} steps; expected as many "
            "of both or one of either, and 1 step or more."
        )
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
    return groups * (count // len(groups)), numbers * (count // len(numbers))
