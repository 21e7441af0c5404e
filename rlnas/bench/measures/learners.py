"""PPO steps, learning included: both engines beside Stable-Baselines3 as it comes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController
from rlnas.agents.engine.trainer import DeviceTrainer
from rlnas.agents.engines import Trainer, make_trainer
from rlnas.bench.measures.environments import ENVIRONMENT, REFERENCE_ENVS
from rlnas.bench.measures.timing import Contender, compare, race
from rlnas.tasks import TabularTask

MANY = 10
"""Controllers that are trained in one batch."""


def learner_contenders(
    task: TabularTask,
    *,
    device: str = "cpu",
    seed: int = 0,
    many: int = MANY,
    reference_rollout: int | None = None,
) -> list[Contender]:
    """Return the default controller's engines and the reference, all on one task.

    A piece of work is one rollout with the updates on it, so all are charged for learning. Steps
    of a batch of controllers are those of all of them together.

    Args:
        task: A source task.
        device: ``cpu``, or ``cuda`` for every contender on both.
        seed: Seed of everything random.
        many: Controllers in the batch.
        reference_rollout: Steps of each environment in the reference's rollout; by default
            Stable-Baselines3's own, 2048. Only a test has a reason to change it.

    Returns:
        With the keys ``device``, ``device-many``, ``sb3`` (Stable-Baselines3 with the same
        configuration on the batched environment) and ``reference`` (Stable-Baselines3 with its own
        configuration and environments); on CUDA the same once more, as ``device-cuda`` ….
    """
    config = ControllerConfig()
    contenders = []
    for place in _places(device):
        contenders += _engines(task, config, place, seed, many)
        contenders.append(reference_contender(task, place, seed, reference_rollout))
    return contenders


def transformer_contenders(
    task: TabularTask, *, device: str = "cpu", seed: int = 0, many: int = MANY
) -> list[Contender]:
    """Return both engines with the transformer network, as `learner_contenders` without the last.

    Args:
        task: A source task.
        device: ``cpu``, or ``cuda`` for every contender on both.
        seed: Seed of everything random.
        many: Controllers in the batch.
    """
    config = ControllerConfig(network=PolicyConfig(kind="transformer"))
    return [c for place in _places(device) for c in _engines(task, config, place, seed, many)]


def measure_learners(
    task: TabularTask,
    *,
    device: str = "cpu",
    seed: int = 0,
    seconds: float = 1.0,
    repeats: int = 3,
    many: int = MANY,
    reference_rollout: int | None = None,
) -> dict[str, Any]:
    """Measure `learner_contenders` and `transformer_contenders`.

    Args:
        task: A source task.
        device: ``cpu``, or ``cuda`` for every contender on both.
        seed: Seed of everything random.
        seconds: Least duration of one repeat; a rollout that began is finished.
        repeats: Repeats of each contender.
        many: Controllers in the batch.
        reference_rollout: See `learner_contenders`.

    Returns:
        JSON-able: ``mlp`` and ``transformer``, each as `timing.compare` gives it.
    """
    groups: dict[str, Callable[[], list[Contender]]] = {
        "mlp": lambda: learner_contenders(
            task, device=device, seed=seed, many=many, reference_rollout=reference_rollout
        ),
        "transformer": lambda: transformer_contenders(task, device=device, seed=seed, many=many),
    }
    return {
        name: compare(race(make(), seconds=seconds, repeats=repeats))
        for name, make in groups.items()
    }


def device_trainer(
    task: TabularTask, config: ControllerConfig, count: int, *, seed: int = 0, device: str = "cpu"
) -> DeviceTrainer:
    """Return the device engine for new controllers with the seeds ``seed``, ``seed + 1``, ….

    Args:
        task: The source task of all.
        config: Environment, network and hyperparameters.
        count: Controllers.
        seed: Seed of the first.
        device: ``cpu`` or ``cuda``.
    """
    seeds = range(seed, seed + count)
    return DeviceTrainer(
        [PPOController(task.space, config, seed=s).network for s in seeds],
        config.environment,
        [[task]] * count,
        config.ppo,
        seeds=seeds,
        device=device,
    )


def sb3_trainer(
    task: TabularTask, config: ControllerConfig, *, seed: int = 0, device: str = "cpu"
) -> Trainer:
    """Return the engine by Stable-Baselines3 for a new controller, as `device_trainer`."""
    network = PPOController(task.space, config, seed=seed).network
    return make_trainer(network, task, config, engine="sb3", seed=seed, device=device)


def reference_contender(
    task: TabularTask, device: str = "cpu", seed: int = 0, rollout: int | None = None
) -> Contender:
    """Return Stable-Baselines3's PPO as it comes on its own batch of single environments.

    Args:
        task: A source task.
        device: ``cpu`` or ``cuda``.
        seed: Seed of everything random.
        rollout: See ``reference_rollout`` of `learner_contenders`.
    """
    options: dict[str, Any] = {} if rollout is None else {"n_steps": rollout}
    envs = make_vec_env(ENVIRONMENT, REFERENCE_ENVS, seed=seed, env_kwargs={"task": task})
    model = PPO("MlpPolicy", envs, device=device, seed=seed, **options)

    def warm_up() -> None:
        # A whole rollout of the reference takes seconds, so a short one has to do.
        short: Any = PPO("MlpPolicy", envs, n_steps=16, device=device, seed=seed)
        short.learn(1)

    return Contender(
        f'stable_baselines3.PPO("MlpPolicy", make_vec_env(id, {REFERENCE_ENVS}))',
        REFERENCE_ENVS,
        _reference_rollouts(model),
        warm_up=warm_up,
        key=f"reference{_suffix(device)}",
        device=device,
    )


def _places(device: str) -> Sequence[str]:
    return ("cpu",) if device == "cpu" else ("cpu", device)


def _suffix(device: str) -> str:
    return "" if device == "cpu" else f"-{device}"


def _engines(
    task: TabularTask, config: ControllerConfig, device: str, seed: int, many: int
) -> list[Contender]:
    envs, end = config.ppo.num_envs, _suffix(device)
    sb3 = sb3_trainer(task, config, seed=seed, device=device)
    alone, batch = (
        device_trainer(task, config, count, seed=seed, device=device) for count in (1, many)
    )
    plain = [
        Contender("device engine, 1 controller", envs, _rollouts(alone), key="device"),
        Contender(
            f"device engine, {many} controllers in one batch",
            envs * many,
            _rollouts(batch, many),
            key="device-many",
        ),
        Contender(
            "Stable-Baselines3 engine, same configuration and batched environment",
            envs,
            _rollouts(sb3),
            key="sb3",
        ),
    ]
    return [dataclasses.replace(c, key=f"{c.key}{end}", device=device) for c in plain]


def _rollouts(trainer: Trainer, count: int = 1) -> Callable[[], int]:
    def run() -> int:
        before = trainer.steps
        trainer.learn(before + 1)
        return count * (trainer.steps - before)

    return run


def _reference_rollouts(model: PPO) -> Callable[[], int]:
    def run() -> int:
        before = int(model.num_timesteps)
        model.learn(1, reset_num_timesteps=before == 0)
        return int(model.num_timesteps) - before

    return run
