"""Small data and networks that train in a fraction of a second."""

import functools
import hashlib

import pytest
import torch

from rlnas.datasets import TaskData, TaskSpec, load_task_data
from rlnas.networks import SkeletonConfig, build_discriminator, build_network
from rlnas.tasks import Metric
from rlnas.training import Recipe

SKELETON = SkeletonConfig(
    width=4, stem_strides=(1, 2), modules="4", cells_per_module=1, decoder="light"
)
CELL = "64-41414-3_12_130"


class TensorSplit:
    """Examples that are tensors."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def batch(self, indices, generator=None):
        return self.inputs[indices], self.targets[indices]

    def to(self, device):
        return TensorSplit(self.inputs.to(device), self.targets.to(device))


@pytest.fixture(autouse=True)
def one_thread():
    """Small products are slower on many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def narrow_discriminator(monkeypatch):
    """Make discriminators an eighth as wide as published: a step takes milliseconds."""
    narrow = functools.partial(build_discriminator, width=8)
    monkeypatch.setattr("rlnas.training.adversary.build_discriminator", narrow)


@pytest.fixture(scope="session")
def digits():
    """Give a few digits for a task: ``class``, ``jigsaw`` or ``autoencoder``."""
    loaded = {}

    def load(task="class", **options):
        key = (task, *sorted(options.items()))
        if key not in loaded:
            sizes = {"train_size": 96, "valid_size": 48, "test_size": 48} | options
            loaded[key] = load_task_data("digits", task, **sizes)
        return loaded[key]

    return load


@pytest.fixture(scope="session")
def make_network():
    """Build a small network for data."""

    def make(data, seed=0, architecture=CELL, config=SKELETON):
        return build_network("transnas-micro", architecture, data.spec, config, seed=seed)

    return make


@pytest.fixture
def recipe():
    """Four short epochs."""
    return Recipe(epochs=4, batch_size=32, optimizer="adamw", learning_rate=0.01, warmup=0.1)


@pytest.fixture(scope="session")
def tensor_data():
    """Make the data of a task from tensors, three splits of which the last two are one."""

    def make(inputs, targets, *, kind="vector", outputs=None, direction="min", held_out=32):
        spec = TaskSpec(
            name=kind,
            kind=kind,
            outputs=outputs or targets.shape[1],
            image_size=inputs.shape[-1],
            channels=inputs.shape[1],
            metric=Metric(name="metric", direction=direction),
        )
        rest = TensorSplit(inputs[-held_out:], targets[-held_out:])
        train = TensorSplit(inputs[:-held_out], targets[:-held_out])
        content = inputs.numpy().tobytes() + targets.numpy().tobytes()
        return TaskData(
            dataset="tensors",
            spec=spec,
            train=train,
            valid=rest,
            test=rest,
            mean=(0.0,) * inputs.shape[1],
            std=(1.0,) * inputs.shape[1],
            fingerprint=hashlib.sha256(content).hexdigest(),
        )

    return make


@pytest.fixture(scope="session")
def same_weights():
    """Tell whether two modules have equal weights and statistics, bit for bit."""

    def same(one, two):
        first, second = one.state_dict(), two.state_dict()
        return first.keys() == second.keys() and all(
            torch.equal(first[name], second[name]) for name in first
        )

    return same
