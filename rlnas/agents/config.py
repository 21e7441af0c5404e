"""The configuration of a controller: environment, network and PPO, as plain dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain


@dataclass(frozen=True, kw_only=True)
class PolicyConfig:
    """Shape of the policy and value network.

    Attributes:
        kind: ``mlp``, fast and tied to one space's sizes, or ``transformer``, which reads
            operations by name and runs on spaces of other sizes.
        width: Hidden units, or width of a token (a multiple of ``heads``).
        activation: Of the perceptron: ``relu``, or ``tanh``, which learns as well and costs more.
        layers: Encoder layers of the transformer.
        heads: Attention heads of the transformer.
    """

    kind: Literal["mlp", "transformer"] = "mlp"
    width: int = 32
    activation: Literal["relu", "tanh"] = "relu"
    layers: int = 2
    heads: int = 2

    def __post_init__(self) -> None:
        make_plain(self)
        if self.kind not in ("mlp", "transformer"):
            raise InvalidArgumentError(
                f"Network kind is {self.kind!r}; expected 'mlp' or 'transformer'."
            )
        if self.activation not in ("relu", "tanh"):
            raise InvalidArgumentError(
                f"activation is {self.activation!r}; expected 'relu' or 'tanh'."
            )
        if min(self.width, self.layers, self.heads) < 1:
            raise InvalidArgumentError("width, layers and heads must be 1 or more.")
        at_most(self, width=1 << 14, layers=256, heads=1 << 14)
        if self.kind == "transformer" and self.width % self.heads:
            raise InvalidArgumentError(
                f"width {self.width} is not a multiple of heads {self.heads}."
            )


@dataclass(frozen=True, kw_only=True)
class PPOConfig:
    """Hyperparameters of PPO, by Stable-Baselines3's names (Schulman et al., arXiv 1707.06347).

    Attributes:
        num_envs: Parallel episodes.
        n_steps: Steps of each episode stream in a rollout.
        batch_size: Minibatch size; ``num_envs × n_steps`` should be a multiple of it.
        n_epochs: Passes over a rollout.
        learning_rate: Adam's step size.
        gamma: Discount, in (0, 1].
        gae_lambda: λ of generalised advantage estimation, in [0, 1].
        clip_range: Clipping of the probability ratio.
        ent_coef: Weight of the entropy bonus; larger keeps the policy broader.
        vf_coef: Weight of the value loss.
        max_grad_norm: Gradient clipping.
    """

    num_envs: int = 64
    n_steps: int = 20
    batch_size: int = 320
    n_epochs: int = 1
    learning_rate: float = 3e-3
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    ent_coef: float = 0.03
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5

    def __post_init__(self) -> None:
        make_plain(self)
        if min(self.num_envs, self.n_steps, self.batch_size, self.n_epochs) < 1:
            raise InvalidArgumentError("num_envs, n_steps, batch_size, n_epochs must be 1 or more.")
        at_most(self, num_envs=1 << 20, n_steps=1 << 20, batch_size=1 << 24, n_epochs=1000)
        if self.num_envs * self.n_steps > 1 << 24:
            raise InvalidArgumentError("num_envs × n_steps is above 16,777,216 steps of a rollout.")
        if self.num_envs * self.n_steps < 2 or self.batch_size < 2:
            raise InvalidArgumentError("A rollout and a batch need at least 2 steps.")
        if not self.learning_rate > 0:
            raise InvalidArgumentError(f"learning_rate is {self.learning_rate}; expected > 0.")
        if not 0 < self.gamma <= 1 or not 0 <= self.gae_lambda <= 1:
            raise InvalidArgumentError("Expected gamma in (0, 1] and gae_lambda in [0, 1].")

    def sb3_arguments(self) -> dict[str, Any]:
        """Return the keyword arguments of ``stable_baselines3.PPO``."""
        arguments = dataclasses.asdict(self)
        del arguments["num_envs"]
        return arguments


@dataclass(frozen=True, kw_only=True)
class ActingConfig:
    """How a trained policy is used in a search.

    Attributes:
        temperature: Divides the logits; 0 takes the most likely action, 1 samples from the policy,
            more explores.
        avoid_known: Whether edits to queried architectures are left out while others remain.
        normaliser: Scale of rewards from queried scores, for methods that learn on the target.
        patience: Steps without a new query after which a search ends early.
    """

    temperature: float = 1.0
    avoid_known: bool = True
    normaliser: str = "rank-gaussian"
    patience: int = 2000

    def __post_init__(self) -> None:
        make_plain(self)
        if not self.temperature >= 0:
            raise InvalidArgumentError(f"temperature is {self.temperature}; expected 0 or more.")
        if self.patience < 1:
            raise InvalidArgumentError(f"patience is {self.patience}; expected 1 or more.")


@dataclass(frozen=True, kw_only=True)
class FineTuningConfig:
    """How a controller learns from the few queries on a target.

    Attributes:
        n_steps: Steps between two updates; one episode at a time.
        n_epochs: Passes over these steps.
        batch_size: Minibatch size, at most ``n_steps``.
        learning_rate: Adam's step size.
        ent_coef: Weight of the entropy bonus.
        clip_range: Clipping of the probability ratio.
        rehearsal: What to train on between updates, at no query: ``none``; ``queried``, episodes
            within the architectures queried so far; ``predicted``, episodes on the scores that a
            model of the target predicts. By default (None) ``queried``, but ``none`` in the
            construction environment, which has no edits to rehearse.
        rehearsal_rollouts: Rollouts of that training after each update.
        rehearsal_envs: Parallel episodes of a rollout, each as long as the horizon.
    """

    n_steps: int = 10
    n_epochs: int = 10
    batch_size: int = 10
    learning_rate: float = 3e-3
    ent_coef: float = 0.01
    clip_range: float = 0.2
    rehearsal: Literal["none", "queried", "predicted"] | None = None
    rehearsal_rollouts: int = 10
    rehearsal_envs: int = 16

    def __post_init__(self) -> None:
        make_plain(self)
        if self.rehearsal not in (None, "none", "queried", "predicted"):
            raise InvalidArgumentError(
                f"rehearsal is {self.rehearsal!r}; expected 'none', 'queried' or 'predicted'."
            )
        if min(self.rehearsal_rollouts, self.rehearsal_envs) < 1:
            raise InvalidArgumentError("rehearsal_rollouts and rehearsal_envs must be 1 or more.")
        at_most(self, n_steps=1 << 20, n_epochs=1000)
        at_most(self, rehearsal_rollouts=10_000, rehearsal_envs=1 << 20)
        if not 2 <= self.batch_size <= self.n_steps:
            raise InvalidArgumentError(
                f"batch_size is {self.batch_size}; expected 2 … n_steps ({self.n_steps})."
            )

    def apply(self, ppo: PPOConfig) -> PPOConfig:
        """Return a controller's PPO configuration with these values and a single environment."""
        own = {name: getattr(self, name) for name in _OF_PPO}
        return dataclasses.replace(ppo, num_envs=1, **own)

    def rehearse(self, ppo: PPOConfig, horizon: int) -> PPOConfig:
        """Return the configuration of rehearsals: whole episodes, two minibatches of each rollout.

        Args:
            ppo: The controller's configuration.
            horizon: Steps of an episode.
        """
        steps = self.rehearsal_envs * horizon
        return dataclasses.replace(
            self.apply(ppo),
            num_envs=self.rehearsal_envs,
            n_steps=horizon,
            batch_size=max(2, steps // 2),
            n_epochs=1,
        )


_OF_PPO = ("n_steps", "n_epochs", "batch_size", "learning_rate", "ent_coef", "clip_range")


@dataclass(frozen=True, kw_only=True)
class ControllerConfig:
    """Everything that defines a controller but its weights.

    Attributes:
        environment: Kind and knobs of the environment it is trained in.
        network: Shape of its network.
        ppo: How it is trained.
        acting: How it searches.
    """

    environment: ImprovementConfig | ConstructionConfig = field(default_factory=ImprovementConfig)
    network: PolicyConfig = field(default_factory=PolicyConfig)
    ppo: PPOConfig = field(default_factory=PPOConfig)
    acting: ActingConfig = field(default_factory=ActingConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        kind = "construction" if isinstance(self.environment, ConstructionConfig) else "improvement"
        tree = dataclasses.asdict(self)
        tree["environment"] = {"kind": kind, **tree["environment"]}
        return tree

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> ControllerConfig:
        """Return the configuration that `to_dict` described.

        Raises:
            InvalidArgumentError: If a field is unknown or has a value out of range.
        """
        parts = ("environment", "network", "ppo", "acting")
        if wrong := [p for p in parts if not isinstance(tree.get(p), Mapping)]:
            raise InvalidArgumentError(f"A configuration needs a mapping for each of {wrong}.")
        environment = dict(tree["environment"])
        kinds = {"improvement": ImprovementConfig, "construction": ConstructionConfig}
        kind = environment.pop("kind", "improvement")
        if kind not in kinds:
            raise InvalidArgumentError(f"Environment kind {kind!r}; expected one of {list(kinds)}.")
        try:
            return cls(
                environment=kinds[kind](**environment),
                # What was saved before there was a choice had the hyperbolic tangent.
                network=PolicyConfig(**{"activation": "tanh", **tree["network"]}),
                ppo=PPOConfig(**tree["ppo"]),
                acting=ActingConfig(**tree["acting"]),
            )
        except TypeError as error:
            raise InvalidArgumentError(f"Unknown field in a configuration: {error}") from error
