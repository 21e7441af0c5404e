"""Learn on a target within a query budget: PPO whose every new architecture is a query."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from torch import nn

from rlnas.agents.acting import Patience, target_core
from rlnas.agents.config import ActingConfig, PPOConfig
from rlnas.agents.trainer import PPOTrainer
from rlnas.envs import EnvironmentConfig
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import QueryLedger


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
    """

    n_steps: int = 10
    n_epochs: int = 10
    batch_size: int = 10
    learning_rate: float = 3e-3
    ent_coef: float = 0.01
    clip_range: float = 0.2

    def __post_init__(self) -> None:
        if not 2 <= self.batch_size <= self.n_steps:
            raise InvalidArgumentError(
                f"batch_size is {self.batch_size}; expected 2 … n_steps ({self.n_steps})."
            )

    def apply(self, ppo: PPOConfig) -> PPOConfig:
        """Return a controller's PPO configuration with these values and a single environment."""
        return dataclasses.replace(ppo, num_envs=1, **dataclasses.asdict(self))


def fine_tune_on_target(
    network: nn.Module,
    environment: EnvironmentConfig,
    acting: ActingConfig,
    ppo: PPOConfig,
    *,
    ledger: QueryLedger,
    rng: np.random.Generator,
) -> None:
    """Train the network in place on the target until the budget is spent.

    Args:
        network: The network to start from; parameters without gradient stay as they are.
        environment: The environment it was trained in.
        acting: Normaliser of the target's rewards, whether to avoid known edits, and patience.
        ppo: Hyperparameters with ``num_envs=1``.
        ledger: The target's ledger.
        rng: Seeds the training.

    Raises:
        BudgetExhaustedError: When the budget is spent in the middle of a step.
    """
    core = target_core(ledger, environment, acting)
    patience = Patience(ledger, acting.patience)
    trainer = PPOTrainer(network, core, ppo, seed=int(rng.integers(2**31)))
    limit = acting.patience * (ledger.remaining + 1)
    trainer.learn(limit, should_stop=patience.run_out)
