"""Tasks of every kind and small skeletons, in which all networks are quick."""

import numpy as np
import pytest
import torch

from rlnas.datasets.spec import TaskSpec
from rlnas.networks import SkeletonConfig
from rlnas.spaces import get_space
from rlnas.tasks import Metric

OUTPUTS = {"class": 5, "vector": 9, "pixels": 7, "image": 3, "jigsaw": 24}

SMALL = {
    "transnas-micro": SkeletonConfig(
        width=8, stem_strides=(2, 1), modules="414", cells_per_module=1, decoder="light"
    ),
    "transnas-macro": SkeletonConfig(
        width=8, stem_strides=(1, 1), cells_per_module=1, decoder="light"
    ),
    "nasbench-201": SkeletonConfig(
        width=8, skeleton="stages", stem_strides=(1,), cells_per_stage=1, decoder="light"
    ),
}


@pytest.fixture(autouse=True)
def same_draws():
    """Let layers and inputs that a test makes without a seed be the same in every run."""
    with torch.random.fork_rng(devices=[]):
        torch.random.set_rng_state(torch.Generator().manual_seed(0).get_state())
        yield


@pytest.fixture(params=sorted(SMALL))
def small(request):
    """The name of each search space and a small skeleton for it."""
    return request.param, SMALL[request.param]


@pytest.fixture
def small_micro():
    """A small skeleton for the micro space."""
    return SMALL["transnas-micro"]


@pytest.fixture(params=sorted(OUTPUTS))
def kind(request):
    """Each kind of task."""
    return request.param


@pytest.fixture
def make_spec():
    """Return a maker of tasks by kind."""

    def make(kind, size=32, outputs=None):
        return TaskSpec(
            name=kind,
            kind=kind,
            outputs=OUTPUTS[kind] if outputs is None else outputs,
            image_size=size,
            metric=Metric(name="score"),
            tiles=9 if kind == "jigsaw" else 1,
        )

    return make


@pytest.fixture
def make_batch():
    """Return a maker of random inputs of a task."""

    def make(spec, examples=2, seed=0):
        tiles = (spec.tiles,) if spec.tiles > 1 else ()
        shape = (examples, *tiles, spec.channels, spec.image_size, spec.image_size)
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed))

    return make


@pytest.fixture
def sample():
    """Return a sampler of architectures of a space by its name."""

    def draw(space, count, seed=0):
        return get_space(space).sample(count, np.random.default_rng(seed))

    return draw
