"""Atomic writes: a file or folder is either wholly there or as it was before; text and JSON.

Whenever the process is killed, what was there before or what replaces it is there, whole. What a
killed process leaves beside it has a name that says whose it was, and is put back or removed when
the place is next written to (`mend`) or its run is next begun (`sweep`).
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import math
import os
import re
import socket
import sys
import uuid
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from rlnas.errors import UnwritableError
from rlnas.folders import remove

_LEFTOVER = re.compile(
    r"\.(?P<name>.+)\.(?:(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<process>[0-9a-f]{8})-)?"
    r"[0-9a-f]{8}\.(?P<kind>part|old)",
    re.DOTALL,
)
"""Name of a temporary file or folder; those of earlier versions do not say whose they are."""
_HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"


@contextlib.contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it becomes ``path``, else it is removed.

    Parent folders are made as needed. The new content is on disk before it takes the name.

    Raises:
        UnwritableError: In place of an `OSError`, also one inside the block; the file is as it was.
    """
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _beside(path, "part")
        try:
            partial.touch()
            mode = partial.stat().st_mode
            yield partial
            partial.chmod(mode)  # some writers of tensors keep others from reading
            _settle(partial)
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_directory(path: str | Path, own: Collection[str]) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; on success it becomes ``path``, else it is removed.

    An existing folder at ``path`` is replaced; a reader that has it open keeps its files. Where
    the system can, both change places in one step; where it cannot, there is a moment in which
    ``path`` is missing, and if the process is killed then, `mend` puts the old folder back.

    Args:
        path: The folder.
        own: Patterns of the names of all that such a folder holds. One that holds anything else is
            somebody's work and not replaced.

    Raises:
        UnwritableError: In place of an `OSError`, also one inside the block, or if ``path`` is a
            file or holds something else; what was there is as it was.
    """
    path = Path(path)
    with writing(path):
        if others := foreign(path, own):
            raise OSError(f"it holds {', '.join(others[:3])}, which would be lost")
        path.parent.mkdir(parents=True, exist_ok=True)
        mend(path)
        partial = _beside(path, "part")
        try:
            partial.mkdir()
            yield partial
            mode = partial.stat().st_mode & 0o666
            for file in partial.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    file.chmod(file.stat().st_mode | mode)  # as of `atomic_file`
                    _settle(file)
            _take_place(partial, path)
        finally:
            with contextlib.suppress(OSError):
                remove(partial, within=path.parent)


def foreign(folder: Path, own: Collection[str]) -> list[str]:
    """Return the names in a folder that fit none of some patterns, without hidden ones.

    Raises:
        OSError: If it is a file.
    """
    names = (path.name for path in folder.iterdir()) if folder.exists() else ()
    return sorted(
        name
        for name in names
        # What a system leaves in every folder (.DS_Store) is nobody's work.
        if not name.startswith(".") and not any(fnmatchcase(name, pattern) for pattern in own)
    )


def _take_place(partial: Path, path: Path) -> None:
    """Give a folder its name, and its temporary name to the one that had it, if one had."""
    if not os.path.lexists(path):
        partial.rename(path)
        return
    if exchange(partial, path):
        return
    old = _beside(path, "old")
    path.rename(old)
    try:
        partial.rename(path)
    except BaseException:
        old.rename(path)
        raise
    with contextlib.suppress(OSError):
        remove(old, within=path.parent)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of an error of the system what it is about, what is left, and what to do.

    Args:
        path: What is written inside.

    Raises:
        UnwritableError: In place of an `OSError`.
    """
    try:
        yield
    except UnwritableError:
        raise
    except OSError as error:
        said = error.strerror or str(error)
        raise UnwritableError(
            f"{path} cannot be written ({said}). What was there before is as it was; make room or "
            "see to the permissions, and do it again, or choose another place."
        ) from error


