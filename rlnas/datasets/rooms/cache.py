"""Rendered rooms on disk, so that a second call reads what a first one rendered."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from rlnas.atomic import atomic_file
from rlnas.benchmarks.cache import cache_lock, cache_root
from rlnas.datasets.rooms.names import ROOMS_VERSION
from rlnas.datasets.rooms.render import Rooms, check_request, generate_rooms
from rlnas.errors import DataError

_FIELDS = tuple(Rooms.__dataclass_fields__)
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def load_rooms(
    split: str = "train", count: int = 4096, *, seed: int = 0, image_size: int = 32
) -> Rooms:
    """Return rooms from the user's cache folder, rendering and keeping them if they are not there.

    A file that is damaged or too short is rendered anew. Where the folder cannot be written, the
    rooms are rendered all the same.

    Args:
        split: Name of the split, letters, digits, ``-`` and ``_``.
        count: How many, at least 1.
        seed: Seed of the data set.
        image_size: Side of the images in pixels, at least 8.

    Returns:
        What `generate_rooms` returns for these arguments.

    Raises:
        InvalidArgumentError: If an argument is out of range.
    """
    check_request(count, seed=seed, split=split, image_size=image_size)
    path = rooms_file(split, seed=seed, image_size=image_size)
    kept = _read(path, count)
    if kept is not None:
        return kept
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(DataError):  # a folder that cannot be written: render without it
            stack.enter_context(cache_lock(f"rooms-{path.stem}"))
        kept = _read(path, count)  # another process may have rendered them meanwhile
        if kept is not None:
            return kept
        rooms = generate_rooms(count, seed=seed, split=split, image_size=image_size)
        with contextlib.suppress(OSError):
            _write(path, rooms)
    return rooms


def rooms_file(split: str, *, seed: int, image_size: int) -> Path:
    """Return the cache file of a split, whether it is there or not."""
    name = f"v{ROOMS_VERSION}-{split}-{image_size}-seed{seed}.npz"
    return cache_root() / "rooms" / name


def _write(path: Path, rooms: Rooms) -> None:
    with atomic_file(path) as partial, partial.open("wb") as file:
        np.savez(file, **{name: getattr(rooms, name) for name in _FIELDS})


def _read(path: Path, count: int) -> Rooms | None:
    """Return the first rooms of a file, or None if it has not that many or is damaged."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            fields = {name: stored[name] for name in _FIELDS}
    except _DAMAGE:
        return None
    if not _sound(fields) or len(fields["images"]) < count:
        return None
    return Rooms(**fields).first(count)


def _sound(fields: dict[str, np.ndarray]) -> bool:
    """Return whether arrays have the types and shapes of rooms."""
    shape = fields["images"].shape
    if len(shape) != 4:
        return False
    count, _, side, _ = shape
    expected = {
        "images": (np.uint8, (count, 3, side, side)),
        "class_object": (np.int64, (count,)),
        "class_scene": (np.int64, (count,)),
        "room_layout": (np.float32, (count, 9)),
        "segmentsemantic": (np.uint8, (count, side, side)),
        "normal": (np.int8, (count, 3, side, side)),
    }
    return all(
        fields[name].dtype == kind and fields[name].shape == form
        for name, (kind, form) in expected.items()
    )
