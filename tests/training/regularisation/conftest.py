"""A small table, and networks for it."""

import pytest
import torch

from rlnas.datasets.spec import table_spec
from rlnas.datasets.tables import TableSplit
from rlnas.datasets.task_data import TaskData
from rlnas.networks import build_dense_network
from rlnas.spaces import DenseSpace
from rlnas.training import Recipe

SPACE = DenseSpace(3, [4, 8], ["relu", "tanh"], skips=2)


@pytest.fixture
def table_data():
    """Return rows of six numbers, of which two tell the class."""
    stream = torch.Generator().manual_seed(0)
    inputs = torch.randn(160, 6, generator=stream)
    targets = (inputs[:, 0] + inputs[:, 1] > 0).long()
    parts = {
        name: TableSplit(inputs[a:b], targets[a:b])
        for name, a, b in (("train", 0, 96), ("valid", 96, 128), ("test", 128, 160))
    }
    spec = table_spec(features=6, outputs=2, classes=("no", "yes"))
    return TaskData("made-up", spec, **parts, mean=(), std=(), fingerprint="f")


@pytest.fixture
def build(table_data):
    """Return a maker of networks for it."""

    def make(architecture="8-relu_8-tanh_4-relu", seed=0):
        return build_dense_network(SPACE, architecture, table_data.spec, seed=seed)

    return make


@pytest.fixture
def recipe():
    """Return a maker of short recipes."""

    def make(**changes):
        values = {
            "epochs": 6,
            "batch_size": 16,
            "optimizer": "adamw",
            "learning_rate": 0.01,
            "weight_decay": 0.0,
        }
        return Recipe(**{**values, **changes})

    return make
