"""Checksums inside files: a content says itself whether it is still what was written.

A format with room for a text of one's own (the metadata of safetensors, of Parquet, a key of JSON)
gets a blank seal, `BLANK`, where that text is; `sealed` puts the CRC-32C of the whole content in
its place, and `check_seal` compares. It finds what a disk or a copy damaged; it proves nothing
about who wrote the file.
"""

from __future__ import annotations

import re

_NAME = b"crc32c:"
BLANK = "crc32c:--------"
"""What stands for the checksum of a content while it is taken."""
_BLANK = BLANK.encode()
_SEAL = re.compile(re.escape(_NAME) + rb"[0-9a-f]{8}")


def sealed(content: bytes) -> bytes:
    """Return a content with its checksum in place of the blank seals in it.

    Raises:
        ValueError: If there is none.
    """
    if _BLANK not in content:
        raise ValueError("The content has no room for a checksum.")
    return content.replace(_BLANK, _NAME + _checksum(content))


def check_seal(content: bytes, *, expected: bool = False) -> None:
    """Make sure that a content is what `sealed` returned; one without a seal passes.

    Args:
        content: All bytes of a file.
        expected: Whether there has to be a seal.

    Raises:
        ValueError: If it differs from its checksum, or has none and one is expected.
    """
    found = _SEAL.search(content)
    if found is None:
        if expected:
            raise ValueError("its checksum is gone")
        return
    if _checksum(content.replace(found[0], _BLANK)) != found[0][len(_NAME) :]:
        raise ValueError("its content differs from its checksum")


def checksum(content: bytes) -> str:
    """Return the CRC-32C of a content as eight hexadecimal digits."""
    return _checksum(content).decode()


def _checksum(content: bytes) -> bytes:
    from google_crc32c import value

    return b"%08x" % value(content)
