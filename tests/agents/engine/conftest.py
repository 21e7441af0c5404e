"""Learners on the device engine, without a controller around them."""

import pytest

from rlnas.agents import NetworkConfig, PPOConfig
from rlnas.agents.engine import DeviceTrainer
from rlnas.agents.networks import build_network
from rlnas.envs import ImprovementConfig
from rlnas.envs.tensor import TaskTables, make_tensor_environment

QUICK = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)


@pytest.fixture(scope="session")
def layout(suite):
    """The layout of the improvement environment's observations."""
    tables = TaskTables([suite["synthetic-0"]], "log-rank")
    return make_tensor_environment(tables, ImprovementConfig()).layout


@pytest.fixture(scope="session")
def make_networks(suite, layout):
    """Return a maker of ``count`` networks, each from the seed of its number."""

    def make(count, kind="mlp"):
        config = NetworkConfig(kind=kind, width=16, layers=1)
        return [build_network(config, suite.space, layout, seed=seed) for seed in range(count)]

    return make


@pytest.fixture(scope="session")
def make_trainer(suite):
    """Return a maker of trainers on the first task, one network with the seed of its place."""

    def make(networks, config=QUICK, tasks=None, **options):
        tasks = tasks or [[suite["synthetic-0"]]] * len(networks)
        options.setdefault("seeds", range(len(networks)))
        return DeviceTrainer(networks, ImprovementConfig(), tasks, config, **options)

    return make
