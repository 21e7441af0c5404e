"""Damaged and hostile files: whatever a reader stumbles over becomes one bounded `DataError`.

A reader that lists the exceptions of the libraries below it always lacks some. `guarded` takes them
all, so that a reader only says what it expects; `check_size` keeps a number in a file from sizing
an array that the file could not fill.
"""

from __future__ import annotations

import contextlib
import json
import math
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rlnas.errors import (
    DataError,
    MissingDependencyError,
    RlnasError,
    UnknownNameError,
    bounded,
    in_words,
    shown,
)

LONGEST = 900
"""Most characters of a message about a file."""
FREE_CELLS = 10_000_000
"""Cells of an array that may be had whatever the file holds: 80 MB of float64."""
PADDING = 100
"""Most cells of an array for each number that a file holds for it, above `FREE_CELLS`."""
JSON_BYTES = 128 << 20
"""Most bytes of a JSON file: read, it takes about ten times the memory."""


@contextlib.contextmanager
def guarded(
    path: str | Path, what: str, raises: type[RlnasError] = DataError, remedy: str = ""
) -> Iterator[None]:
    """Turn everything that goes wrong with a file into one error with a bounded message.

    Options are to be checked before: inside, an error of any kind is the file's. An interrupt
    passes, as does the lack of an optional library.

    Args:
        path: The file or folder.
        what: What it should be, e.g. ``"zip of NASLib results"``.
        raises: What is raised; an error of this kind keeps its type and, up to `LONGEST`
            characters, its words.
        remedy: What to do about it, a sentence.

    Raises:
        RlnasError: ``raises``, in place of any `Exception`.

    Example:
        >>> with guarded("scores.json", "table"):
        ...     json.loads("{")
        Traceback (most recent call last):
        ...
        rlnas.errors.DataError: scores.json is no readable table; it is damaged or of another ...
    """
    try:
        yield
    except MissingDependencyError:
        raise
    except Exception as error:
        if isinstance(error, raises):
            message = bounded(str(error), LONGEST)
            if message == str(error):
                raise
            raise type(error)(message) from error
        raise raises(
            bounded(
                f"{bounded(str(path), 300)} is no readable {what}; it is damaged or of another "
                f"format ({_said(error)}).{remedy and ' '}{remedy}",
                LONGEST,
            )
        ) from error


def check_size(shape: Sequence[int], held: int, what: str) -> None:
    """Make sure that an array is not far larger than what a file holds to fill it with.

    Args:
        shape: The array's shape.
        held: How many numbers the file holds for it.
        what: What the array is, for the message.

    Raises:
        DataError: If it is.
    """
    wanted = math.prod(shape)
    if min(shape, default=0) < 0 or wanted > max(FREE_CELLS, PADDING * held):
        raise DataError(
            f"{what} would take {shown(wanted)} numbers, and the file holds {held} for it: its "
            "lengths cannot be right."
        )


def read_json(
    path: str | Path,
    what: str,
    raises: type[RlnasError] = DataError,
    remedy: str = "",
    *,
    most: int = JSON_BYTES,
) -> Any:
    """Return the content of a JSON file.

    Args:
        path: The file.
        what: What it should be, see `guarded`.
        raises: As of `guarded`.
        remedy: Likewise.
        most: Bytes above which it is not read.

    Raises:
        RlnasError: ``raises``, if it is missing, no plain file, larger than that,
            or no JSON in UTF-8.
    """
    content = read_content(path, what, raises, remedy, most=most)
    with guarded(path, what, raises, remedy):
        return parse_json(content)


def read_content(
    path: str | Path,
    what: str,
    raises: type[RlnasError] = DataError,
    remedy: str = "",
    *,
    most: int = JSON_BYTES,
) -> bytes:
    """Return all bytes of a file.

    Args:
        path: The file.
        what: What it should be, see `guarded`.
        raises: As of `guarded`.
        remedy: Likewise.
        most: Bytes above which it is not read.

    Raises:
        RlnasError: ``raises``, if it is missing, no plain file, or larger than that.
    """
    path = Path(path)
    with guarded(path, what, raises, remedy):
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise raises(f"{path} is no plain file.")
        if status.st_size > most:
            raise raises(
                f"{path} has {status.st_size} bytes, more than a {what} can have: not read."
            )
        return path.read_bytes()


def parse_json(data: bytes) -> Any:
    """Return what JSON says, which can be written again.

    Raises:
        ValueError: If it is no JSON, or has half a sign of UTF-16, which no file can hold.
        RecursionError: If it is nested too deeply.
    """
    content = json.loads(data)
    if b"\\ud" in data.lower():
        json.dumps(content, ensure_ascii=False).encode()
    return content


def _said(error: Exception) -> str:
    """Return what an error says, in one short line."""
    said = in_words(error, 400).partition("\n")[0]
    if isinstance(error, KeyError) and not isinstance(error, UnknownNameError):
        return said.replace(": ", ": missing ", 1)
    return said
