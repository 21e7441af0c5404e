"""From names to a training: the setup, and a task of it."""

import pytest

from rlnas.datasets import DataOptions, load_task_data
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.networks import SkeletonConfig
from rlnas.spaces import get_space
from rlnas.training import recipe_for
from rlnas.training.objective.task import make_training_task, prepare_training

SPACE = get_space("transnas-micro")
CONFIG = SkeletonConfig(width=4, stem_strides=(1,), modules="4", cells_per_module=1)


def test_a_task_from_names():
    task = make_training_task(
        "transnas-micro",
        "digits",
        "class",
        recipe_for("short", "class"),
        image_size=8,
        train_size=64,
        config=CONFIG,
        isolate=False,
        device="cpu",
    )
    assert task.name == "digits/class"
    assert task.metric.unit == "%"
    ledger = task.ledger(1)  # a cell that differs in a dead edge alone is not trained again
    trained = ledger.query(SPACE.parse("64-41414-0_00_310"))
    assert ledger.query(SPACE.parse("64-41414-0_00_320")) is trained
    with pytest.raises(UnknownNameError, match="jigsaw"):
        make_training_task("transnas-micro", "digits", "jigsw")


def test_a_setup_takes_the_presets_augmentation_unless_told():
    def flips(**options):
        setup = prepare_training("digits", recipe="nasbench-201", image_size=8, **options)
        return setup.data.fingerprint

    published = load_task_data("digits", "class", image_size=8, flip=True, crop_padding=1)
    assert flips() == published.fingerprint
    plain = load_task_data("digits", "class", image_size=8)
    assert flips(flip=False, crop_padding=0) == plain.fingerprint


def test_options_of_data_are_handed_on_whole():
    options = DataOptions(dataset="digits", task="jigsaw", image_size=16, train_size=64, seed=3)
    setup = prepare_training(options, recipe=recipe_for("short", "jigsaw"), epochs=2, width=4)
    assert (setup.name, setup.seed, len(setup.data.train)) == ("digits/jigsaw", 3, 64)
    assert (setup.recipe.epochs, setup.config.width) == (2, 4)
    assert setup.data.fingerprint == load_task_data(options).fingerprint
    other = prepare_training(options, "class", recipe=recipe_for("short", "class"), image_size=8)
    assert other.name == "digits/class"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"workers": 0}, "workers is 0"), ({"timeout": 0}, "timeout is 0"), ({"seed": -1}, "seed")],
)
def test_numbers_out_of_range_are_said(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        prepare_training("digits", **options)


def test_an_unknown_option_is_said():
    with pytest.raises(TypeError, match="image_sise"):
        prepare_training("digits", image_sise=8)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"schedule": "sparse-lat"}, "Did you mean 'sparse-late'"),
        ({"strength": 0.1}, "give a schedule"),
        ({"schedule": "auto", "strength": 0.1}, "strengths are searched"),
        ({"network": "16-relu_16-relu_16-relu"}, "schedule='auto'"),
        ({"schedule": "auto", "network": "16-relu"}, "is not an architecture of dense"),
        ({"schedule": "no/such.json"}, "cannot be read"),
        ({"schedule": "constant", "strength": -1.0}, "0 or more"),
    ],
)
def test_schedules_that_cannot_be(how, message):
    from rlnas.datasets.tables import TableOptions
    from rlnas.errors import RlnasError

    with pytest.raises(RlnasError, match=message):
        prepare_training(TableOptions(table="wine"), device="cpu", **how)


def test_how_a_schedule_is_given(tmp_path):
    import json

    from rlnas.datasets.tables import TableOptions
    from rlnas.training.regularisation import ExpertSchedule, Schedule, Term

    def recipe(**how):
        return prepare_training(TableOptions(table="wine"), device="cpu", **how).recipe

    schedule = Schedule((Term("l1", "head"),))
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(schedule.to_dict()))
    assert recipe(schedule=str(path)).regularisation == schedule
    assert recipe(schedule=schedule).regularisation == schedule
    named = recipe(schedule="constant", strength=0.2).regularisation
    assert named == ExpertSchedule("constant", 0.2)
    assert recipe().regularisation is None
    with pytest.raises(InvalidArgumentError, match="says its strengths itself"):
        recipe(schedule=schedule, strength=0.1)
    with pytest.raises(InvalidArgumentError, match="schedules of dense networks"):
        prepare_training("digits", schedule="auto", device="cpu")


def test_a_table_can_be_judged_otherwise():
    from rlnas.datasets.tables import TableOptions

    table = TableOptions(table="wine", metric="balanced-accuracy")
    setup = prepare_training(table, device="cpu")
    assert setup.data.spec.metric.name == "valid_balanced_accuracy"
    assert setup.settings()["metric"] == "valid_balanced_accuracy"
    assert "metric" not in prepare_training(TableOptions(table="wine"), device="cpu").settings()
    with pytest.raises(InvalidArgumentError, match="one of classes"):
        prepare_training(TableOptions(table="diabetes", metric="cross-entropy"), device="cpu")
