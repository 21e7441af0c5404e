"""What a split hands out, and what it refuses."""

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


def test_an_autoencoder_is_asked_for_the_image_within_one(random_images):
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


def test_a_split_needs_a_target_for_each_image(random_images):
    images = random_images(4)
    pixels = MemoryPixels(images, Normalisation.fit(images))
    with pytest.raises(InvalidArgumentError, match="4 images have 3 targets"):
        LabelledSplit(pixels, MemoryTargets(torch.zeros(3, dtype=torch.long), "class"))
