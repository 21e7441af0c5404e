"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

_SHARE = 0.1  # of the work between two plain lines …
_PAUSE = 1.0  # … and at least these seconds


class ProgressReporter:
    """Shows how far each stage is; call it with the stage, what is done and the total.

    Args:
        console: Where; standard error, so that standard output stays clean.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._shown: dict[str, tuple[int, float]] = {}

    def __enter__(self) -> ProgressReporter:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` are finished."""
        if self._bar is None:
            self._line(stage, done, total)
        elif stage in self._tasks:
            self._bar.update(self._tasks[stage], completed=done, total=total)
        else:
            self._tasks[stage] = self._bar.add_task(stage, completed=done, total=total)

    def _line(self, stage: str, done: int, total: int) -> None:
        before, at = self._shown.get(stage, (-1, 0.0))
        now = time.monotonic()
        due = done - before >= _SHARE * total and now - at >= _PAUSE
        if before < 0 or (done != before and (done >= total or due)):
            self._shown[stage] = (done, now)
            self._console.print(f"{stage}: {done}/{total}", highlight=False)
