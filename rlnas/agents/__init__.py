"""PPO controllers: configuration, networks, training by either engine, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.agents.config import (
    ActingConfig,
    ControllerConfig,
    FineTuningConfig,
    PolicyConfig,
    PPOConfig,
)
from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.agents.controller import PPOController
    from rlnas.agents.engine.hooks import LearnerHooks
    from rlnas.agents.engines import ENGINES, Engine
    from rlnas.agents.sb3.device_ppo import DevicePPO
    from rlnas.agents.sb3.trainer import PPOTrainer
    from rlnas.agents.shared import SharedController
    from rlnas.agents.targets.fine_tuning import fine_tune_on_targets

__all__ = [
    "ENGINES",
    "ActingConfig",
    "ControllerConfig",
    "DevicePPO",
    "Engine",
    "FineTuningConfig",
    "LearnerHooks",
    "PPOConfig",
    "PPOController",
    "PPOTrainer",
    "PolicyConfig",
    "SharedController",
    "fine_tune_on_targets",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ENGINES": "rlnas.agents.engines",
        "DevicePPO": "rlnas.agents.sb3.device_ppo",
        "Engine": "rlnas.agents.engines",
        "LearnerHooks": "rlnas.agents.engine.hooks",
        "PPOController": "rlnas.agents.controller",
        "PPOTrainer": "rlnas.agents.sb3.trainer",
        "SharedController": "rlnas.agents.shared",
        "fine_tune_on_targets": "rlnas.agents.targets.fine_tuning",
    },
)
