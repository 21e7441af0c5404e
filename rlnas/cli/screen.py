"""What a command writes to: tables on standard output, progress and notes on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console, RenderableType

from rlnas.atomic import json_text
from rlnas.cli.progress import ProgressReporter


class _Console(Console):
    """A console that leaves it to the caller to end quietly when its reader has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """The two streams of a command.

    Args:
        json_only: Whether standard output carries the JSON object alone; tables then go to
            standard error.
        command: The command line, for run folders.
    """

    def __init__(self, *, json_only: bool = False, command: str = "") -> None:
        self.command = command
        self.errors = Console(stderr=True, soft_wrap=True)
        self.out = _Console(stderr=json_only)

    def print(self, *parts: RenderableType) -> None:
        """Print tables and results."""
        for part in parts:
            self.out.print(part, highlight=False, markup=False)

    def line(self, text: str) -> None:
        """Print a line that must not be broken, such as a path or a command to copy."""
        self.out.print(text, highlight=False, markup=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Say on standard error what is happening."""
        self.errors.print(text, highlight=False, markup=False)

    def progress(self) -> ProgressReporter:
        """Return a reporter to use in a ``with`` statement."""
        return ProgressReporter(self.errors)

    @staticmethod
    def emit(result: Mapping[str, Any]) -> None:
        """Print the JSON object, as the last line of standard output."""
        sys.stdout.write(json_text(result) + "\n")
        sys.stdout.flush()
