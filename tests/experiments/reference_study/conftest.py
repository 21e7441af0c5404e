"""Source controllers on the synthetic suite, trained for a moment."""

import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.benchmarks import load_suite

PPO = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)
NETWORKS = {
    "mlp": PolicyConfig(width=16),
    "transformer": PolicyConfig(kind="transformer", width=16, layers=1),
}


@pytest.fixture(scope="session", autouse=True)
def single_thread():
    """Keep PyTorch to one thread: these networks are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def synthetic():
    """The synthetic suite."""
    return load_suite("synthetic-micro")


@pytest.fixture(scope="session")
def sources(synthetic):
    """A controller of each kind of network, trained on the first synthetic task."""
    return {
        kind: PPOController.train(
            synthetic["synthetic-0"],
            640,
            seed=0,
            config=ControllerConfig(network=network, ppo=PPO),
            device="cpu",
        )
        for kind, network in NETWORKS.items()
    }
