"""What image files are before they are read: equal to another in bytes or pixels, or deep."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlnas.datasets.sources.image_files import is_deep, opened, pixel_digest, read_each
from rlnas.errors import DataError


@dataclass(frozen=True)
class Look:
    """What is known of a file without its picture.

    Attributes:
        digest: Digest of its bytes.
        size: Sides of its picture in pixels, the shorter first.
        deep: Whether it has more than 8 bits a channel.
        group: The least digest among the files of equal pixels.
    """

    digest: str
    size: tuple[int, int]
    deep: bool
    group: str


def look_at_all(paths: Sequence[Path]) -> list[Look]:
    """Return a look at each file.

    Pictures are decoded only where two files of different bytes have pictures of one size, for
    only these can be equal.

    Raises:
        DataError: If files are empty or no images; the message lists them.
    """
    looks = read_each(_look, paths)
    contents: dict[tuple[int, int], dict[str, Path]] = {}
    for path, look in zip(paths, looks, strict=True):
        contents.setdefault(look.size, {}).setdefault(look.digest, path)
    doubtful = {
        digest: path
        for found in contents.values()
        if len(found) > 1
        for digest, path in found.items()
    }
    pixels = dict(zip(doubtful, read_each(pixel_digest, list(doubtful.values())), strict=True))
    least: dict[str, str] = {}
    for digest in sorted(doubtful):
        least.setdefault(pixels[digest], digest)
    return [
        replace(look, group=least[pixels[look.digest]]) if look.digest in pixels else look
        for look in looks
    ]


def _look(path: Path) -> Look:
    content = path.read_bytes()
    if not content:
        raise DataError(f"{path} is empty; remove it or put the image back.")
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    with opened(path) as image:
        shorter, longer = sorted(image.size)
        return Look(digest, (shorter, longer), is_deep(image), digest)
