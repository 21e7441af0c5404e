"""Dense networks: what they compute, what they cost, and what they refuse."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from rlnas.datasets.spec import table_spec, task_spec
from rlnas.errors import InvalidArgumentError
from rlnas.networks import (
    build_dense_network,
    build_network,
    build_task_network,
    network_statistics,
    statistics_of_many,
)
from rlnas.spaces import DenseSpace, get_space

SPACE = DenseSpace(3, [8, 16], ["relu", "tanh", "linear"], skips=3)
SPEC = table_spec(features=5, outputs=3)


def test_what_a_network_computes():
    network = build_dense_network(SPACE, "8-tanh_identity_16-linear-s1-s3", SPEC, seed=1)
    x = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
    own = dict(network.named_modules())
    first = torch.tanh(own["dense_1"](x))
    added = own["dense_3"](first) + own["skip_3_1"](first) + own["skip_3_0"](x)
    torch.testing.assert_close(network(x), network.head(functional.relu(added)))
    assert set(dict(network.named_children())) == {
        "dense_1",
        "dense_3",
        "skip_3_1",
        "skip_3_0",
        "relu",
        "head",
    }


def test_skips_of_one_width_are_plain_sums():
    network = build_dense_network(SPACE, "8-relu_8-relu-s1_identity", SPEC)
    x = torch.randn(2, 5)
    first = functional.relu(network.get_submodule("dense_1")(x))
    second = functional.relu(functional.relu(network.get_submodule("dense_2")(first)) + first)
    torch.testing.assert_close(network(x), network.head(second))


def test_no_layer_at_all_is_a_linear_model():
    network = build_dense_network(SPACE, "identity_identity_identity", SPEC)
    assert list(dict(network.named_parameters())) == ["head.weight", "head.bias"]


def test_equal_canonical_keys_are_equal_shapes():
    rng = np.random.default_rng(0)
    shapes = {}
    for vector in SPACE.sample(300, rng):
        network = build_dense_network(SPACE, vector, SPEC)
        shape = sorted(tuple(p.shape) for p in network.parameters())
        assert shapes.setdefault(SPACE.canonical_key(vector), shape) == shape


def test_costs_are_those_of_the_network():
    vectors = SPACE.sample(40, np.random.default_rng(1))
    rows = statistics_of_many(SPACE, vectors, SPEC)
    for vector, row in zip(vectors, rows.itertuples(), strict=True):
        network = build_dense_network(SPACE, vector, SPEC)
        assert row.parameters == sum(p.numel() for p in network.parameters())
        assert row.macs == sum(p.numel() for p in network.parameters() if p.ndim == 2)


def test_first_weights_depend_on_the_seed_and_the_place():
    one = build_dense_network(SPACE, "8-relu_8-relu_8-relu", SPEC, seed=3)
    other = build_dense_network(SPACE, "8-relu_16-tanh_identity", SPEC, seed=3)
    assert torch.equal(one.get_submodule("dense_1").weight, other.get_submodule("dense_1").weight)
    third = build_dense_network(SPACE, "8-relu_8-relu_8-relu", SPEC, seed=4)
    assert not torch.equal(one.head.weight, third.head.weight)


def test_tables_and_images_do_not_mix():
    images = task_spec("class", outputs=3, image_size=8)
    with pytest.raises(InvalidArgumentError, match="take rows of a table"):
        build_task_network("dense", get_space("dense").from_example(), images)
    with pytest.raises(InvalidArgumentError, match="take images"):
        build_task_network("transnas-micro", "64-41414-3_33_132", SPEC)
    with pytest.raises(InvalidArgumentError, match="take images"):
        network_statistics("transnas-micro", "64-41414-3_33_132", SPEC)
    with pytest.raises(InvalidArgumentError, match="take rows of a table"):
        network_statistics("dense", get_space("dense").from_example(), images)
    with pytest.raises(InvalidArgumentError):
        build_network("dense", get_space("dense").from_example(), SPEC)
