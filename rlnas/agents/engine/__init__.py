"""The device engine: PPO that stays on one device, for one controller or many at once.

`StackedPPO` is the algorithm, for K controllers in one program; `DeviceTrainer` trains controllers
on source tasks with it; `rlnas.agents.DevicePPO` is the same behind Stable-Baselines3's
interface.
"""

from rlnas.agents.engine.hooks import LearnerHooks, Minibatch, per_task
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.engine.trainer import DeviceTrainer

__all__ = [
    "DeviceTrainer",
    "LearnerHooks",
    "Minibatch",
    "StackedPPO",
    "per_task",
]
