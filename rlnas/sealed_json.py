"""JSON objects on disk that say whether they are still what was written, see `rlnas.seal`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlnas.atomic import atomic_file, json_text
from rlnas.damage import JSON_BYTES, guarded, parse_json, read_content
from rlnas.errors import DataError, RlnasError
from rlnas.seal import BLANK, check_seal, sealed

SEAL = "checksum"
"""The key of the checksum, the first of an object, so that no text before it looks like one."""


def write_sealed_json(
    path: str | Path,
    tree: Mapping[str, Any],
    *,
    indent: int | None = None,
    keep_nan: bool = False,
) -> None:
    """Write an object with its checksum as a JSON file, atomically.

    Args:
        path: The file.
        tree: The object; it has no key `SEAL` of its own.
        indent: As of `rlnas.atomic.json_text`.
        keep_nan: Likewise.

    Raises:
        UnwritableError: If it cannot be written; a file that was there is as it was.
    """
    text = json_text({SEAL: BLANK, **tree}, indent=indent, keep_nan=keep_nan)
    with atomic_file(path) as partial:
        partial.write_bytes(sealed(text.encode()))


def read_sealed_json(
    path: str | Path,
    what: str,
    raises: type[RlnasError] = DataError,
    remedy: str = "",
    *,
    most: int = JSON_BYTES,
) -> dict[str, Any]:
    """Return the object in a JSON file, without its checksum; one that has none passes.

    Args:
        path: The file.
        what: What it should be, see `rlnas.damage.guarded`.
        raises: Likewise.
        remedy: Likewise.
        most: Bytes above which it is not read.

    Raises:
        RlnasError: ``raises``, if it is missing, damaged, or no JSON object.
    """
    content = read_content(path, what, raises, remedy, most=most)
    with guarded(path, what, raises, remedy):
        tree = parse_json(content)
        if not isinstance(tree, dict):
            raise TypeError("expected a JSON object")
        check_seal(content, expected=SEAL in tree)
        tree.pop(SEAL, None)
        return tree
