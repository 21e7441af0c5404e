"""What image files are before they are read: equal to another in bytes or pixels, or deep."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlnas.datasets.sources.image_files import is_deep, opened, pixel_digest, read_each
from rlnas.errors import DataError

_SMALL = 128 * 128
"""Pixels up to which a picture is decoded at the first look: opening it takes as long."""


@dataclass(frozen=True)
class Look:
    """What is known of a file without its picture.

    Attributes:
        digest: Digest of its bytes.
        size: Sides of its picture in pixels, the shorter first.
        jpeg: Whether it is a JPEG, whose coarse picture can be had for a fraction.
        deep: Whether it has more than 8 bits a channel.
        pixels: Digest of its pixels, where it was decoded.
        group: The least digest among the files of equal pixels.
    """

    digest: str
    size: tuple[int, int]
    jpeg: bool
    deep: bool
    pixels: str
    group: str


def look_at_all(paths: Sequence[Path]) -> list[Look]:
    """Return a look at each file.

    Large pictures are decoded only where two files of different bytes have pictures of one size
    and, where all of these are JPEGs, of one coarse look, for only such can be equal.

    Raises:
        DataError: If files are empty or no images; the message lists them.
    """
    looks = read_each(_look, paths)
    first = {look.digest: (path, look) for path, look in zip(paths, looks, strict=True)}
    pixels = {digest: look.pixels for digest, (_, look) in first.items() if look.pixels}
    sizes: dict[tuple[int, int], list[str]] = {}
    for digest, (_, look) in first.items():
        if not look.pixels:
            sizes.setdefault(look.size, []).append(digest)
    alike = [digests for digests in sizes.values() if len(digests) > 1]
    photos = [d for digests in alike if all(first[d][1].jpeg for d in digests) for d in digests]
    coarse = dict(zip(photos, read_each(_coarse, [first[d][0] for d in photos]), strict=True))
    often = Counter(coarse.values())
    doubtful = [d for digests in alike for d in digests if d not in coarse or often[coarse[d]] > 1]
    found = read_each(_pixels, [first[d][0] for d in doubtful])
    pixels.update(zip(doubtful, found, strict=True))
    least: dict[str, str] = {}
    for digest in sorted(pixels):
        least.setdefault(pixels[digest], digest)
    groups = {digest: least[same] for digest, same in pixels.items()}
    return [replace(look, group=groups.get(look.digest, look.digest)) for look in looks]


def _look(path: Path) -> Look:
    content = path.read_bytes()
    if not content:
        raise DataError(f"{path} is empty; remove it or put the image back.")
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    with opened(path, content) as image:
        shorter, longer = sorted(image.size)
        pixels = pixel_digest(image, path) if shorter * longer <= _SMALL else ""
        jpeg = image.format in {"JPEG", "MPO"}
        return Look(digest, (shorter, longer), jpeg, is_deep(image), pixels, digest)


def _coarse(path: Path) -> str:
    with opened(path) as image:
        image.draft("RGB", (1, 1))  # an eighth, from the mean of each block alone
        return pixel_digest(image, path)


def _pixels(path: Path) -> str:
    with opened(path) as image:
        return pixel_digest(image, path)
