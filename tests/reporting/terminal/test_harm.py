"""Harm on a terminal of 80 columns."""

import pandas as pd
from rich.console import Console

from rlnas.reporting.terminal.harm import harm_table


def line(method, sources, hostile, behind):
    row = {"method": method, "sources": sources, "hostile": hostile}
    for name in ("behind_random", "behind_local"):
        row |= {name: behind, f"{name}_low": behind - 0.1, f"{name}_high": behind + 0.1}
    return row


def test_a_line_says_how_far_behind_and_where_it_is_worst():
    name = "shared-representation-untrained"
    found = pd.DataFrame(
        [
            line(name, "others", "negated", -0.5),
            line(name, "others", "fewest-parameters", 1.25),
            line(name, "others", "all", 0.375),
            line("own", "own", "all", 0.0),
        ]
    )
    console = Console(width=80, record=True)
    console.print(harm_table(found))
    text = console.export_text()
    assert "+0.38 [+0.28, +0.47]" in text
    assert "fewest-parameters +1.25" in text
    assert "own" not in text
    assert max(map(len, text.splitlines())) <= 80