def _settle(path: Path) -> None:
    """See to it that the content of a file is on disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


# -- exchanging two folders --------------------------------------------------------------------


def exchange(one: Path, other: Path) -> bool:
    """Let two paths change their names in one step; return whether the system could."""
    call = _exchange_call()
    return call is not None and call(os.fsencode(one), os.fsencode(other)) == 0


@lru_cache(maxsize=1)
def _exchange_call() -> Callable[[bytes, bytes], int] | None:
    """Return what exchanges two paths on this system, or None."""
    at_cwd, flag = -100, 2  # Linux: AT_FDCWD, RENAME_EXCHANGE; macOS: RENAME_SWAP
    try:
        library: Any = ctypes.CDLL(None)
        if sys.platform == "darwin":
            swap = library.renamex_np
            swap.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
            return lambda one, other: int(swap(one, other, flag))
        rename = library.renameat2
    except (OSError, AttributeError, TypeError):  # an older library, or another system
        return None
    own = [ctypes.c_int, ctypes.c_char_p]
    rename.argtypes = [*own, *own, ctypes.c_uint]
    return lambda one, other: int(rename(at_cwd, one, at_cwd, other, flag))


# -- what a killed process leaves --------------------------------------------------------------


def _beside(path: Path, kind: str) -> Path:
    """Return a temporary path beside another, whose name says whose it is."""
    owner = f"{_HOST}-{os.getpid()}-{_process(os.getpid())}"
    return path.with_name(f".{path.name}.{owner}-{uuid.uuid4().hex[:8]}.{kind}")


@lru_cache(maxsize=1)
def _process(pid: int) -> str:
    """Return what tells this process from an earlier one with the same number."""
    return uuid.uuid4().hex[:8]


def is_leftover(name: str) -> bool:
    """Return whether a file or folder is a temporary one of this module, by its name."""
    return _LEFTOVER.fullmatch(name) is not None


def mend(path: str | Path) -> None:
    """Put a folder back that a killed process had moved away, and remove what it left beside.

    What belongs to a process that is alive stays.
    """
    path = Path(path)
    with contextlib.suppress(OSError):
        for found in list(path.parent.glob(f".{_literal(path.name)}.*")):
            _mend(found, path.name)


def sweep(folder: str | Path) -> None:
    """Do what `mend` does for everything below a folder; links are not followed."""
    for home, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            if is_leftover(name):
                with contextlib.suppress(OSError):
                    _mend(Path(home, name), None)
        folders[:] = [name for name in folders if not is_leftover(name)]


def _mend(leftover: Path, name: str | None) -> None:
    """Put a leftover back or remove it, if it is one that nobody works on.

    Args:
        leftover: Its path.
        name: The name that it has to have had, or None for any.
    """
    match = _LEFTOVER.fullmatch(leftover.name)
    if match is None or (name is not None and match["name"] != name) or _is_in_use(match):
        return
    path = leftover.with_name(match["name"])
    if match["kind"] == "old" and not os.path.lexists(path):
        leftover.rename(path)
    else:
        remove(leftover, within=leftover.parent)


def _is_in_use(match: re.Match[str]) -> bool:
    """Return whether the process that a leftover belongs to may be alive."""
    if match["host"] is None:  # of an earlier version
        return False
    if match["host"] != _HOST:
        return True  # nobody here can know
    pid = int(match["pid"])
    if pid == os.getpid():
        return match["process"] == _process(pid)
    return is_alive(pid)


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine runs; true where the system cannot say."""
    if sys.platform == "win32":  # where signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(
    path: str | Path, value: object, *, indent: int | None = None, keep_nan: bool = False
) -> None:
    """Write a value as a JSON file atomically; see `json_text`."""
    write_text(path, json_text(value, indent=indent, keep_nan=keep_nan))


def json_text(value: object, *, indent: int | None = None, keep_nan: bool = False) -> str:
    """Return a value as JSON.

    Args:
        value: What JSON knows, and tuples, paths, dataclasses, NumPy scalars and arrays, at any
            depth; keys become text.
        indent: Spaces a level; None puts all on one line.
        keep_nan: Write NaN and infinities by these names, which Python's `json` reads back as the
            numbers they were; otherwise they are null, which every reader knows.

    Example:
        >>> json_text({"folder": Path("runs"), "rank": float("nan"), "seeds": (0, 1)})
        '{"folder": "runs", "rank": null, "seeds": [0, 1]}'
    """
    return json.dumps(_jsonable(value, keep_nan), indent=indent, allow_nan=keep_nan)


def jsonable(value: object) -> Any:
    """Return a value as JSON gives it back: lists for tuples and arrays, text for paths."""
    return json.loads(json_text(value, keep_nan=True))


def _jsonable(value: Any, keep_nan: bool) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _jsonable(item, keep_nan) for name, item in value.items()}
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _jsonable(getattr(value, field.name), keep_nan) for field in fields}
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_jsonable(item, keep_nan) for item in value]
    if isinstance(value, float) and not keep_nan and not math.isfinite(value):
        return None
    return value
