"""Tell what was derived: ranks of each method by task, and what a search left on the way.

Usage: ``python tell.py [--out FOLDER]``. Reads ``rows.csv`` and writes ``tables.md``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from rlnas.statistics.pareto import non_dominated


def table(rows: pd.DataFrame) -> str:
    """Return a line for each method: seeds, ranks, steps, seconds, MACs."""
    lines = [
        "| method | searches | median rank | ranks | steps | processor seconds | MACs |",
        "|---|---|---|---|---|---|---|",
    ]
    medians = rows.groupby("method")["rank"].median().sort_values(kind="stable")
    for method in medians.index:
        own = rows[rows["method"] == method].sort_values("seed")
        ranks = ", ".join(str(rank) for rank in own["rank"])
        lines.append(
            f"| {method} | {len(own)} | {medians[method]:g} | {ranks} "
            f"| {own['steps'].median():.0f} | {own['cpu_seconds'].median():.0f} "
            f"| {own['macs'].median() / 1e3:.0f} k |"
        )
    return "\n".join(lines)


def shrinking(rows: pd.DataFrame) -> str:
    """Return what the searches that shrink left on the way."""
    own = rows[rows["shapes"].notna()]
    lines = [
        "| method | seed | deletions | architectures | MACs, first to last | edges projected |",
        "|---|---|---|---|---|---|",
    ]
    for row in own.sort_values(["method", "seed"]).itertuples():
        count = len(json.loads(row.deletions))
        lines.append(
            f"| {row.method} | {row.seed} | {count} | {row.shapes:.0f} | "
            f"{row.first_macs / 1e3:.0f} k to {row.last_macs / 1e3:.0f} k | {row.several:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args().out
    rows = pd.read_csv(folder / "rows.csv")
    parts = []
    for (task, seconds), own in rows.groupby(["task", "seconds"]):
        front = own[non_dominated(np.stack([own["macs"], -own["score"]], axis=1))]
        methods = ", ".join(sorted(front["method"].unique()))
        parts.append(
            f"## {task}, {seconds:g} processor seconds\n\nRank of the mean over the table's seeds "
            f"among {own['of'].iloc[0]:,} networks; 1 is the best.\n\n{table(own)}\n\nOn the front "
            f"of score and MACs of all of these: {methods}.\n\n{shrinking(own)}\n"
        )
    (folder / "tables.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
