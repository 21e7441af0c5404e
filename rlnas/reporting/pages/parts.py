"""Tables and figures as HTML elements, everything escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlnas.reporting.figures.drawing import Drawing


@dataclass(frozen=True)
class TableCell:
    """A cell of an HTML table.

    Attributes:
        text: Its text, not escaped yet.
        kind: Class in the style sheet: ``better``, ``worse``, ``text`` or none.
    """

    text: str
    kind: str = ""


def table(head: Sequence[str], rows: Sequence[Sequence[str | TableCell]]) -> str:
    """Return a table that scrolls sideways on a narrow screen.

    Args:
        head: Column titles; no head at all if every one is empty.
        rows: Texts or cells, a row for each row.
    """
    top = ""
    if any(head):
        kinds = [_kind(cell) for cell in rows[0]] if rows else [""] * len(head)
        cells = zip(head, kinds, strict=True)
        top = "".join(
            f"<th{' class=text' if kind == 'text' else ''}>{html.escape(text)}</th>"
            for text, kind in cells
        )
        top = f"<thead><tr>{top}</tr></thead>"
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table>{top}<tbody>{body}</tbody></table></div>'


def _kind(cell: str | TableCell) -> str:
    return "" if isinstance(cell, str) else cell.kind


def _cell(cell: str | TableCell) -> str:
    cell = TableCell(cell) if isinstance(cell, str) else cell
    kind = f' class="{cell.kind}"' if cell.kind else ""
    return f"<td{kind}>{html.escape(cell.text)}</td>"


def drawn_figure(drawn: Drawing, folder: Path, label: str, caption: str) -> str:
    """Write a figure's files beside the page, and return it with its caption.

    A narrow screen scrolls it instead of shrinking it beyond reading.

    Args:
        drawn: The figure.
        folder: Where its files are written.
        label: What a screen reader says.
        caption: Plain text.
    """
    drawn.save(folder)
    svg, text = drawn.inline(label), html.escape(caption)
    return f"<figure class=\"wide\">{svg}<figcaption class='soft'>{text}</figcaption></figure>"


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f"<h2>{html.escape(text)}</h2>"


def note(text: str) -> str:
    """Return a paragraph of small importance, plain text."""
    return f"<p class='soft'>{html.escape(text)}</p>"


def folded(summary: str, inner: str) -> str:
    """Return elements that a reader unfolds.

    Args:
        summary: What is always seen, plain text.
        inner: Elements.
    """
    return f"<details><summary>{html.escape(summary)}</summary>{inner}</details>"
