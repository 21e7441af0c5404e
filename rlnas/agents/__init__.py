"""PPO controllers: configuration, networks, training by either engine, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.agents.config import (
    ActingConfig,
    ControllerConfig,
    FineTuningConfig,
    NetworkConfig,
    PPOConfig,
)
from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.agents.controller import PPOController
    from rlnas.agents.engine.hooks import LearnerHooks
    from rlnas.agents.engine.ppo import DevicePPO
    from rlnas.agents.fine_tuning import fine_tune_on_targets
    from rlnas.agents.shared import SharedController
    from rlnas.agents.trainer import PPOTrainer
    from rlnas.agents.training import ENGINES, Engine

__all__ = [
    "ENGINES",
    "ActingConfig",
    "ControllerConfig",
    "DevicePPO",
    "Engine",
    "FineTuningConfig",
    "LearnerHooks",
    "NetworkConfig",
    "PPOConfig",
    "PPOController",
    "PPOTrainer",
    "SharedController",
    "fine_tune_on_targets",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ENGINES": "rlnas.agents.training",
        "DevicePPO": "rlnas.agents.engine.ppo",
        "Engine": "rlnas.agents.training",
        "LearnerHooks": "rlnas.agents.engine.hooks",
        "PPOController": "rlnas.agents.controller",
        "PPOTrainer": "rlnas.agents.trainer",
        "SharedController": "rlnas.agents.shared",
        "fine_tune_on_targets": "rlnas.agents.fine_tuning",
    },
)
