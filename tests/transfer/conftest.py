"""Source controllers on the synthetic suite, trained for a moment."""

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.benchmarks import load_suite, synthetic_suite

PPO = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)
CONFIGS = {
    "mlp": ControllerConfig(network=PolicyConfig(width=16), ppo=PPO),
    "transformer": ControllerConfig(
        network=PolicyConfig(kind="transformer", width=16, layers=1), ppo=PPO
    ),
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
            synthetic["synthetic-0"], 640, seed=0, config=config, device="cpu"
        )
        for kind, config in CONFIGS.items()
    }


@pytest.fixture(scope="session")
def unrelated():
    """A suite of uncorrelated tasks and a controller that has learnt the first."""
    suite = synthetic_suite(num_tasks=3, correlation=0.0, seed=2)
    return suite, PPOController.train(suite["synthetic-0"], 60_000, seed=0, device="cpu")


@pytest.fixture(scope="session")
def expert():
    """A suite of strongly correlated tasks and a controller that has learnt the first."""
    suite = synthetic_suite(num_tasks=3, correlation=0.9, seed=1)
    return suite, PPOController.train(suite["synthetic-0"], 60_000, seed=0, device="cpu")


@pytest.fixture(scope="session")
def log_ranks():
    """Return a function that gives the log10 ranks of the best of a searcher's searches."""

    def of(searcher, tasks, seeds, queries=50):
        many = [task for task in tasks for _ in range(seeds)]
        results = searcher.search_many(many, queries, list(range(seeds)) * len(tasks))
        pairs = zip(many, results, strict=True)
        return np.array([np.log10(task.rank(result.best.score)) for task, result in pairs])

    return of
