"""Names from outside (tables, tasks, metrics, classes, runs): checked before they become paths."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from rlnas.errors import InvalidArgumentError, shown

LONGEST = 100
"""Most bytes of a name in UTF-8: a file system takes 255, and a name gets endings."""
_FORBIDDEN = '/\\$:*?"<>|'
_LONGEST_FILE_NAME = 210
"""Most bytes of a file's name before what a temporary file puts around it; systems take 255."""
_LONGEST_READABLE = 80


def check_name(name: object, what: str) -> str:
    r"""Return a name that may become a file's name, a label in a figure and a word in a page.

    Letters of any script, digits, blanks inside and the usual signs may stand in it. What leads out
    of a folder (``/``, ``\``, a dot at the beginning), cannot be printed (control signs, bytes
    that are no UTF-8), no file system takes (``: * ? " < > |``) or starts a formula (``$``) may
    not.

    Args:
        name: The name as it came in.
        what: What it names, for the message, e.g. ``"task"``.

    Raises:
        InvalidArgumentError: If it is no such name.
    """
    # A table asks for the same few names again and again; long ones are not kept.
    known = isinstance(name, str) and len(name) <= LONGEST
    if problem := _problem(name) if known else _problem.__wrapped__(name):
        raise InvalidArgumentError(
            f"The {what} name {shown(name)} {problem}; expected up to {LONGEST} bytes of "
            f"letters, digits, blanks and signs other than {_FORBIDDEN}, with no dot or blank in "
            "front. Rename it."
        )
    return str(name)


def file_name(name: object) -> str:
    """Return a name as the name of a file: itself, or escaped if it may not be one.

    Any text may come in: it need not have passed `check_name`. What leads out of a folder, is
    hidden there, cannot be printed or is too long is escaped.

    Example:
        >>> file_name("scratch"), file_name("../x")
        ('scratch', 'x-88e8972cf557')
    """
    text = str(name)
    whole = (
        text.isprintable()
        and not text.startswith(".")
        and not set("/\\") & set(text)
        and 0 < len(text.encode(errors="replace")) <= _LONGEST_FILE_NAME
    )
    return text if whole else escaped_name(text)


def escaped_name(text: str) -> str:
    """Return a name that every file system takes, readable, and distinct for distinct texts."""
    readable = re.sub(r"[^0-9A-Za-z._-]+", "-", text)[:_LONGEST_READABLE].strip("-.")
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
    return f"{readable}-{digest}"


@lru_cache(maxsize=1024)
def _problem(name: object) -> str:
    """Return what is wrong with a name, empty if nothing is."""
    return next((said for wrong, said in _rules(name) if wrong), "")


def _rules(name: object) -> Iterator[tuple[bool, str]]:
    if not isinstance(name, str):
        yield True, "is no text"
        return
    yield not name, "is empty"
    # Surrogates, which stand for bytes that are no UTF-8, are not printable either.
    yield not name.isprintable(), "holds signs that cannot be printed"
    yield len(name.encode(errors="replace")) > LONGEST, "is too long"
    yield any(sign in name for sign in _FORBIDDEN), "holds a sign that a name may not"
    yield (
        name[:1] == "." or name[-1:] == "." or name != name.strip(),
        "has a dot or blank at an end",
    )
