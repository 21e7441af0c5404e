"""Images become normalised floats the same way, whether converted once or batch by batch."""

import numpy as np
import pytest
import torch

from rlnas.datasets import (
    MemoryPixels,
    Normalisation,
)
from rlnas.errors import InvalidArgumentError


def test_normalisation_is_the_mean_and_deviation_of_each_channel(random_images):
    images = random_images()
    fitted = Normalisation.fit(images)
    pixels = images.numpy().astype(np.float64) / 255
    np.testing.assert_allclose(fitted.mean, pixels.mean(axis=(0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(fitted.std, pixels.std(axis=(0, 2, 3)), rtol=1e-9)
    inputs = MemoryPixels(images, fitted).select(torch.arange(40)).double()
    assert inputs.mean(dim=(0, 2, 3)).abs().max() < 1e-6
    assert (inputs.std(dim=(0, 2, 3), correction=0) - 1).abs().max() < 1e-6


def test_a_constant_channel_stays_finite(random_images):
    images = random_images()
    images[:, 1] = 77
    inputs = MemoryPixels(images, Normalisation.fit(images)).select(torch.arange(40))
    assert inputs[:, 1].abs().max() < 1e-6
    assert torch.isfinite(inputs).all()


def test_converting_once_gives_the_same_bits_as_batch_by_batch(random_images):
    images = random_images()
    fitted = Normalisation.fit(images)
    once = MemoryPixels(images, fitted)
    each = MemoryPixels(images, fitted, float_budget=4 * images.numel() - 1)
    for indices in (torch.tensor([3, 3, 0]), torch.tensor([39]), torch.arange(40).flip(0)):
        assert torch.equal(once.select(indices), each.select(indices))
    assert once._floats is not None
    assert each._floats is None


@pytest.mark.parametrize("budget", [0, 2**28])
def test_changing_a_batch_leaves_the_data_alone(budget, random_images):
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
