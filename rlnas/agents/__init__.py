"""PPO controllers on Stable-Baselines3: configuration, networks, training, checkpoints."""

from rlnas.agents.config import ActingConfig, ControllerConfig, NetworkConfig, PPOConfig
from rlnas.agents.controller import PPOController
from rlnas.agents.fine_tuning import FineTuningConfig, fine_tune_on_target
from rlnas.agents.trainer import PPOTrainer

__all__ = [
    "ActingConfig",
    "ControllerConfig",
    "FineTuningConfig",
    "NetworkConfig",
    "PPOConfig",
    "PPOController",
    "PPOTrainer",
    "fine_tune_on_target",
]
