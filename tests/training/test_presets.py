"""Presets: the published numbers, and augmentation that the data accept."""

import pytest

from rlnas.datasets import KINDS, TRANSNAS_TASKS, load_task_data
from rlnas.errors import UnknownNameError
from rlnas.training import recipe_data_options, recipe_for, recipe_names

# Epochs, optimiser, highest rate, weight decay, weight of the discriminator [authors' files].
PUBLISHED = {
    "class_object": (25, "sgd", 0.1, 5e-4, 0),
    "class_scene": (25, "sgd", 0.1, 5e-4, 0),
    "room_layout": (25, "sgd", 0.1, 5e-4, 0),
    "jigsaw": (10, "sgd", 0.1, 5e-4, 0),
    "segmentsemantic": (30, "sgd", 0.1, 5e-4, 0),
    "normal": (30, "adam", 1e-4, 1e-4, 0.01),
    "autoencoder": (30, "adam", 5e-4, 1e-4, 0.01),
}


@pytest.mark.parametrize("task", TRANSNAS_TASKS)
def test_transnas_recipes_are_the_published_ones(task):
    recipe = recipe_for("transnas", task)
    found = (
        recipe.epochs,
        recipe.optimizer,
        recipe.learning_rate,
        recipe.weight_decay,
        recipe.adversarial,
    )
    assert found == PUBLISHED[task]
    assert (recipe.batch_size, recipe.precision) == (128, "float32")
    if recipe.optimizer == "adam":
        assert (recipe.betas, recipe.schedule, recipe.warmup) == ((0.5, 0.999), "constant", 0)
    else:
        assert (recipe.momentum, recipe.nesterov, recipe.schedule) == (0.9, True, "cosine")


@pytest.mark.parametrize(("preset", "epochs"), [("nasbench-201", 200), ("nasbench-201-12", 12)])
def test_nasbench_201_recipes_are_the_published_ones(preset, epochs):
    recipe = recipe_for(preset, "class")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (epochs, 256, 0.1)
    assert (recipe.optimizer, recipe.momentum, recipe.nesterov) == ("sgd", 0.9, True)
    assert (recipe.weight_decay, recipe.schedule, recipe.warmup) == (5e-4, "cosine", 0)


@pytest.mark.parametrize("preset", recipe_names())
@pytest.mark.parametrize("task", [*TRANSNAS_TASKS, "class"])
def test_every_preset_suits_every_task(preset, task):
    recipe = recipe_for(preset, task)
    assert not recipe.adversarial or KINDS[task] == "image"


@pytest.mark.parametrize("preset", recipe_names())
@pytest.mark.parametrize("task", ["class", "jigsaw", "autoencoder"])
def test_the_data_accept_a_preset_s_augmentation(preset, task):
    load_task_data("digits", task, train_size=8, **recipe_data_options(preset, task))


@pytest.mark.parametrize("preset", recipe_names())
@pytest.mark.parametrize("task", ["room_layout", "normal"])
def test_nothing_is_flipped_that_has_a_left_and_a_right(preset, task):
    assert recipe_data_options(preset, task) == {}


def test_published_augmentation():
    assert recipe_data_options("transnas", "segmentsemantic") == {"flip": True}
    assert recipe_data_options("nasbench-201", "class", 16) == {"flip": True, "crop_padding": 2}
    assert recipe_data_options("rooms", "class_object") == {}


def test_unknown_names_are_reported():
    with pytest.raises(UnknownNameError, match="transnas"):
        recipe_for("transnass", "jigsaw")
    with pytest.raises(UnknownNameError, match="jigsaw"):
        recipe_for("rooms", "jigsaws")
    with pytest.raises(UnknownNameError):
        recipe_data_options("transnas", "depth")
