"""`stable_baselines3.PPO` whose episodes, rollouts and updates never leave the device."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

import torch
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback, ConvertCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import GymEnv
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor, nn

from rlnas.agents.config import PPOConfig
from rlnas.agents.engine.episodes import FinishedEpisodes, TableStreams
from rlnas.agents.engine.hooks import LearnerHooks
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.engine.loss import LossWeights
from rlnas.agents.engine.monitor import EpisodeMeans, explained_variance, loss_scalars
from rlnas.agents.engine.rollout import Collected
from rlnas.agents.sb3.policy import NetworkPolicy
from rlnas.envs import ObservationLayout, TableScorer
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.envs.tensor import TaskTables, make_tensor_environment
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import derive_seed


class DevicePPO(PPO):
    """PPO with Stable-Baselines3's constructor, callbacks, logger, ``learn`` and ``predict``.

    Its environment must be a `BatchedVecEnv` on a source task: that gives the rules and the table,
    which are then tensors on the device; the environment itself is only reset. A callback is called
    after every step of the batch as usual and sees its ``rewards`` and ``dones``, but observations
    and infos are not copied to it. ``use_sde`` and buffers of one's own are not supported. Losses
    are computed only where the logger has somewhere to write them. A loaded model predicts without
    an environment; to learn it needs one from ``load`` or ``set_env``, with new episodes.

    Random numbers come from a generator of its own, so training depends on ``seed`` alone; without
    one the seed is drawn from PyTorch's global generator.

    Args:
        *args: As ``stable_baselines3.PPO``.
        hooks: What a transfer method changes.
        **kwargs: As ``stable_baselines3.PPO``.

    Raises:
        InvalidArgumentError: If the environment or an option is not supported.

    Example:
        >>> import rlnas
        >>> from rlnas.agents import DevicePPO
        >>> from rlnas.benchmarks import synthetic_suite
        >>> from rlnas.envs import ImprovementConfig, TableScorer, make_core
        >>> from rlnas.envs.sb3 import BatchedVecEnv
        >>> task = synthetic_suite()["synthetic-0"]
        >>> core = make_core(TableScorer(task, "log-rank"), ImprovementConfig())
        >>> model = DevicePPO("MlpPolicy", BatchedVecEnv(core, 64), n_steps=20, device="cpu")
        >>> model.learn(2_560).num_timesteps
        2560
    """

    learner: StackedPPO

    def __init__(self, *args: Any, hooks: LearnerHooks | None = None, **kwargs: Any) -> None:
        if kwargs.get("use_sde"):
            raise InvalidArgumentError(
                "DevicePPO does not support use_sde, which is for continuous actions; leave it out."
            )
        self.hooks = hooks
        self._collected: Collected | None = None
        super().__init__(*args, **kwargs)

    def _setup_model(self) -> None:
        super()._setup_model()
        if self.rollout_buffer_class is not RolloutBuffer or self.rollout_buffer_kwargs:
            raise InvalidArgumentError(
                "DevicePPO keeps its rollouts itself; give no rollout buffer."
            )
        seed = int(torch.randint(2**62, ())) if self.seed is None else self.seed
        generator = torch.Generator(self.device).manual_seed(derive_seed(seed, "device"))
        self.learner = StackedPPO(
            [_network_of(self.policy)],
            _NoEpisodes(self) if self.env is None else self._begin_streams(generator),
            self._config(),
            [generator],
            self.hooks,
        )
        # Has what Stable-Baselines3 asks of an optimizer: groups with a rate, and a state.
        self.policy.optimizer = self.learner.optimizer  # type: ignore[assignment]
        self._means = EpisodeMeans(1)

    def _maybe_recommend_cpu(self, mlp_class_name: str = "ActorCriticPolicy") -> None:
        """Say nothing: the warning is about environments that are not on the device."""

    def set_env(self, env: GymEnv, force_reset: bool = True) -> None:
        """Go on in another environment, with new episodes; see ``BaseAlgorithm.set_env``."""
        super().set_env(env, force_reset)
        self.learner.begin(self._begin_streams(self.learner.generators[0]))

    def _begin_streams(self, generator: torch.Generator) -> TableStreams:
        env = self.env
        scorer = env.core.scorer if isinstance(env, BatchedVecEnv) else None
        if not isinstance(env, BatchedVecEnv) or not isinstance(scorer, TableScorer):
            raise InvalidArgumentError(
                f"DevicePPO needs a BatchedVecEnv on a source task whose table is known, not "
                f"{type(env).__name__}. Use stable_baselines3.PPO for other environments."
            )
        tables = TaskTables([scorer.task], scorer.normaliser, self.device)
        environment = make_tensor_environment(tables, env.core.config)
        numbers = torch.zeros(1, env.num_envs, dtype=torch.int64)
        return TableStreams(environment, numbers, [generator])

    def _config(self) -> PPOConfig:
        names = {field.name for field in dataclasses.fields(PPOConfig)} & vars(self).keys()
        values = {name: getattr(self, name) for name in names}
        values |= {"num_envs": self.n_envs, "learning_rate": self.lr_schedule(1.0)}
        return PPOConfig(**{**values, "clip_range": self._at_progress("clip_range")})

    def _at_progress(self, name: str) -> float:
        value = getattr(self, name)
        return float(value(self._current_progress_remaining) if callable(value) else value)

    def _setup_learn(self, *args: Any, **kwargs: Any) -> tuple[int, BaseCallback]:
        begun = self.num_timesteps > 0
        result = super()._setup_learn(*args, **kwargs)
        if begun and self.num_timesteps == 0:  # a new training begins with new episodes
            self.learner.begin(self._begin_streams(self.learner.generators[0]))
        return result

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Take one rollout's steps on the device; see ``OnPolicyAlgorithm.collect_rollouts``."""
        self.policy.set_training_mode(False)
        callback.on_rollout_start()

        # Looking at a step waits for the device: only where somebody may want to see it.
        unseen = isinstance(callback, ConvertCallback) and callback.callback is None

        def on_step(rewards: Tensor, ended: Tensor) -> bool:
            self.num_timesteps += env.num_envs
            told: dict[str, Any] = {"self": self, "env": env}
            if not unseen:
                told["dones"], told["rewards"] = ended[0].cpu().numpy(), rewards[0].cpu().numpy()
            callback.update_locals(told)
            return callback.on_step()

        self._collected = self.learner.collect(n_rollout_steps, on_step=on_step)
        if self._collected is None:
            return False
        self._means.add(self._collected)
        episodes = [{"r": r, "l": n, "score": s} for r, n, s in self._means.episodes[0]]
        self.ep_info_buffer = deque(episodes, maxlen=self._stats_window_size)
        callback.update_locals({"self": self, "env": env, "collected": self._collected})
        callback.on_rollout_end()
        return True

    def train(self) -> None:
        """Learn from the last rollout; see ``stable_baselines3.PPO.train``."""
        if self._collected is None:
            raise InvalidArgumentError("There is no rollout to learn from; call learn instead.")
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        clip = self._at_progress("clip_range")
        clip_vf = None if self.clip_range_vf is None else self._at_progress("clip_range_vf")
        weights = LossWeights(
            clip_range=clip, ent_coef=self.ent_coef, vf_coef=self.vf_coef, clip_range_vf=clip_vf
        )
        parts = self.learner.update(
            self._collected,
            weights=weights,
            normalise=self.normalize_advantage,
            max_kl=None if self.target_kl is None else 1.5 * self.target_kl,
            with_parts=bool(self.logger.output_formats),
        )
        self._n_updates = self.learner.updates
        if parts is None:
            return
        record = self.logger.record
        for tag, value in loss_scalars(parts, weights)[0].items():
            record(tag, value)
        record("train/explained_variance", explained_variance(self._collected)[0])
        record("train/n_updates", self._n_updates, exclude="tensorboard")
        record("train/clip_range", clip)
        if clip_vf is not None:
            record("train/clip_range_vf", clip_vf)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "learner", "hooks", "_collected", "_means"]


