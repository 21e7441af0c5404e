"""The look of tables on the terminal."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_WIDTH = 100


def titled_table(title: str | None = None) -> Table:
    """Return an empty table as all commands print them: a bold title, a rule under the head.

    Args:
        title: The line above it, or None.
    """
    # As wide as it is: rich would break it at the width of the table.
    line = None if title is None else Text(title, no_wrap=True, overflow="ignore")
    return Table(
        title=line,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )


def as_html(table: RenderableType) -> str:
    """Return what `rich.print` prints as an HTML element."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(table, highlight=False)
    return console.export_html(
        inline_styles=True, code_format='<pre style="line-height:normal">{code}</pre>'
    )
