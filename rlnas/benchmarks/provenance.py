"""Where the numbers of a table come from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The published file behind a table, or the trainings.

    Attributes:
        title: Name of the benchmark and of the file's makers.
        url: Where the file, or the page about it, is found; empty for a user's own.
        sha256: Checksum of the file that was converted, or empty.
        licence: Licence of the numbers, or ``unknown``.
        citation: What to cite, or empty.
        converted_by: Program and version that wrote the table.
        made_by: For numbers measured by this project: command, versions, device and hours.
        note: What was left out of the file, and how its architectures were read; or empty.
    """

    title: str
    url: str = ""
    sha256: str = ""
    licence: str = "unknown"
    citation: str = ""
    converted_by: str = ""
    made_by: str = ""
    note: str = ""


def converter() -> str:
    """Return the program and version that tables are marked with, e.g. ``rlnas 0.1.0``."""
    try:
        return f"rlnas {version('rlnas')}"
    except PackageNotFoundError:  # run from a source folder that was never installed
        return "rlnas (not installed)"


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()
