"""A data set and a skeleton on which a super-network learns in no time."""

import dataclasses

import pytest
import torch

from rlnas.datasets import load_task_data
from rlnas.networks import SkeletonConfig
from rlnas.spaces import get_space
from rlnas.tasks import make_task
from rlnas.training.objective.examples import SearchExamples

CONFIG = SkeletonConfig(
    width=4, stem_strides=(2,), modules="4", cells_per_module=1, decoder="light"
)


@pytest.fixture(scope="session")
def digits():
    """Sixty-four digits of 8×8 pixels to learn from."""
    return load_task_data("digits", "class", image_size=8, train_size=64, valid_size=50)


@pytest.fixture
def examples(digits):
    """What a search trains on; keeps nothing."""
    return SearchExamples.of(digits, CONFIG, "cpu")


@pytest.fixture
def kept(examples, tmp_path):
    """Return the examples with a folder of its own for each name."""
    return lambda name: dataclasses.replace(examples, folder=tmp_path / name)


@pytest.fixture
def make_searched(examples):
    """Return a maker of tasks on the micro space, scored by the number of 3×3 convolutions."""

    def make(examples=examples):
        task = make_task(get_space("transnas-micro"), lambda text: float(text.count("3")))
        task.examples = examples
        return task

    return make


@pytest.fixture(autouse=True)
def global_generator_is_left_alone():
    """Searches draw from generators of their own."""
    before = torch.random.get_rng_state()
    yield
    assert torch.equal(torch.random.get_rng_state(), before)
