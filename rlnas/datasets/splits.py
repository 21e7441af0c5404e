"""Splits with targets of their own, and the split that is its own target."""

from __future__ import annotations

import torch

from rlnas.datasets.augmentation import Augmentation, mirror
from rlnas.datasets.pixels import Pixels
from rlnas.datasets.targets import Targets
from rlnas.errors import InvalidArgumentError

NO_AUGMENTATION = Augmentation()


class LabelledSplit:
    """Images and their targets.

    Args:
        pixels: The images.
        targets: Their targets, in the same order.
        augmentation: Random changes of training batches; see `Augmentation.check`.

    Raises:
        InvalidArgumentError: If there are not as many targets as images.
    """

    def __init__(
        self, pixels: Pixels, targets: Targets, augmentation: Augmentation = NO_AUGMENTATION
    ) -> None:
        if len(pixels) != len(targets):
            raise InvalidArgumentError(
                f"{len(pixels)} images have {len(targets)} targets; expected one each."
            )
        self.pixels = pixels
        self.targets = targets
        self.augmentation = augmentation

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(
        self, indices: torch.Tensor, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets; see `Split.batch`."""
        inputs, targets = self.pixels.select(indices), self.targets.select(indices)
        if generator is None:
            return inputs, targets
        flips = self.augmentation.draw_flips(len(indices), generator)
        if targets.ndim > 2:  # what has the shape of an image turns with it
            targets = mirror(targets, flips)
        return self.augmentation.crop(mirror(inputs, flips), generator), targets

    def to(self, device: torch.device | str) -> LabelledSplit:
        """Return this split with its batches on ``device``."""
        return LabelledSplit(self.pixels.to(device), self.targets.to(device), self.augmentation)


class AutoencoderSplit:
    """Images whose target is the image itself, within [-1, 1].

    Args:
        pixels: The images.
        augmentation: Random changes of training batches; input and target change alike.
    """

    def __init__(self, pixels: Pixels, augmentation: Augmentation = NO_AUGMENTATION) -> None:
        self.pixels = pixels
        self.augmentation = augmentation

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(
        self, indices: torch.Tensor, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and targets; see `Split.batch`."""
        inputs = self.pixels.select(indices)
        if generator is not None:
            inputs = mirror(inputs, self.augmentation.draw_flips(len(indices), generator))
            inputs = self.augmentation.crop(inputs, generator)
        return inputs, self.pixels.normalisation.to_target(inputs)

    def to(self, device: torch.device | str) -> AutoencoderSplit:
        """Return this split with its batches on ``device``."""
        return AutoencoderSplit(self.pixels.to(device), self.augmentation)
