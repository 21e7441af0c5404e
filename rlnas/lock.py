"""A lock on a folder of work: one process at a time, and the others are told which."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rlnas.errors import RunError, UnwritableError

LOCK = ".lock"
"""File that a folder has while somebody writes to it; it says who."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def folder_lock(folder: str | Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder, made if missing. The system lets go of a dead process's.

    A file system without locks gives none, and nothing is said.

    Args:
        folder: The folder.
        wait: Seconds to wait for whoever holds it, for work of moments that several share. The file
            then stays when it is let go of: to remove it takes longer than such work.

    Raises:
        RunError: If another process holds it, or another thread of this one; it says who and since
            when.
        UnwritableError: If the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _acquire_within(folder / LOCK, wait)
    except BlockingIOError:
        raise RunError(
            f"{folder} is being written to by {_owner(folder / LOCK)}. Wait for it, end it, or "
            "choose another folder."
        ) from None
    except OSError as error:
        raise UnwritableError(
            f"{folder} cannot be written ({error.strerror or error}). Choose another folder, or "
            "see to its permissions and to room on the disk."
        ) from error
    try:
        yield
    finally:
        if lock is not None:
            _release(folder / LOCK, lock, remove=not wait)


def _owner(path: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        own = json.loads(path.read_text(encoding="utf-8"))
        return f"process {own['pid']} on {own['host']}, since {own['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _acquire_within(path: Path, wait: float) -> int | None:
    """Return as `_acquire`, after asking again for some seconds."""
    end, pause = time.monotonic() + wait, 0.001
    while True:
        try:
            return _acquire(path)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        # Not in step with others who wait.
        time.sleep(pause * (1 + os.urandom(1)[0] / 255))
        pause = min(2 * pause, 0.02)


def _acquire(path: Path) -> int | None:
    """Return the descriptor of a locked file, or None where there are no locks.

    Raises:
        BlockingIOError: If somebody else holds it.
    """
    while True:
        # No link is followed: what is written goes into this folder's own file.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            _lock(descriptor)
            # Whoever had it removes the file before letting go: then this one is nobody's.
            if sys.platform == "win32" or _is_at(path, descriptor):
                said = {
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "since": time.strftime("%Y-%m-%d %H:%M:%S"),
                }
                with contextlib.suppress(OSError):  # on a full disk the lock says nothing
                    # Over what the last one said, with blanks: to cut a file takes milliseconds.
                    before = os.fstat(descriptor).st_size
                    os.lseek(descriptor, 0, os.SEEK_SET)
                    os.write(descriptor, json.dumps(said).encode().ljust(min(before, 1000)))
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS:
                path.unlink(missing_ok=True)
                return None
            raise
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # a byte that nobody reads, so that what stands before it can be

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

    def _release(path: Path, descriptor: int, *, remove: bool) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        os.close(descriptor)
        if remove:
            with contextlib.suppress(OSError):  # somebody has it open, who then holds it
                path.unlink()

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(path: Path, descriptor: int, *, remove: bool) -> None:
        if remove:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        # By name, because a child of this process may have the descriptor too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
