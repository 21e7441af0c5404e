"""An interrupted training goes on as if nothing had happened, bit for bit."""

import dataclasses
import json
import multiprocessing
import os
import signal

import pytest
import torch

from rlnas.errors import CheckpointError, RunError
from rlnas.networks import SkeletonConfig
from rlnas.training import Recipe, TrainingResult, train_network
from rlnas.training.loop import Loop

ADAM = Recipe(epochs=4, batch_size=32, optimizer="adamw", learning_rate=0.01, warmup=0.1)
CASES = {
    "adamw": ("class", ADAM),
    "adam and clipping": (
        "class",
        dataclasses.replace(ADAM, optimizer="adam", gradient_clip=0.5, label_smoothing=0.1),
    ),
    "sgd": ("class", Recipe(epochs=4, batch_size=32, learning_rate=0.05)),
    "sgd without momentum": ("class", Recipe(epochs=4, batch_size=32, momentum=0.0)),
    "early stopping": ("class", dataclasses.replace(ADAM, patience=2, learning_rate=0.1)),
    "short epochs": ("class", dataclasses.replace(ADAM, epoch_examples=32, epochs=5)),
    "float16": ("class", dataclasses.replace(ADAM, precision="float16")),
    "adversarial": (
        "autoencoder",
        dataclasses.replace(ADAM, epochs=3, batch_size=8, adversarial=0.2, optimizer="adam"),
    ),
    "jigsaw": ("jigsaw", dataclasses.replace(ADAM, epochs=3)),
}


class Interruption(Exception):
    """Stands for Ctrl-C."""


def interrupt_after(epoch):
    def on_epoch(record):
        if record.epoch == epoch:
            raise Interruption

    return on_epoch


def measured(result):
    """Return a result without the seconds it took."""
    seconds = ("seconds", "evaluation_seconds", "cpu_seconds")
    rows = [{k: v for k, v in row.items() if k not in seconds} for row in result.rows()]
    return rows, result.best_epoch, result.score, result.test_score


@pytest.fixture
def overflowing_scale(monkeypatch):
    """Let float16 begin with a scale at which gradients overflow, so that it has to fall."""

    def scaler(precision, device):
        enabled = precision == "float16"
        return torch.amp.GradScaler(device.type, init_scale=2.0**26, enabled=enabled)

    monkeypatch.setattr("rlnas.training.loop.loss_scaler", scaler)


@pytest.mark.usefixtures("narrow_discriminator", "overflowing_scale")
@pytest.mark.parametrize("case", CASES)
def test_two_halves_are_the_whole(case, tmp_path, digits, make_network, same_weights):
    task, recipe = CASES[case]
    options = {"flip": True} if task != "class" else {"flip": True, "crop_padding": 1}
    sizes = {"train_size": 2 * recipe.batch_size, "valid_size": 16, "test_size": 16}
    data = digits(task, **options, **sizes)
    whole = make_network(data)
    expected = train_network(whole, data, recipe, device="cpu", seed=3)
    with pytest.raises(Interruption):
        train_network(
            make_network(data),
            data,
            recipe,
            device="cpu",
            seed=3,
            folder=tmp_path / "run",
            on_epoch=interrupt_after(2),
        )
    halves = make_network(data, seed=99)  # the folder's weights count, not these
    seen = []
    result = train_network(
        halves,
        data,
        recipe,
        device="cpu",
        seed=3,
        folder=tmp_path / "run",
        resume=True,
        on_epoch=lambda record: seen.append(record.epoch),
    )
    assert seen == list(range(3, len(expected.history) + 1))
    assert measured(result) == measured(expected)
    assert same_weights(halves, whole)


def test_a_finished_training_returns_its_result(
    tmp_path, digits, make_network, recipe, same_weights
):
    data = digits()
    trained, loaded = make_network(data), make_network(data, seed=5)
    result = train_network(trained, data, recipe, device="cpu", folder=tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def never(record):
        raise AssertionError("it trained again")

    again = train_network(
        loaded, data, recipe, device="cpu", folder=tmp_path, resume=True, on_epoch=never
    )
    assert again == result
    assert isinstance(again, TrainingResult)
    assert same_weights(trained, loaded)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_resuming_where_nothing_is_begins(tmp_path, digits, make_network, recipe):
    data = digits()
    result = train_network(
        make_network(data), data, recipe, device="cpu", folder=tmp_path / "new", resume=True
    )
    assert len(result.history) == recipe.epochs


def begin(folder, data, network, recipe, **options):
    with pytest.raises(Interruption):
        train_network(
            network,
            data,
            recipe,
            device="cpu",
            folder=folder,
            on_epoch=interrupt_after(1),
            **options,
        )


def test_a_folder_in_use_is_refused(tmp_path, digits, make_network, recipe):
    data = digits()
    begin(tmp_path, data, make_network(data), recipe)
    with pytest.raises(RunError, match="resume=True"):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file"):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path / "file")


def test_a_folder_of_something_else_is_refused(tmp_path, digits, make_network, recipe):
    (tmp_path / "config.json").write_text(json.dumps({"format": 1, "controller": {}}))
    data = digits()
    with pytest.raises(RunError, match="something else"):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path, resume=True)


