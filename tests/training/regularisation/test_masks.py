"""Masks of neurons: found on the examples given, never worse than none, really cut."""

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks.cutting import cut_network, mask_units
from rlnas.training import train_network
from rlnas.training.regularisation import search_masks


@pytest.fixture
def trained(build, table_data, recipe):
    network = build("8-relu_8-tanh_identity")
    train_network(network, table_data, recipe(epochs=10), device="cpu")
    return network


def test_what_is_found(trained, table_data):
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    found = search_masks(trained, table_data.valid, population=8, generations=5)
    for name, value in trained.state_dict().items():
        assert torch.equal(value, before[name])
    assert found.loss <= found.loss_before
    assert set(found.masks) == {"layer-1", "layer-2"}
    assert found.evaluations == 2 + 2 * (8 + 5 * 7)
    for layer in (found.history[:5], found.history[5:]):
        assert list(layer) == sorted(layer, reverse=True)
    assert search_masks(trained, table_data.valid, population=8, generations=5).loss == found.loss


def test_a_reward_for_size_takes_out_more(trained, table_data):
    plain = search_masks(trained, table_data.valid, population=8, generations=8)
    small = search_masks(trained, table_data.valid, population=8, generations=8, size_weight=5.0)
    assert small.removed > plain.removed
    mask_units(trained, small.masks)
    cut = cut_network(trained)
    assert sum(step.width for step in cut.steps) <= max(16 - small.removed, 2)
    inputs = table_data.test.inputs
    torch.testing.assert_close(cut(inputs), trained(inputs), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    "options", [{"population": 1}, {"elite": 0}, {"start": 2}, {"size_weight": -1.0}]
)
def test_arguments_out_of_range(trained, table_data, options):
    with pytest.raises(InvalidArgumentError):
        search_masks(trained, table_data.valid, **options)
