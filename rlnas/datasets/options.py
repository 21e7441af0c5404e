"""What is asked of a data set: the task, sizes, seed and options. Torch-free."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from rlnas.errors import InvalidArgumentError
from rlnas.plain import make_plain


@dataclass(frozen=True, kw_only=True)
class DataRequest:
    """One call of `rlnas.datasets.load_task_data`, checked.

    Attributes:
        dataset: Name of the data set, or the folder as it was given.
        task: Name of the task.
        image_size: Side of the images in pixels, or None for the data set's own.
        seed: Seed of everything that is drawn.
        train_size: Training examples, or None for the data set's own number.
        valid_size: Validation examples, likewise.
        test_size: Test examples, likewise.
        permutations: Permutations of a jigsaw, or None for the data set's own number.
        tile_size: Side of a jigsaw's tile in pixels, or None for the published share of a cell.
        flip: Mirror half of the training images.
        crop_padding: Padding in pixels of random crops of training images.
        memory_limit: Bytes of decoded images up to which files are read into memory at once.

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
    flip: bool = False
    crop_padding: int = 0
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
        if self.seed < 0:
            raise InvalidArgumentError(f"seed is {self.seed}; expected 0 or more.")

    def sizes(self) -> dict[str, int | None]:
        """Return the size asked for of each split."""
        return {"train": self.train_size, "valid": self.valid_size, "test": self.test_size}


def fingerprint(**facts: object) -> str:
    """Return a hex digest of facts that JSON can hold; equal facts give equal digests."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
