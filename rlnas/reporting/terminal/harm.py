"""The harm of methods on hostile targets, on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.table import Table

from rlnas.formats import MISSING
from rlnas.reporting.matrix.harm import ALL_KINDS
from rlnas.reporting.matrix.methods import Entrant
from rlnas.reporting.terminal.table import titled_table
from rlnas.runs.cell import SourceKind

if TYPE_CHECKING:
    import pandas as pd

_SHOWN: tuple[SourceKind, ...] = ("single", "others", "none")
NOTE = (
    "Harm: log10 rank behind random's exact line, mean over targets: 0.3 is twice the rank, below "
    "0 is ahead; local: the same behind local search. Intervals resample targets and searches."
)
"""What the numbers mean."""


def harm_table(found: pd.DataFrame) -> Table:
    """Return a table with a line a method.

    Args:
        found: What `rlnas.reporting.matrix.harm.harm` returns.
    """
    table = titled_table()
    table.add_column("harm", overflow="fold")
    table.add_column("behind random [95 %]", justify="right", no_wrap=True)
    table.add_column("local", justify="right", no_wrap=True)
    table.add_column("worst kind", justify="right", no_wrap=True)
    groups: Any = found.groupby(["method", "sources"], sort=False)
    for (method, sources), part in groups:
        if sources not in _SHOWN:
            continue
        kinds = part.loc[part["hostile"] != ALL_KINDS]
        over = part.loc[part["hostile"] == ALL_KINDS].iloc[0]
        worst = kinds.loc[kinds["behind_random"].idxmax()]
        table.add_row(
            Entrant(method, sources).label.replace("all other tasks", "others"),
            f"{signed(over['behind_random'])} {signed_range(over, 'behind_random')}".rstrip(),
            signed(over["behind_local"]),
            f"{worst['hostile']} {signed(worst['behind_random'])}",
        )
    return table


def signed(value: float) -> str:
    """Return a difference of log10 ranks with its sign and two decimals.

    Example:
        >>> signed(0.3), signed(-1.234), signed(float("nan"))
        ('+0.30', '−1.23', '–')
    """
    return MISSING if math.isnan(value) else f"{value:+.2f}".replace("-", "−")


def signed_range(row: Any, name: str) -> str:
    """Return the interval of a column of a row as text; empty where there is none."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if math.isnan(low) else f"[{signed(low)}, {signed(high)}]"
