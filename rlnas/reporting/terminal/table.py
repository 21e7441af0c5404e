"""The look of tables on the terminal."""

from __future__ import annotations

from rich import box
from rich.table import Table


def titled_table(title: str | None = None) -> Table:
    """Return an empty table as all commands print them: a bold title, a rule under the head.

    Args:
        title: The line above it, or None.
    """
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
