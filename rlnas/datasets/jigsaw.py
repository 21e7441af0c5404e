"""The jigsaw task: nine tiles of an image in a permuted order; which permutation is it?"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from rlnas.datasets.augmentation import Augmentation, gather_windows, mirror
from rlnas.datasets.permutations import TILES, permutation_set
from rlnas.datasets.pixels import Pixels
from rlnas.datasets.splits import NO_AUGMENTATION
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator as numpy_generator

_SIDE = 3


@dataclass(frozen=True, kw_only=True)
class JigsawOptions:
    """How a puzzle is cut.

    TransNAS-Bench-101 [its code]: an image of 255² in cells of 85², from each a tile of 64² at a
    random place, 1000 permutations; the order and the places are drawn anew also for validation,
    and the tiles are not normalised. Here validation and test puzzles are the same every time, and
    tiles are normalised as all inputs are.

    Attributes:
        permutations: Number of permutations to tell apart.
        tile_size: Side of a tile in pixels; None for 64/85 of a cell, the published share. What is
            left of the cell is the gap that keeps neighbours from being matched by their edges.
    """

    permutations: int
    tile_size: int | None = None

    def tile(self, image_size: int) -> int:
        """Return the side of a tile of images with this side, in pixels.

        Raises:
            InvalidArgumentError: If the tile does not fit, or the image is under 12 pixels.
        """
        cell = image_size // _SIDE
        if cell < 4:
            raise InvalidArgumentError(
                f"Images of {image_size} pixels are too small for a jigsaw; expected 12 or more."
            )
        tile = round(cell * 64 / 85) if self.tile_size is None else self.tile_size
        if not 1 <= tile <= cell:
            raise InvalidArgumentError(
                f"tile_size is {tile}; expected 1…{cell} for images of {image_size} pixels."
            )
        return tile


class JigsawSplit:
    """Puzzles of a split's images.

    A training batch draws permutations and places from its generator; without one they are fixed
    for each image.

    Args:
        pixels: The images, square.
        options: How a puzzle is cut.
        image_size: Side of the images in pixels.
        seed: Seed of the fixed puzzles.
        name: Name of the split; its puzzles differ from the other splits'.
        augmentation: Random changes of training images before they are cut.
    """

    def __init__(
        self,
        pixels: Pixels,
        options: JigsawOptions,
        image_size: int,
        *,
        seed: int,
        name: str,
        augmentation: Augmentation = NO_AUGMENTATION,
    ) -> None:
        self.pixels = pixels
        self.options = options
        self.image_size = image_size
        self.seed = seed
        self.name = name
        self.augmentation = augmentation
        self.tile_size = options.tile(image_size)
        self._spare = image_size // _SIDE - self.tile_size + 1
        starts = torch.arange(_SIDE) * image_size // _SIDE
        self._tops = starts.repeat_interleave(_SIDE)
        self._lefts = starts.repeat(_SIDE)
        self._permutations = torch.from_numpy(permutation_set(options.permutations).copy())
        rng = numpy_generator(seed, "jigsaw", name)
        self._labels = torch.from_numpy(rng.integers(options.permutations, size=len(pixels)))
        self._places = torch.from_numpy(rng.integers(self._spare, size=(len(pixels), 2, TILES)))

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(
        self, indices: torch.Tensor, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return tiles ``(B, 9, C, h, w)`` and permutations ``(B,)``; see `Split.batch`."""
        images = self.pixels.select(indices)
        count = len(indices)
        if generator is None:
            chosen = indices.cpu()
            labels, places = self._labels[chosen], self._places[chosen]
        else:
            images = mirror(images, self.augmentation.draw_flips(count, generator))
            labels = torch.randint(len(self._permutations), (count,), generator=generator)
            places = torch.randint(self._spare, (count, 2, TILES), generator=generator)
        shown = self._permutations[labels]
        tops = (self._tops[shown] + places[:, 0]).to(images.device)
        lefts = (self._lefts[shown] + places[:, 1]).to(images.device)
        tiles = gather_windows(images, tops, lefts, self.tile_size, self.tile_size)
        return tiles, labels.to(images.device)

    def to(self, device: torch.device | str) -> JigsawSplit:
        """Return this split with its batches on ``device``."""
        return JigsawSplit(
            self.pixels.to(device),
            self.options,
            self.image_size,
            seed=self.seed,
            name=self.name,
            augmentation=self.augmentation,
        )
