"""The errors of rlnas: one small tree, so that a caller can catch as much or as little as wanted.

Every message says what was wrong, what was expected and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_names(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that are most like a name, the nearest first."""
    return difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.4)


def did_you_mean(near: Iterable[str]) -> str:
    """Return the hint of a message at the nearest known names, empty where none is near."""
    named = " or ".join(repr(name) for name in near)
    return f" Did you mean {named}?" if named else ""


class RlnasError(Exception):
    """Base class of every error that rlnas raises on purpose."""


class InvalidArgumentError(RlnasError, ValueError):
    """An argument or option has a value outside what its docstring allows."""


class InvalidArchitectureError(RlnasError, ValueError):
    """A string, array or index that names no architecture of the search space."""


class UnknownNameError(RlnasError, KeyError):
    """A name that is not registered; the message lists the nearest known names.

    It is a `KeyError` so that ``suite.get(name)`` keeps the contract of a mapping.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = nearest_names(str(name), known)
        hint = did_you_mean(near)
        super().__init__(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(known) or 'none'}.")
        self.kind = kind
        self.name = name
        self.known = known
        self.near = near

    def __str__(self) -> str:  # a KeyError would quote its message
        return str(self.args[0])

    def __reduce__(self) -> tuple[type, tuple[str, str, list[str]]]:
        """Rebuild from the arguments, so that it comes back from another process."""
        return type(self), (self.kind, self.name, self.known)


class PluginError(RlnasError):
    """What an installed package adds to rlnas cannot be used; the message names the package."""


class LeakageError(RlnasError):
    """A search tried to read of its target task what it had not queried."""


class BudgetExhaustedError(RlnasError):
    """A query was asked for after the budget of the search was spent."""


class DataError(RlnasError):
    """A benchmark file or table is missing, damaged, hostile or of another format."""


class ChecksumError(DataError):
    """The content of a file differs from its published SHA-256."""


class DownloadError(DataError):
    """No source (cache, mirror, public address) had the file."""


class CheckpointError(RlnasError):
    """A checkpoint folder is incomplete, damaged or of an incompatible version."""


class TrainingError(RlnasError):
    """A network could not be trained."""


class DivergedError(TrainingError):
    """The loss or the validation metric of a training is not finite."""


class RunError(RlnasError):
    """A run folder cannot be used: it exists, is unfinished, or holds another configuration."""


class AnswerError(RlnasError, ValueError):
    """An answer that a study cannot take: it asked for no such thing, or was told already."""


class UnwritableError(RunError, OSError):
    """A file or folder cannot be written: the disk is full, read-only, or somebody else's.

    What was there before is as it was. It is an `OSError` for whoever waits for one.
    """


class MissingDependencyError(RlnasError, ImportError):
    """An optional library is not installed; the message says how to install it."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the library {library!r}, which is not installed. "
            f"Install it with: pip install 'rlnas[{extra}]'"
        )
        self.library = library
        self.extra = extra
        self.purpose = purpose

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        """Rebuild from the arguments, so that it comes back from another process."""
        return type(self), (self.library, self.extra, self.purpose)


class UndefinedScoreError(RlnasError):
    """A proxy has no score for this network and batch; the message says why.

    `score_proxies` turns it into a `ProxyScore` that failed.
    """


def bounded(text: str, limit: int = 2000) -> str:
    """Return a text of at most ``limit`` characters that can be printed anywhere in UTF-8.

    The middle of a longer one is left out; control signs but line ends are written as escapes, as
    is what is no Unicode, e.g. bytes of a file's name.
    """
    text = str.__str__(text)  # no longer of a class of its own
    if len(text) > 2 * limit:
        text = text[:limit] + text[-limit:]
    if not text.isprintable():
        text = "".join(
            sign
            if sign.isprintable() or sign == "\n"
            else sign.encode("unicode_escape").decode("ascii")
            for sign in text
        )
    half = (limit - 5) // 2
    return text if len(text) <= limit else f"{text[:half]} […] {text[-half:]}"


def in_words(error: BaseException, limit: int = 2000) -> str:
    """Return type and text of an exception that others raised, both `bounded`.

    Of one that cannot say what it is the type alone is said.
    """
    kind = bounded(type(error).__name__, 200)
    try:
        text = bounded(str(error), limit)
    except Exception as other:
        text = f"(its text cannot be had: {bounded(type(other).__name__, 200)})"
    return f"{kind}: {text}" if text else kind


def shown(value: object) -> str:
    """Return a short text of a value from a file; a container is not walked, for it may be huge."""
    if isinstance(value, str):
        return bounded(repr(value[:60]), 80)
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) < 10**20 else "a whole number of more than 20 digits"
    return f"a value of type {bounded(type(value).__name__, 40)}"
