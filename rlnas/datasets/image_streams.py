"""Images and targets that stay in their files and are read batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rlnas.datasets.pixels import MemoryPixels, Normalisation, Pixels
from rlnas.datasets.sources.image_files import read_all
from rlnas.datasets.spec import Kind
from rlnas.datasets.targets import MemoryTargets, Targets, convert_targets

Reader = Callable[[Path], NDArray[np.generic]]
_SAMPLE = 2000


class FilePixels:
    """Images that are decoded when a batch asks for them, by a few threads.

    Args:
        paths: The files.
        read: Gives uint8 ``(C, H, W)`` of a file; a function that can be pickled.
        normalisation: The map to inputs.
        device: Where batches go.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: Reader,
        normalisation: Normalisation,
        device: torch.device | str = "cpu",
    ) -> None:
        self.paths = list(paths)
        self.read = read
        self.normalisation = normalisation
        self.device = torch.device(device)
        self._a, self._b = (part.to(device) for part in normalisation.scale())

    def __len__(self) -> int:
        return len(self.paths)

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return normalised images, float32 ``(B, C, H, W)``, that the caller may change.

        Raises:
            DataError: If a file cannot be read.
        """
        images = _read(self.read, [self.paths[i] for i in indices.tolist()]).to(self.device)
        return images.float().mul_(self._a).add_(self._b)

    def to(self, device: torch.device | str) -> FilePixels:
        """Return the same images, handed out on ``device``."""
        return FilePixels(self.paths, self.read, self.normalisation, device)


class FileTargets:
    """Targets that are read when a batch asks for them, by a few threads.

    Args:
        paths: The files.
        read: Gives one target of a file, in the form that `MemoryTargets` stacks.
        kind: The kind of the targets.
        device: Where batches go.
    """

    def __init__(
        self, paths: Sequence[Path], read: Reader, kind: Kind, device: torch.device | str = "cpu"
    ) -> None:
        self.paths = list(paths)
        self.read = read
        self.kind = kind
        self.device = torch.device(device)

    def __len__(self) -> int:
        return len(self.paths)

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return targets as `rlnas.datasets.TaskSpec` states them.

        Raises:
            DataError: If a file cannot be read.
        """
        stored = _read(self.read, [self.paths[i] for i in indices.tolist()])
        return convert_targets(stored.to(self.device), self.kind)

    def to(self, device: torch.device | str) -> FileTargets:
        """Return the same targets, handed out on ``device``."""
        return FileTargets(self.paths, self.read, self.kind, device)


def open_pixels(
    paths: dict[str, list[Path]], read: Reader, *, limit: int, bytes_each: int
) -> dict[str, Pixels]:
    """Return the images of each split, in memory where all of them fit in the limit.

    The normalisation is fitted on all training images, or on 2000 of them, evenly spaced, where
    they stay in their files.

    Args:
        paths: The files of each split, ``train`` among them.
        read: Gives uint8 ``(C, H, W)`` of a file.
        limit: Bytes.
        bytes_each: Bytes of one decoded image.

    Raises:
        DataError: If a file cannot be read.
    """
    if sum(map(len, paths.values())) * bytes_each <= limit:
        flat = _read(read, [path for files in paths.values() for path in files])
        parts = torch.split(flat, [len(files) for files in paths.values()])
        images = dict(zip(paths, parts, strict=True))
        normalisation = Normalisation.fit(images["train"])
        return {name: MemoryPixels(part, normalisation) for name, part in images.items()}
    train = paths["train"]
    normalisation = Normalisation.fit(_read(read, train[:: -(-len(train) // _SAMPLE)]))
    return {name: FilePixels(files, read, normalisation) for name, files in paths.items()}


def open_targets(
    paths: dict[str, list[Path]], read: Reader, kind: Kind, *, in_memory: bool
) -> dict[str, Targets]:
    """Return the targets of each split.

    Args:
        paths: The files of each split.
        read: Gives one target of a file.
        kind: The kind of the targets.
        in_memory: Whether to read them all now.

    Raises:
        DataError: If a file cannot be read.
    """
    if in_memory:
        return {name: MemoryTargets(_read(read, files), kind) for name, files in paths.items()}
    return {name: FileTargets(files, read, kind) for name, files in paths.items()}


def _read(read: Reader, paths: list[Path]) -> torch.Tensor:
    return torch.from_numpy(read_all(read, paths))