class _NoEpisodes:
    """What a model without an environment has for episodes: their number alone."""

    def __init__(self, model: DevicePPO) -> None:
        self.tasks = torch.zeros(1, model.n_envs, dtype=torch.int64, device=model.device)

    def _missing(self) -> InvalidArgumentError:
        return InvalidArgumentError("This model has no environment; give it one with set_env.")

    @property
    def layout(self) -> ObservationLayout:
        raise self._missing()

    def begin_rollout(self, steps: int) -> None:
        raise self._missing()

    def observe(self, out: Tensor) -> None:
        raise self._missing()

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, FinishedEpisodes | None]:
        raise self._missing()

    def keep(self, rows: Sequence[int]) -> None:
        raise self._missing()


def _network_of(policy: ActorCriticPolicy) -> nn.Module:
    """Return what gives logits and values from observations."""
    if isinstance(policy, NetworkPolicy):
        return policy.network
    if not isinstance(policy.action_space, spaces.Discrete):
        raise InvalidArgumentError(
            f"The policy's actions are {policy.action_space}; DevicePPO needs discrete ones."
        )
    return _LogitsAndValues(policy)


class _LogitsAndValues(nn.Module):
    """One of Stable-Baselines3's own policies as a network."""

    def __init__(self, policy: ActorCriticPolicy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        policy = self.policy
        features = policy.extract_features(obs)
        if policy.share_features_extractor:
            policy_latent, value_latent = policy.mlp_extractor(cast(Tensor, features))
        else:
            policy_latent = policy.mlp_extractor.forward_actor(features[0])
            value_latent = policy.mlp_extractor.forward_critic(features[1])
        logits: Tensor = policy.action_net(policy_latent)
        values: Tensor = policy.value_net(value_latent)
        return logits, values.squeeze(-1)
