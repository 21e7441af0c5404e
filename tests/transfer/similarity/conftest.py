"""Tasks of known kinship: three factors, and tasks that share one or another of them."""

from dataclasses import dataclass

import numpy as np
import pytest

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.tasks import Metric, TabularTask
from rlnas.transfer.similarity import KnownTask
from rlnas.transfer.sources import Source

SHARE = 0.9  # of a task's variance that its family has in common


@dataclass(frozen=True)
class Family:
    """Five tasks: two of a first kind, two of a second, and the first turned upside down."""

    tasks: dict

    def known(self, *names):
        """Return tasks as sources without controllers."""
        return [KnownTask(name, self.tasks[name]) for name in names]


@pytest.fixture(scope="session")
def family():
    fields = [
        task.scores for task in synthetic_suite(num_tasks=7, correlation=0.0, seed=3).values()
    ]
    kinds = {"sun-1": 0, "sun-2": 0, "rain-1": 1, "rain-2": 1}
    space = synthetic_suite().space
    tasks = {}
    for own, (name, kind) in enumerate(kinds.items(), start=2):
        scores = np.sqrt(SHARE) * fields[kind] + np.sqrt(1 - SHARE) * fields[own]
        tasks[name] = TabularTask(f"kin/{name}", space, scores, Metric(name="made-up"))
    tasks["sun-upside-down"] = TabularTask(
        "kin/sun-upside-down", space, -tasks["sun-1"].scores, Metric(name="made-up")
    )
    return Family(tasks)


@pytest.fixture(scope="session")
def trained(family):
    """The same tasks as sources with a controller each, trained for a moment."""
    config = ControllerConfig(
        network=PolicyConfig(width=16), ppo=PPOConfig(num_envs=32, n_steps=20, batch_size=160)
    )
    names = ["sun-1", "sun-2", "rain-1", "rain-2"]
    controllers = PPOController.train_many(
        [family.tasks[name] for name in names], 20_000, config=config, device="cpu"
    )
    return {
        name: Source(name, controller, family.tasks[name])
        for name, controller in zip(names, controllers, strict=True)
    }
