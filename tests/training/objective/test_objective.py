"""The objective that trains: what it scores, what it keeps, what it uses again."""

from dataclasses import replace

import pytest
import torch

from rlnas.datasets import load_task_data
from rlnas.errors import InvalidArgumentError, RunError, UnknownNameError
from rlnas.networks import SkeletonConfig
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import Task
from rlnas.training import Recipe, train_network
from rlnas.training.metrics import confusion_matrix
from rlnas.training.objective.objective import TrainingObjective

SPACE = get_space("transnas-micro")
CONFIG = SkeletonConfig(width=4, stem_strides=(1,), modules="4", cells_per_module=1)
RECIPE = Recipe(epochs=2, batch_size=16, optimizer="adamw", learning_rate=0.02)
GOOD, OTHER, EMPTY = "64-41414-3_33_333", "64-41414-2_02_133", "64-41414-0_00_000"


@pytest.fixture(scope="module")
def data():
    return load_task_data(
        "digits", "class", image_size=8, train_size=128, valid_size=60, test_size=50
    )


def objective(data, **options):
    defaults = {"recipe": RECIPE, "config": CONFIG, "device": "cpu", "isolate": False}
    return TrainingObjective(SPACE, data, **{**defaults, **options})


def vectors(*names):
    return [SPACE.parse(name) for name in names]


class Counting:
    """Trains, and notes what."""

    def __init__(self):
        self.trained = []

    def __call__(self, network, data, recipe, **options):
        self.trained.append(network.architecture)
        return train_network(network, data, recipe, **options)


def forbidden(*arguments, **options):
    raise AssertionError("nothing is trained again")


def test_a_process_of_its_own_gives_the_same_numbers(data, tmp_path):
    here = objective(data)
    apart = objective(data, isolate=True, workers=2, folder=tmp_path)
    asked = vectors(GOOD, OTHER, GOOD)
    own = list(here.evaluate_many(asked))
    assert [e.score for e in apart.evaluate_many(asked)] == [e.score for e in own]
    assert own[0] == own[2]
    assert own[0].score > 100 / 10
    assert own[0].score != own[1].score
    assert [e.cost > 0 for e in own] == [True] * 3
    assert (here.in_flight, apart.in_flight) == (1, 2)


def test_the_score_is_validation_and_evaluations_carry_no_test_number(data):
    found = objective(data)
    evaluation = found.evaluate(SPACE.parse(GOOD))
    record = found.record(GOOD)
    assert evaluation.score == record.valid["metric"] == record.history[-1]["valid_metric"]
    assert record.test["metric"] == record.history[-1]["test_metric"]
    assert evaluation.metrics == {}
    result = get_searcher("random").search(Task("t", SPACE, found), 3, seed=0)
    assert not [name for name in result.to_frame().columns if "test" in name]


def test_a_metric_where_less_is_better_becomes_a_negative_score():
    rooms = load_task_data(
        "rooms", "room_layout", image_size=16, train_size=32, valid_size=16, test_size=16
    )
    found = objective(rooms, recipe=replace(RECIPE, epochs=1))
    evaluation = found.evaluate(SPACE.parse(GOOD))
    assert evaluation.score == -found.record(GOOD).valid["metric"] < 0


def test_the_seed_decides_and_is_the_same_for_all_architectures(data):
    asked = vectors(OTHER)
    first, again = (list(objective(data, seed=1).evaluate_many(asked)) for _ in range(2))
    (other,) = objective(data, seed=2).evaluate_many(asked)
    assert first[0].score == again[0].score
    assert first[0].score != other.score


def test_what_is_recorded_is_not_trained_again(data, tmp_path):
    count = Counting()
    before = list(objective(data, folder=tmp_path, train=count).evaluate_many(vectors(GOOD, OTHER)))
    again = objective(data, folder=tmp_path, train=forbidden)
    after = list(again.evaluate_many(vectors(OTHER, GOOD)))
    assert after == before[::-1]
    assert count.trained == [GOOD, OTHER]
    assert {r.architecture for r in again.records()} == {GOOD, OTHER}
    third = objective(data, folder=tmp_path, train=count)
    list(third.evaluate_many(vectors(GOOD, EMPTY)))
    assert count.trained == [GOOD, OTHER, EMPTY]


