"""Source controllers on the synthetic suite, trained for a moment, and a small study of them."""

import pytest
import torch
from reference_study.config import StudyConfig
from reference_study.retraining import RetrainingConfig
from reference_study.run import run_study

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


@pytest.fixture(scope="session")
def config(sources):
    """The plan of a small study, whose groups take a moment each."""
    return StudyConfig(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1"),
        seeds=2,
        steps=1_600,
        fine_tuning=300,
        dense=640,
        stride=640,
        starts=16,
        searches=2,
        queries=10,
        controller=sources["mlp"].config,
        retraining=RetrainingConfig(policy_scale=0.5),
    )


@pytest.fixture(scope="module")  # a test may take something out of it
def finished_run(tmp_path_factory, isolated_cache):
    """A finished run of a small study, measured in this process."""
    config = StudyConfig(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1"),
        seeds=2,
        steps=2_560,
        fine_tuning=1_280,
        starts=16,
        searches=1,
        queries=10,
    )
    folder = tmp_path_factory.mktemp("study") / "run"
    return run_study(config, folder, workers=1, command="made by a test")
