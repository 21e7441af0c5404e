"""Cutting: a smaller network with the same outputs, whatever the architecture and the zeros."""

import numpy as np
import pytest
import torch

from rlnas.datasets.spec import table_spec
from rlnas.errors import InvalidArgumentError
from rlnas.networks import build_dense_network
from rlnas.networks.cutting import cut_network, mask_units
from rlnas.spaces import DenseSpace

SPACE = DenseSpace(4, [6, 9], ["relu", "tanh", "sigmoid", "linear"], skips=3)
SPEC = table_spec(features=6, outputs=3)
INPUTS = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))


def same(one, other):
    torch.testing.assert_close(one(INPUTS), other(INPUTS), atol=1e-6, rtol=0)


def zeroed(network, share, seed):
    """Zero a share of all units' weights, and of some weights onward."""
    stream = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("weight"):
                rows = torch.rand(len(weight), generator=stream) < share
                weight[rows] = 0
                columns = torch.rand(weight.shape[1], generator=stream) < share / 2
                weight[:, columns] = 0
    return network


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_outputs_stay_whatever_is_zero(share):
    for seed, vector in enumerate(SPACE.sample(40, np.random.default_rng(1))):
        network = zeroed(build_dense_network(SPACE, vector, SPEC, seed=seed).eval(), share, seed)
        small = cut_network(network)
        same(small, network)
        assert small.parameters_in_use <= network.parameters_in_use
        assert small.architecture == network.architecture
        # Once is enough.
        again = cut_network(small)
        same(again, network)
        assert again.parameters_in_use <= small.parameters_in_use


def test_what_nothing_needs_goes():
    network = build_dense_network(SPACE, "9-relu_9-tanh_6-relu_identity", SPEC).eval()
    with torch.no_grad():
        network.dense_1.weight[:3] = 0  # constants
        network.dense_3.weight[:, 5] = 0  # nothing depends on one unit of layer 2
    small = cut_network(network)
    assert [step.width for step in small.steps] == [6, 8, 6]
    same(small, network)
    assert small.parameters_in_use == (7 * 6) + (7 * 8) + (9 * 6) + (7 * 3)
    assert network.dense_1.out_features == 9  # the other stays as it is


def test_an_untouched_network_is_not_changed():
    network = build_dense_network(SPACE, "9-relu-s1_6-tanh-s1-s2_9-relu_6-linear", SPEC).eval()
    small = cut_network(network)
    assert small.steps == network.steps
    for one, other in zip(small.parameters(), network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_constant_network():
    network = build_dense_network(SPACE, "9-relu_identity-s1_6-tanh_9-relu", SPEC).eval()
    mask_units(network, {"layer-1": torch.ones(9, dtype=torch.bool)})
    small = cut_network(network)
    assert [step.width for step in small.steps] == [1, 1, 1, 1]
    same(small, network)


def test_masks():
    network = build_dense_network(SPACE, "9-relu_6-tanh_identity_identity", SPEC).eval()
    mask = torch.tensor([True, False, False, True, False, False])
    mask_units(network, {"layer-2": mask})
    assert (network.dense_2.weight[mask] == 0).all()
    assert (network.dense_2.bias[mask] != 0).all()
    assert [step.width for step in cut_network(network).steps] == [9, 4]
    with pytest.raises(InvalidArgumentError, match="layer-1 of 9, layer-2 of 6"):
        mask_units(network, {"layer-2": torch.ones(5, dtype=torch.bool)})
