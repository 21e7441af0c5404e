"""Images become normalised floats the same way, whether converted once or batch by batch."""

import numpy as np
import pytest
import torch

from rlnas.datasets import (
    AutoencoderSplit,
    LabelledSplit,
    MemoryPixels,
    MemoryTargets,
    Normalisation,
)
from rlnas.errors import InvalidArgumentError


def random_images(count=40, channels=3, size=12, seed=0):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.integers(0, 256, size=(2, channels, 1, 1)), axis=0)
    images = rng.integers(low, high + 1, size=(count, channels, size, size))
    return torch.from_numpy(images.astype(np.uint8))


def test_normalisation_is_the_mean_and_deviation_of_each_channel():
    images = random_images()
    fitted = Normalisation.fit(images)
    pixels = images.numpy().astype(np.float64) / 255
    np.testing.assert_allclose(fitted.mean, pixels.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(fitted.std, pixels.std(axis=(0, 2, 3)), rtol=1e-9)
    inputs = MemoryPixels(images, fitted).select(torch.arange(40)).double()
    assert inputs.mean(dim=(0, 2, 3)).abs().max() < 1e-6
    assert (inputs.std(dim=(0, 2, 3), correction=0) - 1).abs().max() < 1e-6


def test_a_constant_channel_stays_finite():
    images = random_images()
    images[:, 1] = 77
    inputs = MemoryPixels(images, Normalisation.fit(images)).select(torch.arange(40))
    assert inputs[:, 1].abs().max() < 1e-6
    assert torch.isfinite(inputs).all()


def test_converting_once_gives_the_same_bits_as_batch_by_batch():
    images = random_images()
    fitted = Normalisation.fit(images)
    once = MemoryPixels(images, fitted)
    each = MemoryPixels(images, fitted, float_budget=4 * images.numel() - 1)
    for indices in (torch.tensor([3, 3, 0]), torch.tensor([39]), torch.arange(40).flip(0)):
        assert torch.equal(once.select(indices), each.select(indices))
    assert once._floats is not None
    assert each._floats is None


@pytest.mark.parametrize("budget", [0, 2**28])
def test_changing_a_batch_leaves_the_data_alone(budget):
    images = random_images()
    pixels = MemoryPixels(images, Normalisation.fit(images), float_budget=budget)
    before = pixels.select(torch.arange(5)).clone()
    pixels.select(torch.arange(5)).zero_()
    assert torch.equal(pixels.select(torch.arange(5)), before)


def test_images_of_another_type_or_shape_are_refused():
    fitted = Normalisation((0.5,), (0.5,))
    with pytest.raises(InvalidArgumentError, match="expected uint8"):
        MemoryPixels(torch.zeros(2, 1, 4, 4), fitted)
    with pytest.raises(InvalidArgumentError, match=r"\(2, 4, 4\)"):
        MemoryPixels(torch.zeros(2, 4, 4, dtype=torch.uint8), fitted)


def test_an_autoencoder_is_asked_for_the_image_within_one():
    images = random_images()
    images[0, :, 0, 0] = 0
    images[0, :, 0, 1] = 255
    split = AutoencoderSplit(MemoryPixels(images, Normalisation.fit(images)))
    indices = torch.tensor([0, 17])
    inputs, targets = split.batch(indices)
    expected = images[indices].float() / 127.5 - 1
    torch.testing.assert_close(targets, expected, rtol=0, atol=2e-6)
    assert targets.abs().max() <= 1
    assert inputs.data_ptr() != targets.data_ptr()


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("class", torch.tensor([4, 5, 6], dtype=torch.uint8), torch.tensor([6, 4])),
        ("vector", torch.eye(3, dtype=torch.float64), torch.eye(3)[[2, 0]]),
        (
            "pixels",
            torch.tensor([[[1]], [[2]], [[255]]], dtype=torch.uint8),
            torch.tensor([[[255]], [[1]]]),
        ),
        (
            "image",
            torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1, 1),
            torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1),
        ),
        (
            "image",
            torch.tensor([-127, 0, 127], dtype=torch.int8).view(3, 1, 1, 1),
            torch.tensor([1.0, -1.0]).view(2, 1, 1, 1),
        ),
        (
            "image",
            torch.tensor([0.5, 0, -0.25], dtype=torch.float16).view(3, 1, 1, 1),
            torch.tensor([-0.25, 0.5]).view(2, 1, 1, 1),
        ),
    ],
)
def test_targets_come_out_in_the_form_of_their_kind(kind, values, expected):
    targets = MemoryTargets(values, kind).select(torch.tensor([2, 0]))
    assert targets.dtype == expected.dtype
    torch.testing.assert_close(targets, expected)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("class", torch.zeros(3, 2, dtype=torch.long)),
        ("class", torch.zeros(3)),
        ("vector", torch.zeros(3)),
        ("pixels", torch.zeros(3, 2, 2)),
        ("image", torch.zeros(3, 2, 2)),
        ("jigsaw", torch.zeros(3, dtype=torch.long)),
    ],
)
def test_targets_of_another_form_are_refused(kind, values):
    with pytest.raises(InvalidArgumentError, match="expected"):
        MemoryTargets(values, kind)


def test_a_split_needs_a_target_for_each_image():
    images = random_images(4)
    pixels = MemoryPixels(images, Normalisation.fit(images))
    with pytest.raises(InvalidArgumentError, match="4 images have 3 targets"):
        LabelledSplit(pixels, MemoryTargets(torch.zeros(3, dtype=torch.long), "class"))
