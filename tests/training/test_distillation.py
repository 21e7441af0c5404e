"""Learning from a teacher: losses by their definitions, whose weights move, resume, refusals."""

import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.networks import SkeletonConfig, build_network
from rlnas.training import Distillation, Recipe, train_network
from rlnas.training.distillation import Distiller, default_layers, soft_loss

CELL = "64-41414-3_12_130"
SKELETON = SkeletonConfig(
    width=4, stem_strides=(1, 2), modules="4", cells_per_module=1, decoder="light"
)
RECIPE = Recipe(epochs=2, batch_size=32, optimizer="adam", learning_rate=0.01, compile=False)


def network_for(data, seed=0, cell=CELL):
    return build_network("transnas-micro", cell, data.spec, SKELETON, seed=seed)


def test_soft_labels_are_the_divergence_at_the_temperature():
    own, wanted = torch.randn(5, 4), torch.randn(5, 4)
    p, q = (functional.softmax(x / 3, dim=1) for x in (wanted, own))
    expected = 9 * (p * (p / q).log()).sum(dim=1).mean()
    targets = torch.zeros(5, dtype=torch.int64)
    assert torch.allclose(soft_loss("class", own, wanted, targets, 3), expected, atol=1e-5)
    assert soft_loss("class", own, own, targets, 3) == pytest.approx(0, abs=1e-6)


def test_pixels_that_no_label_counts_are_left_out():
    own, wanted = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    targets = torch.zeros(2, 4, 4, dtype=torch.int64)
    targets[0], targets[1, 0] = 255, 255
    before = soft_loss("pixels", own, wanted, targets, 2)
    own[0], own[1, :, 0] = 9, 9
    assert torch.equal(soft_loss("pixels", own, wanted, targets, 2), before)
    assert soft_loss("pixels", own, wanted, torch.full_like(targets, 255), 2) == 0


@pytest.mark.parametrize("kind", ["vector", "image"])
def test_regression_imitates_the_values(kind):
    own, wanted = torch.randn(2, 3), torch.randn(2, 3)
    expected = functional.mse_loss(own, wanted)
    assert torch.equal(soft_loss(kind, own, wanted, wanted, 4), expected)


def test_features_are_compared_normalised_through_a_projection(digits):
    data = digits()
    teacher, student = network_for(data, seed=1), network_for(data, seed=2)
    options = Distillation(
        teacher=teacher,
        soft=0,
        teacher_layers=("encoder.blocks.0",),
        student_layers=("encoder.stem",),
    )
    x, y = data.train.batch(torch.arange(8))
    with Distiller(options, student, data.spec, x, seed=0) as distiller:
        distiller.train()
        loss = distiller.loss(x, student(x), y)
        taught = teacher.encoder.blocks[0](teacher.encoder.stem(x))
        own = student.encoder.stem(x)
        side = min(own.shape[2], taught.shape[2])
        own, taught = (functional.adaptive_avg_pool2d(v, side) for v in (own, taught))

        def normal(v):
            return functional.batch_norm(v, None, None, training=True)

        projected = functional.conv2d(own, distiller.projections[0][0].weight)
        expected = functional.mse_loss(normal(projected), normal(taught))
        assert torch.allclose(loss, expected, atol=1e-5)
    assert teacher.training
    assert not teacher.encoder.blocks[0]._forward_hooks


def test_the_depths_are_the_ends_of_three_thirds(digits):
    data = digits()
    skeleton = dataclasses.replace(SKELETON, modules="41414", cells_per_module=2)
    deep = build_network("transnas-micro", CELL, data.spec, skeleton)
    assert default_layers(deep) == [f"encoder.blocks.{place}" for place in (2, 6, 9)]
    assert default_layers(nn.Linear(2, 2)) == []


def test_a_student_learns_what_the_teacher_gives_and_the_teacher_stays(digits):
    data = digits()
    teacher, student = network_for(data, seed=1), network_for(data, seed=2)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    recipe = dataclasses.replace(RECIPE, epochs=8)
    result = train_network(
        student, data, recipe, device="cpu", distillation=Distillation(teacher=teacher, soft=5)
    )
    told = [record.train for record in result.history]
    assert told[-1]["soft_loss"] < 0.5 * told[0]["soft_loss"]
    assert told[-1]["feature_loss"] < told[0]["feature_loss"]
    assert all(torch.equal(value, before[n]) for n, value in teacher.state_dict().items())
    assert teacher.training
    assert student.state_dict().keys() == network_for(data).state_dict().keys()


