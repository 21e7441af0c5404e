"""A synthetic task and cores over it."""

import numpy as np
import pytest

from rlnas.benchmarks import load_suite
from rlnas.envs import (
    ConstructionConfig,
    ConstructionCore,
    ImprovementConfig,
    ImprovementCore,
    TableScorer,
)
from rlnas.spaces import CellSpace
from rlnas.tasks import Metric, TabularTask


@pytest.fixture(scope="session")
def task():
    """The first task of the synthetic suite."""
    suite = load_suite("synthetic-micro")
    return suite[next(iter(suite))]


@pytest.fixture(scope="session")
def tiny():
    """A task of nine architectures, one of them unmeasured and two of them equal."""
    space = CellSpace("tiny", [(0, 1), (1, 2)], ["a", "b", "c"])
    scores = np.array([3.0, 9.0, np.nan, 9.0, -2.0, 0.5, 4.0, 7.0, 1.0])
    return TabularTask("tiny", space, scores, Metric(name="m"))


@pytest.fixture(scope="session")
def measured(tiny):
    """The scores of the tiny task's measured architectures."""
    return tiny.scores[~np.isnan(tiny.scores)]


@pytest.fixture(scope="session")
def improvement(task):
    """Return a maker of improvement cores, by default on the synthetic task."""

    def make(on=task, **knobs):
        config = ImprovementConfig(**knobs)
        return ImprovementCore(TableScorer(on, config.normaliser), config)

    return make


@pytest.fixture(scope="session")
def construction(task):
    """Return a maker of construction cores, by default on the synthetic task."""

    def make(on=task, **knobs):
        config = ConstructionConfig(**knobs)
        return ConstructionCore(TableScorer(on, config.normaliser), config)

    return make


def legal_actions(mask, rng):
    """Draw one legal action for each row of a mask."""
    return np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)


@pytest.fixture(scope="session")
def random_policy():
    """Return the function that draws legal actions ``(N,)`` from a mask and a generator."""
    return legal_actions
