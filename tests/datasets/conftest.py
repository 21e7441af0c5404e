"""Images without meaning, to see what becomes of pixels."""

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def random_images():
    """Return a maker of uint8 images whose channels have ranges of their own."""

    def random_images(count=40, channels=3, size=12, seed=0):
        rng = np.random.default_rng(seed)
        low, high = np.sort(rng.integers(0, 256, size=(2, channels, 1, 1)), axis=0)
        images = rng.integers(low, high + 1, size=(count, channels, size, size))
        return torch.from_numpy(images.astype(np.uint8))

    return random_images
