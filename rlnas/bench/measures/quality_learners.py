"""The ways to train a controller whose time to quality is compared, behind one interface."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from rlnas.agents import ControllerConfig, Engine, PolicyConfig, PPOController
from rlnas.agents.engines import make_trainer
from rlnas.bench.measures.environments import ENVIRONMENT, REFERENCE_ENVS
from rlnas.tasks import TabularTask

_JUDGED_EACH = 2_500
"""Steps between two looks at a learner whose rollouts are shorter than that."""

_SHORT = {"n_steps": 16, "batch_size": 64}
"""A rollout to warm up with."""


class QualityLearner(Protocol):
    """A training that can be paused after every rollout."""

    @property
    def steps(self) -> int:
        """Environment steps taken so far."""
        ...

    def learn(self, until: int) -> None:
        """Train until at least ``until`` steps were taken in all, in whole rollouts."""
        ...

    def controller(self) -> PPOController:
        """Return a controller with the policy as it is now."""
        ...


@dataclass(frozen=True)
class QualityContender:
    """A way to train.

    Attributes:
        key: Short name in results.
        name: What it is, for people.
        stride: Steps between two judgements; a rollout that began is finished.
        begin: Starts a training with a seed.
        warm_up: Done once before any clock runs.
    """

    key: str
    name: str
    stride: int
    begin: Callable[[int], QualityLearner]
    warm_up: Callable[[], object]


def quality_contenders(
    task: TabularTask, *, device: str = "cpu", reference_rollout: int | None = None
) -> list[QualityContender]:
    """Return the four contenders, the usual way first and the device engine last.

    Args:
        task: The task to train on.
        device: Device of all.
        reference_rollout: Steps of each environment in a rollout of Stable-Baselines3's defaults;
            by default its own, 2048. Only a quick look has a reason to change it.
    """
    config = ControllerConfig()
    ours = config.ppo.sb3_arguments()
    ours["n_steps"] = config.ppo.num_envs * config.ppo.n_steps // REFERENCE_ENVS
    defaults: dict[str, Any] = {}
    if reference_rollout is not None:
        defaults["n_steps"] = reference_rollout
    short = "" if reference_rollout is None else " but for short rollouts"

    def sb3(key: str, name: str, options: dict[str, Any]) -> QualityContender:
        return QualityContender(
            key,
            name,
            _JUDGED_EACH,
            lambda seed: MlpPolicyLearner(task, options, seed, device),
            # A rollout of the defaults takes seconds, so a short one has to do.
            lambda: MlpPolicyLearner(task, {**options, **_SHORT}, 0, device).learn(1),
        )

    def engine(key: Engine, name: str) -> QualityContender:
        return QualityContender(
            key,
            name,
            _JUDGED_EACH,
            lambda seed: EngineLearner(task, config, key, seed, device),
            lambda: EngineLearner(task, config, key, 0, device).learn(1),
        )

    usual = f"make_vec_env(id, {REFERENCE_ENVS})"
    return [
        sb3("sb3-default", f"Stable-Baselines3 defaults{short}, {usual}", defaults),
        sb3("sb3-tuned", f"Stable-Baselines3, our hyperparameters, {usual}", ours),
        engine("sb3", 'Reference engine of rlnas (engine="sb3"), batched environment'),
        engine("device", 'Device engine of rlnas (engine="device")'),
    ]


class EngineLearner:
    """One of the library's engines with the default configuration.

    Args:
        task: The source task.
        config: What to train.
        engine: Which engine.
        seed: Seed of everything random.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(
        self, task: TabularTask, config: ControllerConfig, engine: Engine, seed: int, device: str
    ) -> None:
        self._controller = PPOController(task.space, config, seed=seed)
        network = self._controller.network
        self.trainer = make_trainer(network, task, config, engine=engine, seed=seed, device=device)

    @property
    def steps(self) -> int:
        """Environment steps taken so far."""
        return self.trainer.steps

    def learn(self, until: int) -> None:
        """Train until at least ``until`` steps were taken in all, in whole rollouts."""
        self.trainer.learn(until)

    def controller(self) -> PPOController:
        """Return the controller; it searches with a copy of its network."""
        return self._controller


class MlpPolicyLearner:
    """``stable_baselines3.PPO("MlpPolicy", …)`` on single environments, as most people use it.

    Its policy knows of no mask, so it learns from rewards which actions are illegal. To be judged,
    its weights go into a masked network of the same shape.

    Args:
        task: The source task.
        options: Arguments of PPO.
        seed: Seed of the learner and of its environments.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(self, task: TabularTask, options: dict[str, Any], seed: int, device: str) -> None:
        from stable_baselines3 import PPO
        from stable_baselines3.common.env_util import make_vec_env

        shape = PolicyConfig(width=64, activation="tanh")
        config = dataclasses.replace(ControllerConfig(), network=shape)
        self._controller = PPOController(task.space, config, seed=seed)
        envs = make_vec_env(ENVIRONMENT, REFERENCE_ENVS, seed=seed, env_kwargs={"task": task})
        self.model = PPO("MlpPolicy", envs, seed=seed, device=device, **options)

    @property
    def steps(self) -> int:
        """Environment steps taken so far."""
        return int(self.model.num_timesteps)

    def learn(self, until: int) -> None:
        """Train until at least ``until`` steps were taken in all, in whole rollouts."""
        if self.steps < until:
            self.model.learn(until - self.steps, reset_num_timesteps=self.steps == 0)

    def controller(self) -> PPOController:
        """Return a controller with a copy of the policy's weights."""
        policy: Any = self.model.policy
        network: Any = self._controller.network
        extractor = policy.mlp_extractor
        pairs = [
            (network.encoder, extractor.policy_net),
            (network.value_encoder, extractor.value_net),
            (network.policy_head, policy.action_net),
            (network.value_head, policy.value_net),
        ]
        for own, theirs in pairs:
            own.load_state_dict(theirs.state_dict())
        return self._controller
