"""Transfer between search spaces against scratch, for each target by itself, from kept curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from rlnas.formats import format_rank
from rlnas.reporting import MatrixResults

LEFT = ("target", "method", "from")
SOURCES = {"single": "one", "others": "all", "none": "none"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to compare."""

    keep: Path
    """A folder with the curves.parquet and rows.parquet of a matrix."""


def main(options: Options) -> None:
    """Compare and print."""
    rows = pd.read_parquet(options.keep / "rows.parquet")
    curves = pd.read_parquet(options.keep / "curves.parquet")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("target", "method", "from", "mean rank", "× rank [95 %]", "P(better) [95 %]"):
        table.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    table.add_column("sources better", justify="right", no_wrap=True)
    for target, own in curves.groupby("target", sort=False):
        of_target = rows[rows["target"] == target]
        scratch = of_target.loc[of_target["method"] == "scratch", "rank"]
        table.add_row(str(target), "scratch", "none", format_rank(float(scratch.mean())))
        for entry in MatrixResults(of_target, own).pooled_transfer_metrics().to_dict("records"):
            kind, method = entry["sources"], entry["method"]
            chosen = of_target["source"].isin(["others"] if kind == "others" else ["-"])
            if kind == "single":
                chosen = ~of_target["source"].isin(["others", "-"])
            ranks = of_target.loc[chosen & (of_target["method"] == method), "rank"]
            low, high = entry["asymptotic_gain_low"], entry["asymptotic_gain_high"]
            table.add_row(
                "",
                method,
                SOURCES[kind],
                format_rank(float(ranks.mean())),
                f"{10 ** -entry['asymptotic_gain']:.2g} [{10**-high:.2g}, {10**-low:.2g}]",
                f"{entry['probability_of_improvement']:.0%} "
                f"[{entry['probability_of_improvement_low']:.0%}, "
                f"{entry['probability_of_improvement_high']:.0%}]",
                f"{entry['better']} of {entry['pairs']}",
            )
        table.add_section()
    console = Console(width=120)
    console.print(table, highlight=False)
    console.print(
        "Mean rank of the best architecture at the end of the budget, 1 is the best of the space. "
        "× rank: 10 to the difference from scratch of the interquartile means of log10 rank over "
        "all searches; below 1 is better. Intervals: bootstrap over seeds, within each source.",
        highlight=False,
    )


if __name__ == "__main__":
    main(tyro.cli(Options))
