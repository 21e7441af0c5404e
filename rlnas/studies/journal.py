"""What happened to a study, as an append-only file of lines that are there whole or not at all.

Each line is a CRC-32 in eight hexadecimal digits, a blank, and a JSON object. A process that is
killed as it writes leaves a last line without an end or with a wrong checksum, which counts as
never written and is cut off by whoever writes next.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlnas.atomic import json_text, writing
from rlnas.damage import guarded
from rlnas.errors import RunError

_SETTLED = 1.0
"""Seconds within which answers may come before they are synced to the disk together."""


class Journal:
    """The lines of a file, each read once.

    A kill of a process loses nothing that was appended. For a power cut too, what is appended is
    synced, but for what comes within a second of the sync before: that is synced with the next
    line, or by `settle`.

    Args:
        path: The file; need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0  # of the last whole line that was read
        self._lines = 0
        self._settled = 0.0
        self._unsettled = False

    def news(self) -> list[dict[str, Any]]:
        """Return the events that were appended since this was last asked.

        Raises:
            RunError: If a line before the last is damaged.
        """
        if not self.path.exists():
            return []
        found = []
        remedy = "Restore it from a copy, or begin in another folder."
        with guarded(self.path, "journal of a study", RunError, remedy):
            with self.path.open("rb") as file:
                file.seek(self._end)
                content = file.read()
            lines = content.splitlines(keepends=True)
            for number, line in enumerate(lines):
                event = _read(line)
                if event is None:
                    if number + 1 < len(lines):
                        raise ValueError(f"line {self._lines + 1} has another checksum")
                    break  # being written, or torn
                self._end += len(line)
                self._lines += 1
                found.append(event)
        return found

    def append(self, *events: Mapping[str, Any], settle: bool = False) -> None:
        """Write events, all or, if the process is killed, the first of them.

        To be called under a lock and with no `news`.

        Args:
            events: JSON-able.
            settle: Whether they are to outlive a power cut.

        Raises:
            UnwritableError: If they cannot be written; none is then.
        """
        content = b"".join(map(_line, events))
        with writing(self.path):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(self.path, flags, 0o666)
            try:
                if os.fstat(descriptor).st_size > self._end:
                    os.ftruncate(descriptor, self._end)
                try:
                    left = memoryview(content)
                    while left:
                        left = left[os.write(descriptor, left) :]
                    self._unsettled |= settle
                    if settle and time.monotonic() - self._settled >= _SETTLED:
                        self._sync(descriptor)
                except OSError:
                    os.ftruncate(descriptor, self._end)
                    raise
            finally:
                os.close(descriptor)
        self._end += len(content)
        self._lines += len(events)

    def settle(self) -> None:
        """See to it that all that was appended here would outlive a power cut."""
        if self._unsettled:
            with writing(self.path):
                descriptor = os.open(self.path, os.O_RDWR)
                try:
                    self._sync(descriptor)
                finally:
                    os.close(descriptor)

    def _sync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        self._settled, self._unsettled = time.monotonic(), False


def _line(event: Mapping[str, Any]) -> bytes:
    text = json_text(event, keep_nan=True).encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _read(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line, None if it is not whole."""
    checksum, _, text = line.partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text[:-1]):
        return None
    event = json.loads(text)
    if not isinstance(event, dict):
        raise TypeError("expected an object in each line")
    return event
