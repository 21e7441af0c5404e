"""Small networks of every kind of task, with a batch each."""

import pytest
import torch
from torch import nn

from rlnas.datasets.spec import task_spec
from rlnas.networks import SkeletonConfig, build_network
from rlnas.proxies import score_proxies
from rlnas.seeding import torch_generator

CONFIG = SkeletonConfig(
    width=8, stem_strides=(2, 1), modules="414", cells_per_module=1, decoder="light"
)
STAGES = SkeletonConfig(
    width=8, skeleton="stages", stem_strides=(1,), cells_per_stage=1, decoder="light"
)
OUTPUTS = {
    "class_object": 5,
    "room_layout": 9,
    "jigsaw": 4,
    "segmentsemantic": 6,
    "normal": 3,
}


def _batch(task, size=8):
    """Return inputs and targets of a task on 16-pixel images or 10-pixel tiles."""
    stream = torch_generator(3, "test", task)
    side, outputs = (10 if task == "jigsaw" else 16), OUTPUTS[task]
    tiles = (9,) if task == "jigsaw" else ()
    inputs = torch.randn(size, *tiles, 3, side, side, generator=stream)
    if task == "room_layout":
        return inputs, torch.randn(size, outputs, generator=stream)
    if task == "normal":
        return inputs, torch.rand(size, outputs, side, side, generator=stream) * 2 - 1
    shape = (size, side, side) if task == "segmentsemantic" else (size,)
    return inputs, torch.randint(min(outputs, 3), shape, generator=stream)


def _network(task="class_object", architecture="64-41414-3_33_132", space="transnas-micro"):
    """Return a small network with the first weights of seed 0."""
    spec = task_spec(task, outputs=OUTPUTS[task], image_size=10 if task == "jigsaw" else 16)
    config = STAGES if space == "nasbench-201" else CONFIG
    return build_network(space, architecture, spec, config, seed=0)


@pytest.fixture
def make_batch():
    """Return a maker of batches by task and size."""
    return _batch


@pytest.fixture
def make_network():
    """Return a maker of networks by task, architecture and space."""
    return _network


@pytest.fixture(params=sorted(OUTPUTS))
def task(request):
    """Return the name of a task, one of each kind."""
    return request.param


def _normal(*shape, name="x"):
    return torch.randn(shape, generator=torch_generator(0, "formulas", name))


@pytest.fixture
def normal():
    """Return a maker of normal numbers, the same for a shape and a name."""
    return _normal


@pytest.fixture
def fill():
    """Return a function that gives a network weights that come from no global generator."""

    def fill_weights(network, scale=1.0):
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(scale * _normal(*parameter.shape, name=name))
        return network

    return fill_weights


@pytest.fixture
def value():
    """Return a function that gives the value of one proxy, which must not fail."""

    def score(network, proxy, batch=None, loss=nn.functional.mse_loss, seed=0):
        found = score_proxies(network, batch, names=[proxy], loss=loss, seed=seed)[proxy]
        assert not found.failed, found.failure
        return found.value

    return score
