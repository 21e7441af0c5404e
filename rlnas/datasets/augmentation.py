"""Random changes of training batches: horizontal flips, and crops of a padded image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from rlnas.datasets.spec import Kind
from rlnas.errors import InvalidArgumentError

_FLIPS: tuple[Kind, ...] = ("class", "pixels", "jigsaw")
_CROPS: tuple[Kind, ...] = ("class",)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How training batches are changed at random.

    TransNAS-Bench-101's recipes flip for classification, segmentation, autoencoding and jigsaw
    (and jitter colours, which is not offered here); NAS-Bench-201's flip and crop.

    Attributes:
        flip: Mirror half of the images, and with them what has the shape of an image.
        crop_padding: Pixels of zeros around an image before a crop of the first size is taken at
            random, 0 for none; for classification and autoencoding.
    """

    flip: bool = False
    crop_padding: int = 0

    def check(self, task: str, kind: Kind) -> None:
        """Refuse what would make a task's targets wrong.

        Raises:
            InvalidArgumentError: If the padding is negative, or a flip or crop is asked for on a
                task whose targets it would falsify: a layout and normals have a left and a right.
        """
        if self.crop_padding < 0:
            raise InvalidArgumentError(
                f"crop_padding is {self.crop_padding}; expected 0 or more pixels."
            )
        itself = task == "autoencoder"  # its target is its input
        if self.flip and not itself and kind not in _FLIPS:
            raise InvalidArgumentError(
                f"Task {task!r} cannot be flipped: its targets ({kind}) would no longer hold. "
                "Use flip=False."
            )
        if self.crop_padding and not itself and kind not in _CROPS:
            raise InvalidArgumentError(
                f"Task {task!r} cannot be cropped: its targets ({kind}) would no longer hold. "
                "Use crop_padding=0."
            )

    def draw_flips(self, count: int, generator: torch.Generator) -> torch.Tensor | None:
        """Return which images are mirrored, bool ``(count,)``, or None when none can be."""
        return torch.rand(count, generator=generator) < 0.5 if self.flip else None

    def crop(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return crops ``(B, C, H, W)`` of images padded by zeros, the mean of the inputs."""
        if not self.crop_padding:
            return images
        count, pad = len(images), self.crop_padding
        height, width = images.shape[-2:]
        padded = functional.pad(images, (pad, pad, pad, pad))
        shifts = torch.randint(2 * pad + 1, (2, count), generator=generator).to(images.device)
        return gather_windows(padded, shifts[0][:, None], shifts[1][:, None], height, width)[:, 0]


def mirror(images: torch.Tensor, chosen: torch.Tensor | None) -> torch.Tensor:
    """Return images ``(B, …, W)`` of which the chosen ones, bool ``(B,)``, are mirrored."""
    if chosen is None:
        return images
    chosen = chosen.to(images.device).view(-1, *[1] * (images.ndim - 1))
    return torch.where(chosen, images.flip(-1), images)


def gather_windows(
    images: torch.Tensor, tops: torch.Tensor, lefts: torch.Tensor, height: int, width: int
) -> torch.Tensor:
    """Return windows of images, ``(B, T, C, height, width)``.

    Args:
        images: ``(B, C, H, W)``.
        tops: ``(B, T)`` int64, first row of each window.
        lefts: ``(B, T)`` int64, first column of each window.
        height: Rows of a window.
        width: Columns of a window.
    """
    rows = torch.arange(len(images), device=images.device)[:, None]
    views = images.unfold(2, height, 1).unfold(3, width, 1)
    return views[rows, :, tops, lefts]
