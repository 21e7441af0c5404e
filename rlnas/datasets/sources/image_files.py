"""Reading image files with Pillow: any size and mode to square bytes, and which ones cannot be."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from rlnas.damage import guarded
from rlnas.errors import DataError, bounded

T = TypeVar("T")

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Endings, in lower case, of the files that are taken for images."""
THREADS = 4
MOST_PIXELS = 89_478_485
"""Most pixels of an image, 256 MB in colour; above it Pillow warns of a bomb."""
_LARGE_PIXELS = 1 << 24
_LARGE = threading.Lock()  # larger ones are decoded one at a time, which bounds the memory
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_SYSTEM = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information"})
_SAMPLE_FORMAT, _SIGNED, _BITS = 339, 2, 258  # of TIFF 6.0
_SHOWN, _LINE, _ROOM = 10, 400, 800  # lines, and characters of one and of all


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is the system's and none of a user's data."""
    return name.startswith(".") or name.lower() in _SYSTEM


def is_image(path: Path) -> bool:
    """Return whether a path is a visible file with an image's ending."""
    return path.suffix.lower() in SUFFIXES and not is_hidden(path.name) and path.is_file()


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Return an image file as RGB, uint8 ``(3, size, size)``.

    The picture is turned upright as its EXIF data say, its shorter side resized to ``size``
    (bilinear, with antialiasing) and the middle taken. Of an animation the first picture counts,
    and transparency is dropped, as torchvision does. Greys of 16 or 32 bits and floats are scaled
    to 8 bits by the range of their type, 0…1 for floats, as scikit-image does.

    Raises:
        DataError: If the file is no image that Pillow can read, has more than `MOST_PIXELS`, or its
            greys do not lie in the range of their type.
    """
    with opened(path) as image:
        square = ImageOps.fit(_colour(image, path), (size, size), method=Image.Resampling.BILINEAR)
        return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def read_labels(path: Path, size: int) -> NDArray[np.uint8]:
    """Return a file of labels by pixel, uint8 ``(size, size)``, cut as `read_image` cuts.

    Labels are resized to the nearest one, never mixed.

    Raises:
        DataError: If the file is no image of 8 bits that Pillow can read.
    """
    with opened(path) as image:
        if image.mode not in {"L", "P"}:
            raise DataError(f"{path} has mode {image.mode}; labels are one channel of 8 bits.")
        upright = ImageOps.exif_transpose(image)
        return np.asarray(ImageOps.fit(upright, (size, size), method=Image.Resampling.NEAREST))


def pixel_digest(image: Image.Image, path: Path) -> str:
    """Return a digest of an opened picture, upright in colour: equal for equal pixels.

    Raises:
        DataError: As `read_image`.
    """
    picture = _colour(image, path)
    digest = hashlib.blake2b(repr(picture.size).encode(), digest_size=16)
    digest.update(picture.tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def opened(path: Path, content: bytes | None = None) -> Iterator[Image.Image]:
    """Open an image file, whose size is known then and whose pixels are not yet read.

    Args:
        path: The file.
        content: Its bytes, where they are at hand.

    Raises:
        DataError: In place of all that Pillow raises inside, a decompression bomb among them.
    """
    source = path if content is None else io.BytesIO(content)
    # Formats by name: Pillow knows some that start other programs.
    with guarded(path, "image"), Image.open(source, formats=_FORMATS) as image:
        pixels = image.width * image.height
        if pixels > MOST_PIXELS:
            raise DataError(
                f"{path} has {image.width} × {image.height} pixels; expected at most "
                f"{MOST_PIXELS}. Make it smaller: networks see a few hundred a side."
            )
        with _LARGE if pixels > _LARGE_PIXELS else contextlib.nullcontext():
            yield image


def is_deep(image: Image.Image) -> bool:
    """Return whether an image has more than 8 bits a channel, which are scaled to 8."""
    return image.mode == "F" or image.mode.startswith("I")


def _colour(image: Image.Image, path: Path) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    return (_eight_bits(image, upright, path) if is_deep(image) else upright).convert("RGB")


def _eight_bits(file: Image.Image, upright: Image.Image, path: Path) -> Image.Image:
    """Return deep greys as bytes; ``file`` says what the numbers are."""
    numbers = np.asarray(upright)
    if file.mode == "F":
        if not (np.isfinite(numbers).all() and numbers.min() >= 0 and numbers.max() <= 1):
            raise DataError(
                f"{path} holds floats of {numbers.min():g}…{numbers.max():g}; an image of floats "
                "has them in 0…1. Scale them, or save it with 8 or 16 bits."
            )
        return Image.fromarray(np.round(numbers * 255).astype(np.uint8))
    bits = 16
    # Pillow holds these greys of 16 bits as 32, and the unsigned 32 of TIFF as signed.
    if file.mode == "I" and file.format not in {"PPM", "PNG"}:
        signed = _tiff_tag(file, _SAMPLE_FORMAT, 1) == _SIGNED
        wide = _tiff_tag(file, _BITS, 32) == 32
        if wide and not signed:
            numbers = numbers.view(np.uint32)
        bits = (32 if wide else 16) - signed
    if numbers.min() < 0:
        raise DataError(f"{path} holds negative numbers, down to {numbers.min()}: no image.")
    if 0 < numbers.max() < 1 << (bits - 8):
        raise DataError(
            f"{path} holds whole numbers of {numbers.min()}…{numbers.max()}, next to nothing of "
            f"the {bits} bits of their type: as an image it is black. Scale them, or save it with "
            "8 bits."
        )
    return Image.fromarray((numbers.astype(np.int64) >> (bits - 8)).astype(np.uint8))


def _tiff_tag(image: Image.Image, tag: int, default: int) -> int:
    tags = getattr(image, "tag_v2", {})
    value = tags.get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def read_each(read: Callable[[Path], T], paths: Sequence[Path]) -> list[T]:
    """Return what ``read`` makes of each file, read by a few threads.

    Raises:
        DataError: If some files cannot be read; the message lists them all, up to ten by name.
    """
    return list(_results(read, paths))


def read_all(
    read: Callable[[Path], NDArray[np.generic]], paths: Sequence[Path]
) -> NDArray[np.generic]:
    """Return what ``read`` makes of each file, stacked.

    Raises:
        DataError: As `read_each`.
    """
    stacked: NDArray[np.generic] | None = None
    for place, result in enumerate(_results(read, paths)):
        if stacked is None:  # filled in place, for a set may take half of the memory
            stacked = np.empty((len(paths), *result.shape), dtype=result.dtype)
        stacked[place] = result
    if stacked is None:
        raise DataError("There are no files to read.")
    return stacked


def _results(read: Callable[[Path], T], paths: Sequence[Path]) -> Iterator[T]:
    def attempt(path: Path) -> T | DataError:
        try:
            with guarded(path, "file of its kind"):
                return read(path)
        except DataError as error:
            return error

    failures = []
    with ThreadPoolExecutor(THREADS) as pool:
        for result in pool.map(attempt, paths):
            if isinstance(result, DataError):
                failures.append(result)
            elif not failures:
                yield result
    if failures:
        raise DataError(
            f"{len(failures)} of {len(paths)} files cannot be used; mend or remove them:\n"
            + listed(failures)
        )


def listed(lines: Iterable[object]) -> str:
    """Return the first lines, indented, and how many more there are: ten, or as many as fit."""
    texts = [str(line) for line in lines]
    # The first says all; of the others there is room for the file's name, which stands first.
    most = max(160, (_ROOM - _LINE) // max(1, len(texts) - 1))
    shown = [bounded(text, most if place else _LINE) for place, text in enumerate(texts)]
    room = _ROOM
    first: list[str] = []
    for line in shown[:_SHOWN]:
        room -= len(line)
        if first and room < 0:
            break
        first.append(line)
    more = [f"… and {len(shown) - len(first)} more"] if len(shown) > len(first) else []
    return "\n".join(f"  {line}" for line in [*first, *more])
