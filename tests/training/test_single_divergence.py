"""A training that comes to no number says so at once."""

import dataclasses
import pickle

import pytest
import torch

from rlnas.errors import DivergedError, TrainingError
from rlnas.training import Recipe, train_network


def test_an_exploding_loss_is_reported_in_its_epoch(digits, make_network, tmp_path):
    data = digits()
    recipe = Recipe(epochs=5, batch_size=32, learning_rate=1e30, precision="float32")
    seen = []
    network = make_network(data)
    with pytest.raises(DivergedError, match=r"training loss is (nan|inf) in epoch 1 of 5.*1e\+30"):
        train_network(
            network, data, recipe, device="cpu", on_epoch=seen.append, folder=tmp_path / "run"
        )
    assert seen == []
    assert not network.training
    # What is kept is the last state that was usable, so it comes to the same again.
    with pytest.raises(DivergedError, match="epoch 1 of 5"):
        train_network(network, data, recipe, device="cpu", folder=tmp_path / "run", resume=True)


def test_the_message_says_what_to_try(digits, make_network):
    data = digits()
    recipe = Recipe(epochs=1, batch_size=32, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"smaller learning_rate.*gradient_clip") as caught:
        train_network(make_network(data), data, recipe, device="cpu")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_weight_that_is_not_a_number_is_found(digits, make_network, recipe):
    data = digits()
    network = make_network(data)
    with torch.no_grad():
        next(network.head.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(DivergedError, match="epoch 1"):
        train_network(network, data, recipe, device="cpu")


def test_a_validation_metric_that_is_no_number_is_found(tensor_data):
    inputs, targets = torch.ones(64, 3, 4, 4), torch.zeros(64, 1)
    inputs[40:] = float("inf")
    data = tensor_data(inputs, targets, held_out=24)
    network = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 1)
    )
    with pytest.raises(DivergedError, match="validation metric"):
        train_network(network, data, Recipe(epochs=3, batch_size=20, learning_rate=0.01))


def test_overflowing_float16_steps_are_left_out(digits, make_network, recipe):
    """The first scale, 2¹⁶, overflows often; such steps must not spoil the weights."""
    data = digits()
    network = make_network(data)
    half = dataclasses.replace(recipe, precision="float16", optimizer="sgd", learning_rate=0.01)
    train_network(network, data, half, device="cpu")
    assert all(value.isfinite().all() for value in network.state_dict().values())