def test_foreign_weights_are_not_overwritten(tmp_path, digits, make_network, recipe):
    (tmp_path / "weights.safetensors").write_text("mine")
    data = digits()
    with pytest.raises(RunError, match=r"weights.safetensors of something else"):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path)
    assert (tmp_path / "weights.safetensors").read_text() == "mine"


OTHER_SKELETON = SkeletonConfig(width=6, stem_strides=(1, 2), modules="4", cells_per_module=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"recipe": dataclasses.replace(ADAM, learning_rate=0.02)},
            r"recipe.learning_rate is 0.01 there, not 0.02",
        ),
        ({"recipe": dataclasses.replace(ADAM, epochs=8)}, r"recipe.epochs is 4 there, not 8"),
        ({"seed": 1}, r"seed is 0 there, not 1"),
        ({"network": {"architecture": "64-41414-3_12_131"}}, r"architecture is .*130.*131"),
        ({"network": {"config": OTHER_SKELETON}}, r"config.width is 4 there, not 6"),
        ({"data": {"flip": True}}, r"data.fingerprint is"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_another_training_is_refused_by_its_difference(
    changes, message, tmp_path, digits, make_network
):
    data = digits()
    begin(tmp_path, data, make_network(data), ADAM)
    other = digits(**changes.get("data", {}))
    network = make_network(other, **changes.get("network", {}))
    with pytest.raises(RunError, match=message):
        train_network(
            network,
            other,
            changes.get("recipe", ADAM),
            seed=changes.get("seed", 0),
            device="cpu",
            folder=tmp_path,
            resume=True,
        )


@pytest.mark.parametrize("name", ["training_state.safetensors", "config.json"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage"])
def test_damage_is_reported(name, damage, tmp_path, digits, make_network, recipe):
    data = digits()
    begin(tmp_path, data, make_network(data), recipe)
    content = (tmp_path / name).read_bytes()
    new = {"truncated": content[: len(content) // 2], "empty": b"", "garbage": b"\xff\x00" * 99}
    (tmp_path / name).write_bytes(new[damage])
    with pytest.raises(CheckpointError, match=name):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path, resume=True)


@pytest.mark.parametrize("name", ["history.json", "weights.safetensors"])
def test_damage_of_a_finished_training_is_reported(name, tmp_path, digits, make_network, recipe):
    data = digits()
    train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path)
    (tmp_path / name).write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        train_network(make_network(data), data, recipe, device="cpu", folder=tmp_path, resume=True)


def train_until_killed(folder, data, network, recipe):
    """Train, and be killed in the middle of the third epoch."""
    evaluate, done = Loop.evaluate, []

    def deadly(self, name):
        if len(done) == 5:  # training is done, and the evaluation on validation examples
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(name)
        return evaluate(self, name)

    Loop.evaluate = deadly
    train_network(network, data, recipe, device="cpu", folder=folder)


def test_a_killed_process_leaves_a_folder_to_go_on_with(
    tmp_path, digits, make_network, same_weights
):
    folder, data = tmp_path / "run", digits()
    ended = multiprocessing.get_context("fork").Process(
        target=train_until_killed, args=(folder, data, make_network(data), ADAM)
    )
    ended.start()
    ended.join(timeout=60)
    assert ended.exitcode == -signal.SIGKILL
    history = json.loads((folder / "history.json").read_text())
    assert (history["finished"], len(history["epochs"])) == (False, 2)
    whole, rest = make_network(data), make_network(data)
    expected = train_network(whole, data, ADAM, device="cpu")
    result = train_network(rest, data, ADAM, device="cpu", folder=folder, resume=True)
    assert measured(result) == measured(expected)
    assert same_weights(whole, rest)


def test_ctrl_c_in_the_middle_of_an_epoch(
    tmp_path, digits, make_network, recipe, same_weights, monkeypatch
):
    data = digits()
    network = make_network(data)
    clip = torch.optim.AdamW.step
    steps = []

    def step(optimizer, *args, **kwargs):
        steps.append(1)
        if len(steps) == 5:  # the second of three steps of the second epoch
            raise KeyboardInterrupt
        return clip(optimizer, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    with pytest.raises(KeyboardInterrupt):
        train_network(network, data, recipe, device="cpu", folder=tmp_path)
    # The same network, with the weights of the middle of an epoch, as in a notebook.
    result = train_network(network, data, recipe, device="cpu", folder=tmp_path, resume=True)
    whole = make_network(data)
    assert measured(result) == measured(train_network(whole, data, recipe, device="cpu"))
    assert same_weights(network, whole)
