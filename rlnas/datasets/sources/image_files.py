"""Reading image files with Pillow: any size and mode to square bytes, and which ones cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from rlnas.errors import DataError

SUFFIXES = frozenset(
    {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Endings, in lower case, of the files that are taken for images."""
THREADS = 4
_SHOWN = 10


def is_image(path: Path) -> bool:
    """Return whether a path is a visible file with an image's ending."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Return an image file as RGB, uint8 ``(3, size, size)``.

    The picture is turned upright as its EXIF data say, its shorter side resized to ``size``
    (bilinear, with antialiasing) and the middle taken. Greys of 16 bits are scaled to 8.

    Raises:
        DataError: If the file is no image that Pillow can read.
    """
    return np.ascontiguousarray(
        _square(path, size, "RGB", Image.Resampling.BILINEAR).transpose(2, 0, 1)
    )


def read_labels(path: Path, size: int) -> NDArray[np.uint8]:
    """Return a file of labels by pixel, uint8 ``(size, size)``, cut as `read_image` cuts.

    Labels are resized to the nearest one, never mixed.

    Raises:
        DataError: If the file is no image of 8 bits that Pillow can read.
    """
    return _square(path, size, None, Image.Resampling.NEAREST)


def _square(
    path: Path, size: int, mode: str | None, resampling: Image.Resampling
) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
            if mode is None:
                if image.mode not in {"L", "P"}:
                    raise DataError(
                        f"{path} has mode {image.mode}; labels are one channel of 8 bits."
                    )
            elif image.mode.startswith("I;16"):
                grey = np.asarray(image, dtype=np.uint16) >> 8  # Pillow would clip at 255
                image = Image.fromarray(grey.astype(np.uint8)).convert(mode)
            else:
                image = image.convert(mode)
            return np.asarray(ImageOps.fit(image, (size, size), method=resampling))
    # Pillow's readers raise many types on damaged files, a decompression bomb among them.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read as an image ({error}).") from error


def read_all(
    read: Callable[[Path], NDArray[np.generic]], paths: Sequence[Path]
) -> NDArray[np.generic]:
    """Return what ``read`` makes of each file, stacked, read by a few threads.

    Raises:
        DataError: If some files cannot be read; the message lists them all, up to ten by name.
    """

    def attempt(path: Path) -> NDArray[np.generic] | DataError:
        try:
            return read(path)
        except DataError as error:
            return error

    stacked: NDArray[np.generic] | None = None
    failures = []
    with ThreadPoolExecutor(THREADS) as pool:
        for place, result in enumerate(pool.map(attempt, paths)):
            if isinstance(result, DataError):
                failures.append(result)
                continue
            if stacked is None:  # filled in place, for a set may take half of the memory
                stacked = np.empty((len(paths), *result.shape), dtype=result.dtype)
            stacked[place] = result
    if failures or stacked is None:
        raise DataError(
            f"{len(failures)} of {len(paths)} files cannot be used; mend or remove them:\n"
            + listed(failures)
        )
    return stacked


def listed(lines: Iterable[object]) -> str:
    """Return the first ten lines, indented, and how many more there are."""
    lines = [str(line) for line in lines]
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join(f"  {line}" for line in [*lines[:_SHOWN], *more])
