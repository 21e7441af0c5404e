"""Source controllers on the synthetic suite, trained for a moment, and tasks of known kinship."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.benchmarks import load_suite, synthetic_suite
from rlnas.tasks import Metric, TabularTask
from rlnas.transfer.similarity import KnownTask
from rlnas.transfer.sources import Source

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
