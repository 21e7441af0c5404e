"""Recipes: what they refuse, their schedule, their way through JSON."""

import json
import math

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.training import Recipe


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", 1),
        ("epoch_examples", 0),
        ("patience", 0),
        ("optimizer", "rmsprop"),
        ("schedule", "linear"),
        ("precision", "int8"),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("momentum", 1.1),
        ("weight_decay", -1e-4),
        ("warmup", 1),
        ("label_smoothing", -0.1),
        ("gradient_clip", 0),
        ("adversarial", 1.5),
        ("betas", (0.9,)),
        ("betas", (0.9, 1.0)),
    ],
)
def test_impossible_values_are_refused_by_name(field, value):
    with pytest.raises(InvalidArgumentError, match=f"Recipe.{field}"):
        Recipe(**{"epochs": 3, field: value})


def test_every_field_goes_through_json():
    recipe = Recipe(
        epochs=3,
        epoch_examples=70,
        batch_size=9,
        optimizer="adam",
        learning_rate=0.3,
        momentum=0.1,
        nesterov=False,
        betas=(0.5, 0.7),
        weight_decay=0.2,
        schedule="constant",
        warmup=0.25,
        label_smoothing=0.1,
        gradient_clip=2.0,
        adversarial=0.5,
        precision="bfloat16",
        compile=False,
        patience=4,
    )
    default = Recipe(epochs=1).to_dict()
    assert all(value != default[name] for name, value in recipe.to_dict().items())
    tree = json.loads(json.dumps(recipe.to_dict()))
    assert Recipe.from_dict(tree) == recipe == Recipe(**tree)


def test_a_tree_with_unknown_or_missing_fields_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"no lr.*learning_rate"):
        Recipe.from_dict({"epochs": 2, "lr": 0.1})
    with pytest.raises(InvalidArgumentError, match="give epochs"):
        Recipe.from_dict({})


def test_whole_numbers_of_numpy_are_python_s():
    assert type(Recipe(epochs=np.int64(3)).epochs) is int


def test_the_rate_rises_linearly_then_falls_by_a_cosine():
    recipe = Recipe(epochs=1, learning_rate=0.4, warmup=0.2)
    rates = [recipe.rate(step, 100) for step in range(100)]
    np.testing.assert_allclose(rates[:20], 0.4 * np.arange(1, 21) / 21)
    assert rates[20] == max(rates) == 0.4
    assert rates[60] == pytest.approx(0.2)  # half of the way down
    np.testing.assert_allclose(rates[20:], 0.2 * (1 + np.cos(np.pi * np.arange(80) / 80)))
    assert 0 < rates[-1] < 0.001


def test_a_constant_rate_stays_after_the_warm_up():
    recipe = Recipe(epochs=1, learning_rate=0.4, warmup=0.5, schedule="constant")
    rates = [recipe.rate(step, 10) for step in range(10)]
    assert rates[5:] == [0.4] * 5
    assert rates[:5] == sorted(rates[:5])
    assert rates[4] < 0.4


def test_without_a_warm_up_the_first_step_has_the_highest_rate():
    recipe = Recipe(epochs=1, learning_rate=0.1)
    assert recipe.rate(0, 7) == 0.1
    assert all(math.isfinite(recipe.rate(step, 1)) for step in range(1))
