"""PPO controllers: configuration, networks, training by either engine, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.agents.config import ActingConfig, ControllerConfig, NetworkConfig, PPOConfig
from rlnas.agents.controller import PPOController
from rlnas.agents.fine_tuning import FineTuningConfig, fine_tune_on_targets
from rlnas.agents.training import ENGINES, Engine

if TYPE_CHECKING:
    from rlnas.agents.engine.ppo import DevicePPO
    from rlnas.agents.trainer import PPOTrainer

__all__ = [
    "ENGINES",
    "ActingConfig",
    "ControllerConfig",
    "DevicePPO",
    "Engine",
    "FineTuningConfig",
    "NetworkConfig",
    "PPOConfig",
    "PPOController",
    "PPOTrainer",
    "fine_tune_on_targets",
]

# They need Stable-Baselines3, which takes a second to import that a worker of a matrix can save.
_HOMES = {"DevicePPO": "rlnas.agents.engine.ppo", "PPOTrainer": "rlnas.agents.trainer"}


def __getattr__(name: str) -> object:
    """Load a learner of Stable-Baselines3's when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rlnas.agents' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
