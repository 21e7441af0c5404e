"""What is asked of a data set: the task, sizes, seed and augmentation. Torch-free."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What is asked of a data set; see `rlnas.datasets.load_task_data`.

    Attributes:
        dataset: ``rooms``, ``digits``, or a folder: one subfolder of images a class, with or
            without ``train``, ``valid`` and ``test`` above them, or the layout of Taskonomy as
            TransNAS-Bench-101 trained on it.
        task: A name of `rlnas.datasets.task_names`.
        image_size: Side of the images in pixels, 4 or more; None for the data set's own.
        seed: Seed of what is drawn: the rooms, the split of a folder, the fixed puzzles; 0 or more.
        train_size: Training examples, 1 or more; None for the data set's own number.
        valid_size: Validation examples, likewise.
        test_size: Test examples, likewise.
        permutations: Permutations of a jigsaw; None for the data set's own number.
        tile_size: Side of a jigsaw's tile in pixels; None for the published share of a cell.
        flip: Mirror half of the training images at random, where the targets allow it; None: as the
            recipe was published where a named one trains on them, else not.
        crop_padding: Take training images as random crops of the image padded by so many pixels,
            where the targets allow it; None likewise.
        memory_limit: Bytes of decoded images up to which a folder is read into memory at once;
            above it files are read batch by batch.

    Raises:
        InvalidArgumentError: If a number is outside its range.
    """

    dataset: str
    task: str
    image_size: int | None = None
    seed: int = 0
    train_size: int | None = None
    valid_size: int | None = None
    test_size: int | None = None
    permutations: int | None = None
    tile_size: int | None = None
    flip: bool | None = None
    crop_padding: int | None = None
    memory_limit: int = 2**30

    def __post_init__(self) -> None:
        make_plain(self)
        for name, least in (
            ("image_size", 4),
            ("train_size", 1),
            ("valid_size", 1),
            ("test_size", 1),
            ("memory_limit", 0),
        ):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidArgumentError(f"{name} is {value}; expected {least} or more, or None.")
        at_most(self, image_size=1 << 14)
        if self.seed < 0:
            raise InvalidArgumentError(f"seed is {self.seed}; expected 0 or more.")

    @classmethod
    def of(cls, dataset: str | Path | DataOptions, task: str | None, **changes: Any) -> DataOptions:
        """Return the options that a call means.

        Args:
            dataset: The data set, or the options themselves.
            task: The task; of options, None leaves theirs.
            changes: Fields that have another value.

        Raises:
            InvalidArgumentError: If a number is outside its range, or there is no task.
        """
        if isinstance(dataset, DataOptions):
            return replace(dataset, **changes, task=dataset.task if task is None else task)
        if task is None:
            raise InvalidArgumentError(f"Which task of {dataset}? See rlnas.datasets.task_names.")
        return cls(dataset=str(dataset), task=task, **changes)

    def sizes(self) -> dict[str, int | None]:
        """Return the size asked for of each split."""
        return {"train": self.train_size, "valid": self.valid_size, "test": self.test_size}


def fingerprint(**facts: object) -> str:
    """Return a hex digest of facts that JSON can hold; equal facts give equal digests."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
