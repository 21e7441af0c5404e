"""The user's cache folder: downloaded files, imported tables, and the locks that guard them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import filelock
import platformdirs

from rlnas.errors import DataError, InvalidArgumentError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LOCK_SECONDS = 3600.0
"""How long to wait for another process that fetches the same thing."""


def cache_root() -> Path:
    """Return the cache folder: ``RLNAS_CACHE`` if set, else the platform's place for caches."""
    given = os.environ.get("RLNAS_CACHE", "").strip()
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("rlnas"))


def file_folder() -> Path:
    """Return the folder of downloaded files, each with its published name."""
    return cache_root() / "files"


def table_folder(name: str) -> Path:
    """Return the folder of the table with this name, whether it is there or not.

    Raises:
        InvalidArgumentError: If the name could not be a folder's.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"{name!r} cannot name a table; expected up to 100 letters, digits, '.', '_' or '-', "
            "beginning with a letter or digit."
        )
    return cache_root() / "tables" / name


def installed_tables() -> tuple[str, ...]:
    """Return the names of the tables in the cache, sorted."""
    folder = cache_root() / "tables"
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.parent.name for path in folder.glob("[!.]*/table.json")))


@contextlib.contextmanager
def cache_lock(name: str) -> Iterator[None]:
    """Hold the lock ``name`` of this cache: one process at a time; a dead one lets go of it.

    Raises:
        DataError: If the cache cannot be written, or the lock is not had within an hour.
    """
    folder = cache_root() / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / f"{name}.lock", timeout=LOCK_SECONDS)
        lock.acquire()
    except filelock.Timeout as error:
        raise DataError(
            f"Another process has held {error.lock_file} for an hour; end it and try again."
        ) from error
    except OSError as error:
        raise DataError(
            f"The cache folder {cache_root()} cannot be written ({error}). Set RLNAS_CACHE to a "
            "folder that can."
        ) from error
    try:
        yield
    finally:
        lock.release()
