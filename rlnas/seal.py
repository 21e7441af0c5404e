"""Checksums inside files: a content says itself whether it is still what was written.

A format with room for a text of one's own (the metadata of safetensors, of Parquet, a key of JSON)
gets a blank seal, `BLANK`, where that text is; `sealed` puts the CRC-32C of the whole content in
its place, and `check_seal` compares. It finds what a disk or a copy damaged; it proves nothing
about who wrote the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from google_crc32c import extend, value

_NAME = b"crc32c:"
BLANK = "crc32c:--------"
"""What stands for the checksum of a content while it is taken."""
_BLANK = BLANK.encode()
_SEAL = re.compile(re.escape(_NAME) + rb"[0-9a-f]{8}")


def sealed(content: bytes) -> bytes:
    """Return a content with its checksum in place of the first blank seal in it.

    Raises:
        ValueError: If there is none.
    """
    return b"".join(sealed_pieces(content))


def sealed_pieces(content: bytes, start: int = 0) -> tuple[bytes | memoryview, ...]:
    """Return what `sealed` does in pieces to be written one after another.

    Args:
        content: All bytes of a file.
        start: The seal is not before this.

    Raises:
        ValueError: If there is none.
    """
    at = content.find(_BLANK, start)
    if at < 0:
        raise ValueError("The content has no room for a checksum.")
    seal = _NAME + _eight_digits(value(content))
    return content[:at], seal, memoryview(content)[at + len(seal) :]


def check_seal(
    content: bytes, start: int = 0, *, expected: bool = False, rest: Iterable[bytes] = ()
) -> None:
    """Make sure that a content is what `sealed` returned; one without a seal passes.

    Args:
        content: The bytes of a file, or the first of them with the seal.
        start: As of `sealed`.
        expected: Whether there has to be a seal.
        rest: The bytes that follow, in pieces.

    Raises:
        ValueError: If it differs from its checksum, or has none and one is expected.
    """
    found = _SEAL.search(content, start)
    if found is None:
        if expected:
            raise ValueError("its checksum is gone")
        return
    # In pieces, for a blank seal in a copy of the whole would take far longer than the checksum.
    number = extend(value(content[: found.start()]), _BLANK)
    for piece in chain((content[found.end() :],), rest):
        number = extend(number, piece)
    if _eight_digits(number) != found[0][len(_NAME) :]:
        raise ValueError("its content differs from its checksum")


def checksum(content: bytes) -> str:
    """Return the CRC-32C of a content as eight hexadecimal digits."""
    return _eight_digits(value(content)).decode()


def _eight_digits(number: int) -> bytes:
    return b"%08x" % number
