"""What tests of several methods start from."""

import pytest

from rlnas.agents import PPOController
from rlnas.tasks import TabularTask


@pytest.fixture(scope="session")
def pair(synthetic):
    """Two barely trained controllers on two tasks."""
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-2"]]
    return PPOController.train_many(tasks, 640, device="cpu")


@pytest.fixture
def negated():
    """Return a maker of the task whose best is a task's worst."""

    def of(task):
        return TabularTask("synthetic/negated", task.space, -task.scores, task.metric)

    return of