def test_n_and_n_epochs_are_2n_bit_for_bit(digits, tmp_path):
    data = digits()
    distillation = Distillation(teacher=network_for(data, seed=1))

    def train(folder, **options):
        network = network_for(data)
        options = {"device": "cpu", "distillation": distillation, "resume": True, **options}
        train_network(network, data, RECIPE, folder=tmp_path / folder, **options)
        return network.state_dict()

    def stop(record):
        if record.epoch == 1:
            raise KeyboardInterrupt

    at_once = train("one")
    with pytest.raises(KeyboardInterrupt):
        train("two", on_epoch=stop)
    in_parts = train("two")
    assert all(torch.equal(value, in_parts[name]) for name, value in at_once.items())
    with pytest.raises(RunError, match="distillation"):
        train("two", distillation=None)
    with pytest.raises(RunError, match="distillation"):
        train("two", distillation=dataclasses.replace(distillation, temperature=2.0))


def test_without_a_teacher_nothing_changes(digits):
    """The weights are those of before there was distillation: it draws nothing."""
    data = digits()
    plain, taught = network_for(data), network_for(data)
    train_network(plain, data, RECIPE, device="cpu")
    nothing = Distillation(teacher=network_for(data, seed=1), soft=0, features=1e-30)
    train_network(taught, data, RECIPE, device="cpu", distillation=nothing)
    state = taught.state_dict()
    assert all(torch.allclose(v, state[n], atol=1e-6) for n, v in plain.state_dict().items())


def test_a_users_module_teaches_by_the_names_of_its_layers(digits):
    data = digits()
    side = data.spec.image_size
    teacher = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * side * side, 10)
    )
    options = {"teacher": teacher, "student_layers": ("encoder.blocks.0",)}
    with pytest.raises(InvalidArgumentError, match=r"a Sequential.*give teacher_layers"):
        train_network(
            network_for(data), data, RECIPE, device="cpu", distillation=Distillation(**options)
        )
    named = Distillation(**options, teacher_layers=("1",))
    result = train_network(network_for(data), data, RECIPE, device="cpu", distillation=named)
    assert result.history[-1].train["feature_loss"] > 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"teacher": nn.Sequential(nn.Flatten(), nn.Linear(7, 10))}, "teacher cannot take inputs"),
        ({"teacher": nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), "features": 0}, "gives"),
        ({"teacher_layers": ("nowhere",)}, "no layer 'nowhere'"),
        ({"teacher_layers": ("head",), "student_layers": ("head",)}, "gives no map"),
        ({"teacher_layers": ("encoder.stem", "encoder.blocks.0")}, "as many of both"),
        ({"shares": (0.1, 0.2)}, "one for each"),
    ],
)
def test_teachers_that_do_not_fit_end_in_one_clear_line(digits, changes, says):
    data = digits()
    layers = {} if "teacher" not in changes else {"teacher_layers": ("0",)}
    options = {"teacher": network_for(data, seed=1), **layers, **changes}
    with pytest.raises(InvalidArgumentError, match=says) as raised:
        Distiller(
            Distillation(**options),
            network_for(data),
            data.spec,
            data.train.batch(torch.arange(2))[0],
            seed=0,
        )
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("wrong", [{"soft": -1}, {"soft": 0, "features": 0}, {"temperature": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        Distillation(teacher=nn.Linear(1, 1), **wrong)


@pytest.mark.parametrize("task", ["jigsaw", "autoencoder"])
def test_other_kinds_of_tasks_have_teachers_too(digits, task):
    data = digits(task)
    result = train_network(
        network_for(data),
        data,
        dataclasses.replace(RECIPE, epochs=1),
        device="cpu",
        distillation=Distillation(teacher=network_for(data, seed=1)),
    )
    assert result.history[0].train["soft_loss"] > 0
