"""What tests of controls start from."""

import pytest

from rlnas.agents import PPOController


@pytest.fixture(scope="session")
def pair(synthetic):
    """Two barely trained controllers on two tasks."""
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-2"]]
    return PPOController.train_many(tasks, 640, device="cpu")
