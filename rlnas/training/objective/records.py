"""What became of each architecture that an objective trained: a record, and where it is kept."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rlnas.damage import guarded
from rlnas.errors import RunError, shown
from rlnas.folders import remove
from rlnas.names import escaped_name
from rlnas.plain import whole
from rlnas.run_folder import keep_settings
from rlnas.sealed_json import read_sealed_json, write_sealed_json

FailureKind = Literal["diverged", "out of memory", "killed", "timeout", "error"]

_RECORD = "record.json"
_SETTINGS = "objective.json"
_PLAIN = re.compile(r"(?!\.)[0-9A-Za-z._-]{1,80}")


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """One architecture, trained or failed.

    Attributes:
        architecture: Official string.
        score: Validation score, larger is better; NaN if it failed.
        seconds: Wall-clock seconds of training and evaluation; of the attempt if it failed.
        failure: How it failed, or None.
        error: What happened, in words, or None.
        best_epoch: Epoch whose weights were kept, from 1; 0 if there are none.
        valid: Raw validation metrics at that epoch.
        test: Raw test metrics, likewise. For reports; no search may read them.
        history: Measurements by epoch, see `TrainingResult.rows`.
        device: Where it was trained.
    """

    architecture: str
    score: float
    seconds: float
    failure: FailureKind | None = None
    error: str | None = None
    best_epoch: int = 0
    valid: Mapping[str, float] = field(default_factory=dict)
    test: Mapping[str, float] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    device: str = ""

    def check(self) -> None:
        """Make sure that its fields, read from a file, are what they should be.

        Raises:
            TypeError, ValueError, KeyError: If one is not.
        """
        if not isinstance(self.architecture, str) or not isinstance(self.device, str):
            raise TypeError("architecture and device are to be texts")
        if not all(isinstance(text, str | None) for text in (self.failure, self.error)):
            raise TypeError("failure and error are to be texts")
        whole(self.best_epoch, "best_epoch")
        float(self.seconds)
        for metrics in (self.valid, self.test, *self.history):
            if not isinstance(metrics, Mapping):
                raise TypeError(f"expected metrics by name, not {shown(metrics)}")
        for row in self.history:
            whole(row["epoch"], "epoch")
        for name, value in (*self.valid.items(), *self.test.items()):
            if not isinstance(value, int | float | None):
                raise TypeError(f"{shown(name)} is {shown(value)}, no number")

    @classmethod
    def failed(
        cls, architecture: str, failure: FailureKind, what: str, seconds: float
    ) -> TrainingRecord:
        """Return the record of a failure; ``what`` says what happened."""
        said = f"{failure}: {what}" if failure in ("diverged", "out of memory") else what
        return cls(
            architecture=architecture,
            score=math.nan,
            seconds=seconds,
            failure=failure,
            error=said,
        )


class RecordFolder:
    """Records on disk, a folder for each architecture, for one way of training.

    Args:
        folder: Where; made if missing.
        settings: JSON-able values that decide what a record says, by name.

    Raises:
        RunError: If the folder holds records that were made with other settings, or is damaged.
    """

    def __init__(self, folder: str | Path, settings: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        keep_settings(self.folder / _SETTINGS, settings)

    def path(self, architecture: str) -> Path:
        """Return the folder of an architecture; it need not exist."""
        return self.folder / folder_name(architecture)

    def read(self, architecture: str) -> TrainingRecord | None:
        """Return the record of an architecture, None if there is none.

        Raises:
            RunError: If it is damaged.
        """
        return read_record(self.folder, architecture)

    def write(self, record: TrainingRecord) -> None:
        """Keep a record."""
        write_sealed_json(self.path(record.architecture) / _RECORD, vars(record))

    def forget(self, architecture: str) -> None:
        """Remove what is kept of an architecture."""
        remove(self.path(architecture), within=self.folder)

    def __iter__(self) -> Iterator[TrainingRecord]:
        """Yield all records, by the name of their folder."""
        for path in sorted(self.folder.glob(f"*/{_RECORD}")):
            yield _parse(path)


def read_record(folder: Path, architecture: str) -> TrainingRecord | None:
    """Return the record of an architecture in a folder of records, None if there is none.

    Raises:
        RunError: If it is damaged.
    """
    path = folder / folder_name(architecture) / _RECORD
    return _parse(path) if path.exists() else None


def _parse(path: Path) -> TrainingRecord:
    remedy = "Remove its folder to train again."
    values = read_sealed_json(path, "record of a training", RunError, remedy)
    with guarded(path, "record of a training", RunError, remedy):
        values["score"] = math.nan if values["score"] is None else float(values["score"])
        values["history"] = tuple(values["history"])
        record = TrainingRecord(**values)
        record.check()
        return record


def folder_name(architecture: str) -> str:
    """Return a name that every file system takes, distinct for distinct architectures."""
    return architecture if _PLAIN.fullmatch(architecture) else escaped_name(architecture)
