"""Stability: repetitions of the chance that is meant, and of nothing else."""

import math

import pytest
import torch

from rlnas.datasets.spec import table_spec
from rlnas.datasets.tables import TableSplit
from rlnas.datasets.task_data import TaskData
from rlnas.errors import InvalidArgumentError
from rlnas.networks import build_dense_network
from rlnas.spaces import DenseSpace
from rlnas.training import Recipe
from rlnas.training.stability import Stability, measure, trained_again, under_noise

SPEC = table_spec(features=3, outputs=1)
SPACE = DenseSpace(1, [4], ["tanh"], skips=0)


@pytest.fixture
def data():
    stream = torch.Generator().manual_seed(0)
    inputs = torch.randn(120, 3, generator=stream)
    targets = inputs[:, :1] + 0.1 * torch.randn(120, 1, generator=stream)
    parts = {
        name: TableSplit(inputs[a:b], targets[a:b])
        for name, a, b in (("train", 0, 60), ("valid", 60, 90), ("test", 90, 120))
    }
    return TaskData("made-up", SPEC, **parts, mean=(), std=(), fingerprint="f")


def build(seed):
    return build_dense_network(SPACE, "4-tanh", SPEC, seed=seed)


def test_numbers():
    assert Stability((1.0, 3.0)).spread == pytest.approx(math.sqrt(2))
    assert Stability((1.0, 3.0)).mean == 2
    assert math.isnan(Stability((1.0,)).spread)


@pytest.mark.parametrize("on", ["inputs", "weights"])
def test_noise(data, on):
    network = build(0)
    before = [parameter.clone() for parameter in network.parameters()]
    none = under_noise(network, data.test, SPEC, on=on, scale=0.0, repeats=2)
    assert none.values == (measure(network, data.test, SPEC),) * 2
    little, much = (
        under_noise(network, data.test, SPEC, on=on, scale=scale, repeats=8)
        for scale in (0.01, 0.3)
    )
    assert 0 < little.spread < much.spread
    for one, other in zip(before, network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_training_again(data):
    recipe = Recipe(epochs=2, batch_size=16, learning_rate=0.05, optimizer="adam")
    seeds, rows = (
        trained_again(build, data, recipe, over=over, repeats=3, device="cpu")
        for over in ("seeds", "rows")
    )
    assert len(set(seeds.values)) == len(set(rows.values)) == 3
    # The first of all is the training itself.
    network = build(0)
    from rlnas.training import train_network

    result = train_network(network, data, recipe, device="cpu")
    assert seeds.values[0] == pytest.approx(-result.test_score)
    assert rows.values[0] != seeds.values[0]


def test_arguments_out_of_range(data):
    with pytest.raises(InvalidArgumentError):
        under_noise(build(0), data.test, SPEC, on="outputs")
    with pytest.raises(InvalidArgumentError):
        under_noise(build(0), data.test, SPEC, on="inputs", scale=-1)
    with pytest.raises(InvalidArgumentError):
        trained_again(build, data, Recipe(epochs=1), over="columns")
