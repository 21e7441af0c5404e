"""What a command writes to: tables on standard output, progress and notes on standard error."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console, RenderableType

from rlnas.atomic import json_text
from rlnas.cli.progress import ProgressReporter

_PLAIN = {
    **dict.fromkeys("−–—─━‐‑", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼┏┓┗┛┡┩", "+"),
    **{"×": "x", "…": "...", "←": "<-", "→": "->", "≥": ">=", "≤": "<=", "±": "+/-", "∞": "inf"},
    **{"λ": "lambda", "τ": "tau", "ρ": "rho", "µ": "u", "∙": ".", "·": ".", "’": "'"},
    **{"☑": "x", "☒": "x", "↓": "v", "²": "2", "Δ": "delta"},
}


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Stand in for characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lacking), error.end


codecs.register_error("rlnas-plainly", _plainly)


def print_in_any_encoding(*streams: TextIO) -> None:
    """Let streams print what their encoding lacks in plain characters, and never fail of it."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="rlnas-plainly")


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
