"""TensorBoard event files, written as they come.

PyTorch's ``SummaryWriter`` keeps a thread and a queue for every file and takes a second to import;
a transfer matrix writes hundreds of files, so the records go straight to the file here.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from google_crc32c import value as crc32c

from rlnas.atomic import writing

if TYPE_CHECKING:
    from typing_extensions import Self

_files = itertools.count()


def _record(content: bytes) -> bytes:
    """Return a record of TensorFlow's format: length, its checksum, content, its checksum."""
    length = struct.pack("<Q", len(content))
    return b"".join((length, _checksum(length), content, _checksum(content)))


def _checksum(content: bytes) -> bytes:
    """Return the masked CRC-32C. TensorBoard's own is pure Python and half the cost of a file."""
    value = crc32c(content)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def restart_event(after: int) -> Any:
    """Return the event that makes TensorBoard drop what it has read of later steps.

    Args:
        after: The last step that counts.
    """
    from tensorboard.compat.proto.event_pb2 import (  # type: ignore[import-untyped]
        Event,
        SessionLog,
    )

    log = SessionLog(status=SessionLog.START)
    return Event(wall_time=time.time(), step=after + 1, session_log=log)


class EventFile:
    """One event file, a context manager.

    Args:
        folder: Folder of the file, one run of TensorBoard's; made if missing.
        after: Where this file goes on with a training: the last step that counts of what other
            files in the folder hold. TensorBoard drops what they say of later ones, which a killed
            training took and this one takes again.

    Attributes:
        path: The file.

    Raises:
        UnwritableError: If it cannot be written, here or later.
    """

    def __init__(self, folder: str | Path, *, after: int | None = None) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        folder = Path(folder)
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        going_on = after is not None and any(folder.glob("*tfevents*"))
        # TensorBoard looks for "tfevents" and reads files in the order of their names, so one of
        # the same second has to come later by its name.
        name = f"{time.time():017.6f}", socket.gethostname(), str(os.getpid()), str(next(_files))
        self.path = folder / f"events.out.tfevents.{'.'.join(name)}"
        with writing(self.path):
            self._file = self.path.open("xb")
        self._event: Any = Event
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if after is not None and going_on:
            self._write(restart_event(after))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write scalars by tag, all of one step."""
        from tensorboard.compat.proto.summary_pb2 import Summary  # type: ignore[import-untyped]

        entries = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        summary = Summary(value=entries)
        self._write(self._event(wall_time=time.time(), step=step, summary=summary))

    def add_image(self, step: int, tag: str, png: bytes, size: tuple[int, int]) -> None:
        """Write an image, shown on TensorBoard's page IMAGES.

        Args:
            step: Its step.
            tag: Its tag.
            png: The PNG file's bytes.
            size: Width and height in pixels.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary

        image = Summary.Image(width=size[0], height=size[1], colorspace=4, encoded_image_string=png)
        summary = Summary(value=[Summary.Value(tag=tag, image=image)])
        self._write(self._event(wall_time=time.time(), step=step, summary=summary))

    def add_summary(self, summary: Any) -> None:
        """Write a summary protocol buffer, such as one of TensorBoard's hparams."""
        self._write(self._event(wall_time=time.time(), summary=summary))

    def _write(self, event: Any) -> None:
        with writing(self.path):
            self._file.write(_record(event.SerializeToString()))

    def flush(self) -> None:
        """Make what was written visible to TensorBoard."""
        with writing(self.path):
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with writing(self.path):
            self._file.close()

    def __enter__(self) -> Self:
        """Return the file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()
