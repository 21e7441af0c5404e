"""Random changes touch training batches alone, and targets change with their images."""

import pytest
import torch

from rlnas.datasets import (
    Augmentation,
    AutoencoderSplit,
    LabelledSplit,
    MemoryPixels,
    MemoryTargets,
    Normalisation,
)
from rlnas.errors import InvalidArgumentError

IDENTITY = Normalisation((0.0,), (1 / 255,))
COUNT, SIZE = 200, 6
ALL = torch.arange(COUNT)


def images():
    """Return images of one channel in which every pixel differs, and none is 0."""
    pixels = torch.arange(1, SIZE * SIZE + 1, dtype=torch.uint8).view(1, 1, SIZE, SIZE)
    return pixels.repeat(COUNT, 1, 1, 1)


def generator():
    return torch.Generator().manual_seed(0)


def test_a_flip_takes_the_segmentation_with_it():
    labels = images()[:, 0]
    split = LabelledSplit(
        MemoryPixels(images(), IDENTITY), MemoryTargets(labels, "pixels"), Augmentation(flip=True)
    )
    inputs, targets = split.batch(ALL, generator())
    assert torch.equal(inputs[:, 0].round().long(), targets)
    mirrored = (targets == labels.long().flip(-1)).flatten(1).all(dim=1)
    assert 60 < mirrored.sum() < 140
    assert (mirrored | (targets == labels.long()).flatten(1).all(dim=1)).all()
    assert torch.equal(split.batch(ALL)[1], labels.long())


def test_a_class_stays_when_its_image_is_mirrored():
    classes = torch.arange(COUNT)
    split = LabelledSplit(
        MemoryPixels(images(), IDENTITY), MemoryTargets(classes, "class"), Augmentation(flip=True)
    )
    inputs, targets = split.batch(ALL, generator())
    assert torch.equal(targets, classes)
    assert not torch.equal(inputs, split.batch(ALL)[0])


def test_a_crop_is_a_window_of_the_padded_image():
    split = LabelledSplit(
        MemoryPixels(images(), IDENTITY),
        MemoryTargets(ALL, "class"),
        Augmentation(crop_padding=2),
    )
    inputs, _ = split.batch(ALL, generator())
    padded = torch.nn.functional.pad(images()[0, 0].float(), (2, 2, 2, 2))
    windows = {
        (top, left): padded[top : top + SIZE, left : left + SIZE]
        for top in range(5)
        for left in range(5)
    }
    seen = {
        place
        for image in inputs[:, 0].round()
        for place, window in windows.items()
        if torch.equal(image, window)
    }
    assert seen == set(windows)  # all 25 places, and each image is one of them
    assert torch.equal(split.batch(ALL)[0].round(), images().float())


def test_an_autoencoders_target_is_what_it_is_shown():
    fitted = Normalisation((0.3,), (0.2,))
    split = AutoencoderSplit(
        MemoryPixels(images(), fitted), Augmentation(flip=True, crop_padding=1)
    )
    inputs, targets = split.batch(ALL, generator())
    torch.testing.assert_close(targets, 2 * (inputs * 0.2 + 0.3) - 1, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "kind", "options"),
    [
        ("room_layout", "vector", {"flip": True}),
        ("normal", "image", {"flip": True}),
        ("normal", "image", {"crop_padding": 2}),
        ("segmentsemantic", "pixels", {"crop_padding": 2}),
        ("jigsaw", "jigsaw", {"crop_padding": 2}),
        ("class", "class", {"crop_padding": -1}),
    ],
)
def test_what_would_falsify_the_targets_is_refused(task, kind, options):
    with pytest.raises(InvalidArgumentError, match=r"cannot be|crop_padding is -1"):
        Augmentation(**options).check(task, kind)


@pytest.mark.parametrize(
    ("task", "kind", "options"),
    [
        ("class", "class", {"flip": True, "crop_padding": 4}),
        ("autoencoder", "image", {"flip": True, "crop_padding": 4}),
        ("segmentsemantic", "pixels", {"flip": True}),
        ("room_layout", "vector", {}),
    ],
)
def test_what_the_targets_allow_passes(task, kind, options):
    Augmentation(**options).check(task, kind)
