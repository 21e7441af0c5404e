"""Data sets by name: what there is, what it gives, and what unknown names say."""

import sys

import numpy as np
import pytest
import torch

from rlnas.datasets import (
    KINDS,
    TRANSNAS_TASKS,
    dataset_names,
    load_task_data,
    task_names,
    task_spec,
)
from rlnas.datasets.rooms import generate_rooms
from rlnas.errors import InvalidArgumentError, MissingDependencyError, UnknownNameError

SMALL = {"train_size": 24, "valid_size": 12, "test_size": 8}


def everything(split):
    return split.batch(torch.arange(len(split)))


def test_names():
    assert dataset_names() == ("rooms", "digits")
    assert task_names("rooms") == TRANSNAS_TASKS
    assert len(TRANSNAS_TASKS) == 7
    assert task_names("digits") == ("class", "jigsaw", "autoencoder")


def test_unknown_names_list_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'rooms'"):
        load_task_data("room", "class")
    with pytest.raises(UnknownNameError, match="Did you mean 'class_object'"):
        load_task_data("rooms", "classobject")
    with pytest.raises(UnknownNameError, match="Known: autoencoder, class, jigsaw"):
        load_task_data("digits", "normal")
    with pytest.raises(UnknownNameError, match="Unknown task 'x'"):
        task_spec("x", outputs=1, image_size=8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 3}, "image_size is 3; expected 4 or more"),
        ({"train_size": 0}, "train_size is 0"),
        ({"test_size": -1}, "test_size is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"memory_limit": -1}, "memory_limit is -1"),
    ],
)
def test_numbers_outside_their_range_are_refused(options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        load_task_data("digits", "class", **options)


def test_options_must_suit_the_task():
    with pytest.raises(InvalidArgumentError, match="permutations is 1"):
        load_task_data("digits", "jigsaw", permutations=1)
    with pytest.raises(InvalidArgumentError, match="'jigsaw' cannot be cropped"):
        load_task_data("digits", "jigsaw", crop_padding=2)


def test_the_direction_of_a_metric_is_that_of_its_number():
    for task, kind in KINDS.items():
        spec = task_spec(task, outputs=3, image_size=8)
        assert (spec.kind, spec.tiles) == (kind, 9 if task == "jigsaw" else 1)
        assert spec.metric.split == "valid"
        assert spec.metric.sign == (-1 if task == "room_layout" else 1)


def test_digits_are_the_digits():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    data = load_task_data("digits", "class", image_size=8)
    splits = (data.train, data.valid, data.test)
    assert sum(map(len, splits)) == 1797
    known = {}
    for image, label in zip(bunch.images, bunch.target, strict=True):
        known.setdefault((image * (255 / 16)).round().astype(int).tobytes(), set()).add(label)
    std, mean = data.std[0], data.mean[0]
    for split in splits:
        inputs, labels = everything(split)
        assert torch.equal(inputs[:, 0], inputs[:, 2])
        pixels = ((inputs[:, 0] * std + mean) * 255).round().numpy().astype(int)
        for image, label in zip(pixels, labels.tolist(), strict=True):
            assert label in known[image.tobytes()]
        shares = np.bincount(labels, minlength=10) / len(labels)
        assert np.abs(shares - np.bincount(bunch.target) / 1797).max() < 0.01


def test_enlarged_digits_keep_their_light():
    small = load_task_data("digits", "autoencoder", image_size=8)
    large = load_task_data("digits", "autoencoder", image_size=32)
    assert large.spec.image_size == 32
    one, other = (everything(data.valid)[1].mean(dim=(1, 2, 3)) for data in (small, large))
    assert (one - other).abs().max() < 0.05


def test_without_scikit_learn_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingDependencyError, match=r"rlnas\[datasets\]"):
        load_task_data("digits", "class")


@pytest.mark.parametrize("task", TRANSNAS_TASKS)
def test_rooms_hand_out_what_was_rendered(task):
    data = load_task_data("rooms", task, image_size=32, seed=3, **SMALL)
    assert [len(split) for split in (data.train, data.valid, data.test)] == [24, 12, 8]
    for name in ("train", "valid", "test"):
        rooms = generate_rooms(SMALL[f"{name}_size"], seed=3, split=name, image_size=32)
        inputs, targets = everything(getattr(data, name))
        if task == "jigsaw":
            assert inputs.shape == (len(targets), 9, 3, 8, 8)
            assert targets.max() < data.spec.outputs
            continue
        std, mean = (torch.tensor(part)[:, None, None] for part in (data.std, data.mean))
        if name == "train":
            expected = rooms.images.mean(axis=(0, 2, 3), dtype=np.float64) / 255
            np.testing.assert_allclose(data.mean, expected, rtol=1e-9)
        pixels = ((inputs * std + mean) * 255).round().byte()
        assert np.array_equal(pixels.numpy(), rooms.images)
        if task == "autoencoder":
            expected = rooms.images / 127.5 - 1
        elif task == "normal":
            scale = 127.0 if rooms.normal.dtype == np.int8 else 1.0
            expected = rooms.normal.astype(np.float32) / scale
        else:
            expected = getattr(rooms, task)
        np.testing.assert_allclose(targets.numpy(), expected, atol=2e-6)
    expected_kind = {"room_layout": torch.float32, "normal": torch.float32}
    if data.spec.kind in {"class", "pixels"}:
        assert targets.dtype == torch.int64
        assert 0 <= targets.min() <= targets.max() < data.spec.outputs
        assert len(data.spec.classes) == data.spec.outputs
    else:
        assert targets.dtype == expected_kind.get(task, targets.dtype)


def test_the_fingerprint_of_rooms_tells_what_they_are():
    def fingerprint(task="jigsaw", **options):
        return load_task_data("rooms", task, **{**SMALL, **options}).fingerprint

    base = fingerprint()
    assert fingerprint() == base
    others = [
        fingerprint("autoencoder"),
        fingerprint(seed=1),
        fingerprint(train_size=25),
        fingerprint(permutations=10),
        fingerprint(tile_size=9),
        fingerprint(flip=True),
    ]
    assert len({base, *others}) == 7


def test_data_move_to_a_device_whole():
    data = load_task_data("digits", "jigsaw", image_size=12)
    moved = data.to("meta")
    inputs, targets = moved.valid.batch(torch.tensor([0, 1]))
    assert inputs.device.type == targets.device.type == "meta"
    assert moved.fingerprint == data.fingerprint


def test_planning_needs_no_torch():
    import subprocess

    code = (
        "import sys, rlnas.datasets as d; d.task_names('rooms'); d.task_spec('class', outputs=2, "
        "image_size=8); print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
