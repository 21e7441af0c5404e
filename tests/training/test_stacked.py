"""Training side by side comes to what training one by one comes to."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.training import Recipe, train_network, train_stacked

CELLS = ("64-41414-3_12_130", "64-41414-1_23_032", "64-41414-1_11_121")


@pytest.fixture
def networks(digits, make_network):
    """Three networks of different cells."""
    return [make_network(digits(), seed=n, architecture=cell) for n, cell in enumerate(CELLS)]


def rows(result):
    """The measurements of a training without its seconds."""
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in result.rows()]


def assert_close_weights(network, other, tolerance):
    for (name, value), expected in zip(
        network.state_dict().items(), other.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(
            value, expected, rtol=tolerance, atol=tolerance, msg=f"{name} differs"
        )


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": "sgd", "learning_rate": 0.02},
        {"optimizer": "adamw", "learning_rate": 1e-3, "label_smoothing": 0.1},
    ],
    ids=["sgd", "adamw"],
)
def test_cells_end_as_they_would_alone(digits, networks, options):
    recipe = Recipe(epochs=3, batch_size=16, weight_decay=0.01, warmup=0.2, **options)
    alone = copy.deepcopy(networks)
    together = train_stacked(networks, digits(), recipe, seed=5, device="cpu")
    for network, other, result in zip(networks, alone, together, strict=True):
        expected = train_network(other, digits(), recipe, seed=5, device="cpu")
        assert_close_weights(network, other, 2e-3)
        assert result.score == pytest.approx(expected.score, abs=100 / 48 + 1e-9)
        assert [r.keys() for r in rows(result)] == [r.keys() for r in rows(expected)]
        for mine, theirs in zip(rows(result), rows(expected), strict=True):
            for name in ("train_loss", "valid_loss", "test_loss", "learning_rate"):
                assert mine[name] == pytest.approx(theirs[name], rel=1e-3)
        assert result.error is None
        assert not network.training


@pytest.mark.parametrize("tasks", [("class", "autoencoder", "class"), ("jigsaw", "jigsaw")])
def test_tasks_end_as_they_would_alone(digits, make_network, tasks):
    recipe = Recipe(epochs=2, batch_size=16, learning_rate=0.02)
    data = [digits(task) for task in tasks]
    networks = [make_network(item, seed=n) for n, item in enumerate(data)]
    alone = copy.deepcopy(networks)
    together = train_stacked(networks, data, recipe, device="cpu")
    for item, other, result in zip(data, alone, together, strict=True):
        expected = train_network(other, item, recipe, device="cpu")
        assert result.spec == item.spec
        assert rows(result)[-1]["valid_loss"] == pytest.approx(
            rows(expected)[-1]["valid_loss"], rel=1e-3
        )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_member_that_diverges_fails_alone(digits, networks, place):
    recipe = Recipe(epochs=3, batch_size=16, optimizer="adamw", learning_rate=1e-3)
    with torch.no_grad():
        networks[place].encoder.stem[0].weight.fill_(1e38)
    alone = copy.deepcopy(networks)
    together = train_stacked(networks, digits(), recipe, device="cpu")
    failed = together.pop(place)
    assert failed.error == "the loss is not finite in epoch 1"
    assert math.isnan(failed.score)
    assert math.isnan(failed.test_score)
    assert len(failed.history) == 3
    for number, result in zip([n for n in range(3) if n != place], together, strict=True):
        expected = train_network(alone[number], digits(), recipe, device="cpu")
        assert result.error is None
        assert result.score == pytest.approx(expected.score, abs=100 / 48 + 1e-9)
        assert_close_weights(networks[number], alone[number], 2e-3)


def test_training_ends_when_all_have_failed(digits, networks):
    for network in networks:
        with torch.no_grad():
            network.head.linear.bias.fill_(float("nan"))
    recipe = Recipe(epochs=9, batch_size=32)
    results = train_stacked(networks, digits(), recipe, device="cpu")
    assert [len(result.history) for result in results] == [1, 1, 1]
    assert all(math.isnan(result.score) for result in results)


def test_weights_that_blow_up_in_the_last_step_are_a_failure(digits, networks):
    # One step an epoch: its loss is finite, what it leaves behind is not.
    recipe = Recipe(epochs=1, batch_size=96, learning_rate=1e38, warmup=0.0, momentum=0.0)
    results = train_stacked(networks, digits(), recipe, device="cpu")
    assert all(math.isfinite(result.history[0].train["loss"]) for result in results)
    assert all("not finite" in result.error for result in results)


def test_test_metric_of_the_last_epoch_alone(digits, networks, recipe):
    results = train_stacked(
        networks, digits(), recipe, device="cpu", test_every_epoch=False, train_metrics=False
    )
    for result in results:
        assert [bool(record.test) for record in result.history] == [False] * 3 + [True]
        assert all(set(record.train) == {"loss"} for record in result.history)


@pytest.mark.parametrize(
    "option",
    [
        {"patience": 3},
        {"gradient_clip": 1.0},
        {"adversarial": 0.01},
        {"precision": "float16"},
    ],
)
def test_recipes_that_treat_members_as_one_are_refused(digits, networks, recipe, option):
    with pytest.raises(
        InvalidArgumentError, match=rf"Recipe\.{next(iter(option))} .*train_network"
    ):
        train_stacked(networks, digits(), replace(recipe, **option), device="cpu")


def test_data_that_do_not_fit_are_refused(digits, networks, recipe):
    with pytest.raises(InvalidArgumentError, match="data for 2 networks, but 3"):
        train_stacked(networks, [digits(), digits()], recipe, device="cpu")
    with pytest.raises(InvalidArgumentError, match="built for"):
        train_stacked(networks, digits("autoencoder"), recipe, device="cpu")
    other = digits(train_size=64)
    with pytest.raises(InvalidArgumentError, match="different train images"):
        train_stacked(networks, [digits(), other, digits()], recipe, device="cpu")