def test_records_come_back_as_they_were(data, tmp_path):
    found = objective(data, folder=tmp_path)
    found.evaluate(SPACE.parse(GOOD))
    kept = found.record(GOOD)
    assert objective(data, folder=tmp_path).record(GOOD) == kept
    assert objective(data, folder=tmp_path).record(OTHER) is None
    assert [row["epoch"] for row in kept.history] == [1, 2]
    assert kept.device == "cpu"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"recipe": replace(RECIPE, epochs=3)}, "recipe.epochs is 2 there, not 3"),
        ({"config": replace(CONFIG, width=6)}, "config.width is 4 there, not 6"),
        ({"seed": 5}, "seed is 0 there, not 5"),
    ],
)
def test_another_way_of_training_is_refused_by_name(data, tmp_path, changed, named):
    objective(data, folder=tmp_path)
    objective(data, folder=tmp_path)
    with pytest.raises(RunError, match=named):
        objective(data, folder=tmp_path, **changed)


def test_other_data_are_refused(data, tmp_path):
    objective(data, folder=tmp_path)
    fewer = load_task_data(
        "digits", "class", image_size=8, train_size=100, valid_size=60, test_size=50
    )
    with pytest.raises(RunError, match="data is"):
        objective(fewer, folder=tmp_path)


def test_an_interrupted_training_goes_on_after_its_last_epoch(data, tmp_path):
    def interrupted(network, data, recipe, **options):
        def stop(record):
            raise KeyboardInterrupt

        return train_network(network, data, recipe, on_epoch=stop, **options)

    with pytest.raises(KeyboardInterrupt):
        objective(data, folder=tmp_path, train=interrupted).evaluate(SPACE.parse(GOOD))
    epochs = []

    def resumed(network, data, recipe, **options):
        note = lambda record: epochs.append(record.epoch)  # noqa: E731
        return train_network(network, data, recipe, on_epoch=note, **options)

    found = objective(data, folder=tmp_path, train=resumed).evaluate(SPACE.parse(GOOD))
    assert epochs == [2]
    assert found.score == objective(data).evaluate(SPACE.parse(GOOD)).score


def test_the_trained_network_is_kept(data, tmp_path):
    found = objective(data, folder=tmp_path)
    found.evaluate(SPACE.parse(GOOD))
    network = found.network(GOOD)
    confusion = confusion_matrix(network, data.test, 10)
    truth = data.test.batch(torch.arange(len(data.test)))[1]
    assert confusion.sum(dim=1).tolist() == torch.bincount(truth, minlength=10).tolist()
    accuracy = 100 * confusion.diagonal().sum().item() / len(data.test)
    assert accuracy == pytest.approx(found.record(GOOD).test["metric"])
    with pytest.raises(RunError, match="no trained weights"):
        found.network(OTHER)


def test_a_trainer_that_keeps_no_weights_has_them_kept(data, tmp_path):
    def plain(network, data, recipe, *, folder, resume, **options):
        return train_network(network, data, recipe, **options)

    found = objective(data, folder=tmp_path, train=plain)
    found.evaluate(SPACE.parse(GOOD))
    confusion = confusion_matrix(found.network(GOOD), data.valid, 10)
    assert 100 * confusion.diagonal().sum().item() / 60 == pytest.approx(found.record(GOOD).score)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0, "isolate": True}, "workers is 0"),
        ({"timeout": 0.0, "isolate": True}, "timeout is 0"),
        ({"workers": 2}, "isolate"),
        ({"device": "tpu"}, "device"),
    ],
)
def test_bad_arguments_are_said_at_once(data, options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        objective(data, **options)


def test_unknown_names_are_said_at_once(data):
    with pytest.raises(UnknownNameError, match="shrt"):
        TrainingObjective(SPACE, data, "shrt")
    with pytest.raises(UnknownNameError, match="transnas-micro"):
        TrainingObjective("transnas-mikro", data)


def test_what_fits_no_image_is_said_before_anything_is_trained():
    rooms = load_task_data(
        "rooms", "normal", image_size=16, train_size=32, valid_size=16, test_size=16
    )
    with pytest.raises(InvalidArgumentError, match="light"):
        objective(rooms, config=SkeletonConfig(stem_strides=(1,), modules="1"))
