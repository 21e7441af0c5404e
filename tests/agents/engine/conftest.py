"""Learners on the device engine, without a controller around them."""

import pytest

from rlnas.agents import PPOConfig
from rlnas.agents.engine import DeviceTrainer
from rlnas.envs import ImprovementConfig

QUICK = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)


@pytest.fixture(scope="session")
def make_trainer(suite):
    """Return a maker of trainers on the first task, one network with the seed of its place."""

    def make(networks, config=QUICK, tasks=None, **options):
        tasks = tasks or [[suite["synthetic-0"]]] * len(networks)
        options.setdefault("seeds", range(len(networks)))
        return DeviceTrainer(networks, ImprovementConfig(), tasks, config, **options)

    return make
