"""A synthetic suite and controllers trained on it."""

import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.agents.networks import build_policy
from rlnas.benchmarks import load_suite
from rlnas.envs import ImprovementConfig
from rlnas.envs.tensor import TaskTables, make_tensor_environment


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep PyTorch to one thread: these networks are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def suite():
    """The synthetic suite."""
    return load_suite("synthetic-micro")


SMALL_PPO = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)


@pytest.fixture(scope="session")
def small():
    """Configurations that train in a moment, by kind of network."""
    return {
        "mlp": ControllerConfig(network=PolicyConfig(width=16), ppo=SMALL_PPO),
        "transformer": ControllerConfig(
            network=PolicyConfig(kind="transformer", width=16, layers=1), ppo=SMALL_PPO
        ),
    }


@pytest.fixture(scope="session")
def barely_trained(suite, small):
    """A controller of each kind after two rollouts; do not change them."""
    return {
        kind: PPOController.train(suite["synthetic-0"], 640, seed=0, config=config, device="cpu")
        for kind, config in small.items()
    }


@pytest.fixture(scope="session")
def layout(suite):
    """The layout of the improvement environment's observations."""
    tables = TaskTables([suite["synthetic-0"]], "log-rank")
    return make_tensor_environment(tables, ImprovementConfig()).layout


@pytest.fixture(scope="session")
def make_networks(suite, layout):
    """Return a maker of ``count`` networks, each from the seed of its number."""

    def make(count, kind="mlp"):
        config = PolicyConfig(kind=kind, width=16, layers=1)
        return [build_policy(config, suite.space, layout, seed=seed) for seed in range(count)]

    return make


@pytest.fixture(scope="session")
def tasks(suite):
    """Three source tasks."""
    return [suite[f"synthetic-{i}"] for i in range(3)]


@pytest.fixture(scope="session")
def joint(tasks, small):
    """A jointly trained controller; do not change it."""
    return PPOController.train_jointly(tasks, 200, config=small["mlp"], device="cpu")


@pytest.fixture(scope="session")
def weights():
    """Return a function that gives a copy of a controller's weights by name."""

    def of(controller):
        return {n: v.clone() for n, v in controller.network.state_dict().items()}

    return of


@pytest.fixture(scope="session")
def same():
    """Return a function that tells whether two sets of weights are equal bit for bit."""

    def are(one, other):
        return one.keys() == other.keys() and all(torch.equal(v, other[n]) for n, v in one.items())

    return are
