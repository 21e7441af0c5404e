"""One table with a heading and what it says in words."""

from __future__ import annotations

from dataclasses import dataclass

from rlnas.formats import format_number


@dataclass(frozen=True)
class Section:
    """A table of text.

    Attributes:
        title: The heading.
        about: What was measured, in a sentence or two.
        headers: Names of the columns; the first column is text, the others are numbers.
        rows: Cells of each row.
        claims: What the table says, one sentence each.
        brief: Numbers of the columns to show where there is little room; all of them if empty.
    """

    title: str
    about: str
    headers: list[str]
    rows: list[list[str]]
    claims: tuple[str, ...] = ()
    brief: tuple[int, ...] = ()


def times(ratio: float) -> str:
    """Return a ratio in words, ``1.50 times``."""
    return f"{format_number(ratio)} times"
