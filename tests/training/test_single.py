"""Training learns: digits, a linear map, in every arithmetic and with every optimiser."""

import dataclasses

import pytest
import torch
from torch import nn

from rlnas.datasets.tables import load_table_data
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, build_dense_network
from rlnas.spaces import get_space
from rlnas.training import Recipe, train_network

BETTER = SkeletonConfig(width=8, stem_strides=(1, 2), modules="4", cells_per_module=1)


def test_digits_are_learned(digits, make_network):
    data = digits(train_size=1024, valid_size=256, test_size=256)
    network = make_network(data, architecture="64-41414-3_33_133", config=BETTER)
    recipe = Recipe(epochs=4, batch_size=32, optimizer="adamw", learning_rate=0.01, warmup=0.1)
    result = train_network(network, data, recipe, device="cpu")
    assert result.score > 90
    assert result.test_score > 90
    losses = [record.train["loss"] for record in result.history]
    assert losses[-1] < losses[0] / 3


@pytest.fixture(scope="module")
def linear_map(tensor_data):
    """Vectors that are a linear map of the means of an image's channels."""
    draws = torch.Generator().manual_seed(0)
    inputs = torch.randn(288, 3, 4, 4, generator=draws)
    weights = torch.randn(3, 2, generator=draws)
    return tensor_data(inputs, 4 * inputs.mean(dim=(2, 3)) @ weights + 1)


def linear_network():
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    return network


@pytest.mark.parametrize(
    ("optimizer", "rate"), [("sgd", 0.05), ("adam", 0.3), ("adamw", 0.3)], ids=str
)
def test_a_linear_map_is_found(optimizer, rate, linear_map):
    recipe = Recipe(
        epochs=40, batch_size=32, optimizer=optimizer, learning_rate=rate, weight_decay=0
    )
    result = train_network(linear_network(), linear_map, recipe, device="cpu")
    first, last = (result.history[i].valid["metric"] for i in (0, -1))
    assert last < 0.001 < first
    assert result.score == -last  # a loss counts negatively


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_learns_as_float32_does(precision, digits, make_network):
    data = digits(train_size=512, valid_size=256)
    recipe = Recipe(
        epochs=3, batch_size=32, optimizer="adamw", learning_rate=0.01, precision="float32"
    )
    losses = {}
    for name in ("float32", precision):
        network = make_network(data)
        result = train_network(
            network, data, dataclasses.replace(recipe, precision=name), device="cpu"
        )
        assert all(p.dtype == torch.float32 for p in network.parameters())
        losses[name] = [record.train["loss"] for record in result.history]
    assert losses[precision] != losses["float32"]  # it was another arithmetic
    assert losses[precision] == pytest.approx(losses["float32"], rel=0.1)


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_no_gradient_is_longer_than_the_clip(precision, linear_map, monkeypatch):
    norms = []
    step = torch.optim.SGD.step

    def spy(optimizer, *args, **kwargs):
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
        norms.append(float(torch.cat([g.flatten() for g in gradients]).norm()))
        return step(optimizer, *args, **kwargs)

    monkeypatch.setattr(torch.optim.SGD, "step", spy)
    recipe = Recipe(
        epochs=1, batch_size=32, learning_rate=1e-3, gradient_clip=0.25, precision=precision
    )
    train_network(linear_network(), linear_map, recipe, device="cpu")
    # float16 leaves out steps whose gradients overflow, until its scale is low enough.
    assert len(norms) == 8 if precision == "float32" else 4 <= len(norms) < 8
    assert norms == pytest.approx([0.25] * len(norms), rel=1e-3)  # all were longer


def test_the_measured_loss_is_the_one_that_was_minimised(digits, make_network, recipe):
    data = digits()
    smoothed = dataclasses.replace(recipe, epochs=1, label_smoothing=0.3, learning_rate=1e-9)
    plain = dataclasses.replace(smoothed, label_smoothing=0.0)
    with_it, without = (
        train_network(make_network(data), data, r, device="cpu").history[0]
        for r in (smoothed, plain)
    )
    assert with_it.train["loss"] != pytest.approx(without.train["loss"], rel=1e-3)
    assert with_it.valid["loss"] == pytest.approx(without.valid["loss"], rel=1e-3)


def test_train_metrics_change_nothing_but_the_record(digits, make_network, recipe, same_weights):
    data = digits()
    one, two = make_network(data), make_network(data)
    full = train_network(one, data, recipe, device="cpu")
    slim = train_network(two, data, recipe, device="cpu", train_metrics=False)
    assert same_weights(one, two)
    assert [r.valid for r in full.history] == [r.valid for r in slim.history]
    assert set(slim.history[0].train) == {"loss"}
    assert set(full.history[0].train) == {"loss", "metric"}


def test_the_network_comes_back_ready_for_use(digits, make_network, recipe):
    data = digits()
    network = make_network(data)
    result = train_network(network, data, recipe, device="cpu")
    assert not network.training
    assert all(p.grad is None for p in network.parameters())
    inputs, labels = data.valid.batch(torch.arange(len(data.valid)))
    accuracy = 100 * (network(inputs).argmax(dim=1) == labels).float().mean()
    assert result.score == pytest.approx(float(accuracy))


def test_a_network_for_other_data_is_refused(digits, make_network, recipe):
    with pytest.raises(InvalidArgumentError, match="image_size"):
        train_network(make_network(digits(image_size=24)), digits(), recipe, device="cpu")
    with pytest.raises(InvalidArgumentError, match="kind"):
        train_network(make_network(digits("jigsaw")), digits(), recipe, device="cpu")


def test_a_dense_network_takes_one_thread():
    """Several wait for each other longer than they compute, by far where a machine is busy."""
    data = load_table_data("iris")
    network = build_dense_network(get_space("dense"), "16-relu_identity_identity", data.spec)
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        recipe = Recipe(epochs=1, batch_size=32)
        note = lambda record: seen.append(torch.get_num_threads())  # noqa: E731
        train_network(network, data, recipe, device="cpu", on_epoch=note)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1]
