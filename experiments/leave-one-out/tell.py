"""Put all methods of a suite into one table; see README.md. Reads the rows that lie here.

Usage: ``python experiments/leave-one-out/tell.py``. Writes ``table.csv``, ``table.md``, figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlnas.atomic import write_text
from rlnas.benchmarks import load_suite
from rlnas.benchmarks.measured import MeasuredSuite
from rlnas.reporting import MatrixResults
from rlnas.reporting.figures.drawing import save_figure
from rlnas.reporting.matrix.harm import ALL_KINDS
from rlnas.reporting.matrix.summary import matrix_summary
from rlnas.reporting.terminal.harm import signed
from rlnas.search.registry import SEARCHERS
from rlnas.statistics.random_line import random_line

HERE = Path(__file__).parent
HARM = HERE.parent / "harm" / "harm.csv"
SUITES = ("transnas-micro", "transnas-macro", "rooms-micro")
QUERIES = {10: "rank_at_10", 20: "rank_at_20", 50: "rank"}
KINDS = {"others": "all others", "single": "one other", "none": "nothing"}
ORACLE, EXACT = "oracle that knows the noise-free scores", "random, exact"
NAN = float("nan")


def rows_of(suite: str) -> pd.DataFrame:
    """Return the searches of a suite that are there, those from a source that is the target out."""
    files = sorted(HERE.glob(f"{suite}-*.parquet"))
    rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    rows = rows[rows["source"] != rows["target"]]
    # Where nothing is trained, controllers are but further seeds.
    alone = rows["method"].map({m: untrained(m) for m in rows["method"].unique()}).astype(bool)
    seeds = rows["seed"] + 1000 * rows["controller"]
    return rows.assign(
        seed=rows["seed"].mask(alone, seeds), controller=rows["controller"].mask(alone, 0)
    )


def untrained(method: str) -> bool:
    """Return whether no controller that was trained before takes part in a method's searches."""
    entry = SEARCHERS.get(method)
    reads_results = method == "transfer-bo"
    return not entry.takes - {"none"} or entry.trained == "nothing" or reads_results


def told(name: str) -> Iterator[dict[str, Any]]:
    """Yield a row a method of a suite, then the lines that it is compared with."""
    suite, rows = load_suite(name), rows_of(name)
    noise = {task: suite.noise[task] for task in suite}
    # Regrets of tasks have different units: each is told in units of one training's noise.
    unit = rows["target"].map({task: found.head for task, found in noise.items()})
    rows = rows.assign(denoised=rows["denoised_regret"] / unit.astype(float))
    harm = harm_of(name)
    at = {q: matrix_summary(rows.assign(rank=rows[c])) for q, c in QUERIES.items()}
    for number, entrant in enumerate(at[50]["entrants"]):
        own = rows[rows["method"] == entrant["method"]]
        row: dict[str, Any] = {
            "suite": name,
            "method": entrant["method"],
            "from": KINDS[entrant["sources"]],
            "searches": len(own) // len(suite),
            "controllers": 0 if untrained(entrant["method"]) else own["controller"].nunique(),
        }
        for queries, summary in at.items():
            rank = summary["entrants"][number]["rank"]
            row |= {
                f"mean_{queries}": rank["mean"],
                f"low_{queries}": rank["mean_low"],
                f"high_{queries}": rank["mean_high"],
            }
        row |= {
            "denoised_regret": own["denoised"].mean(),
            "twins_rank": own["twins_rank"].mean(),
            "harm_20": harm.get(entrant["method"], NAN),
        }
        yield row
    yield from lines(name, suite)


def lines(name: str, suite: MeasuredSuite) -> Iterator[dict[str, Any]]:
    """Yield what needs no search: random's expectation, and the oracle's where noise is known."""
    tasks = list(suite.values())
    found = {
        EXACT: [np.mean([random_line(t.ranked_scores, q).rank for t in tasks]) for q in QUERIES],
        ORACLE: suite.noise.oracle(tuple(QUERIES)),
    }
    for label, ranks in found.items():
        if np.isfinite(ranks).all():
            means = dict(zip((f"mean_{q}" for q in QUERIES), map(float, ranks), strict=True))
            yield {"suite": name, "method": label, "from": KINDS["none"], **means}


def harm_of(suite: str) -> dict[str, float]:
    """Return by how much methods end behind random after 20 queries on hostile targets."""
    rows = pd.read_csv(HARM)
    known = rows[
        (rows["suite"] == suite) & (rows["queries"] == 20) & (rows["hostile"] == ALL_KINDS)
    ]
    return dict(zip(known["method"], known["behind_random"], strict=True))


def interval(row: pd.Series, queries: int) -> str:
    """Return a mean rank, with its interval where there is one."""
    if math.isnan(row[f"mean_{queries}"]):
        return "–"
    ends = [row[f"{end}_{queries}"] for end in ("low", "high")]
    shown = "" if any(map(math.isnan, ends)) else f" [{short(ends[0])}, {short(ends[1])}]"
    return short(row[f"mean_{queries}"]) + shown


def short(value: float) -> str:
    """Return a number with three digits or one decimal; a dash where there is none."""
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}"


def page(table: pd.DataFrame) -> str:
    """Return all suites beside each other at 50 queries, then each by itself."""
    text = ["# Leave one task out", "", *beside(table)]
    for suite, part in table.groupby("suite", sort=False):
        text += ["", f"## {suite}", ""]
        text += [
            "| method | from | searches a target | @10 | @20 | @50 | denoised regret | twins' rank "
            "| harm |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for _, row in part.iterrows():
            searches = "–" if math.isnan(row["searches"]) else f"{row['searches']:.0f}"
            ranks = " | ".join(interval(row, queries) for queries in QUERIES)
            denoised = (
                "–" if math.isnan(row["denoised_regret"]) else f"{row['denoised_regret']:.2f}"
            )
            text.append(
                f"| {row['method']} | {row['from']} | {searches} | {ranks} | {denoised} "
                f"| {short(row['twins_rank'])} | {signed(row['harm_20'])} |"
            )
    return "\n".join(text) + "\n"


def beside(table: pd.DataFrame) -> Iterator[str]:
    """Yield the lines of the table of all suites."""
    suites = list(dict.fromkeys(table["suite"]))
    by = table.set_index(["method", "suite"])
    heads = [f"{suite} @50" for suite in suites] + ["denoised regret", "twins' rank", "harm"]
    yield f"| method, from | {' | '.join(heads)} |"
    yield "|---|" + "---:|" * (len(suites) + 3)
    for (method, origin), _ in table.groupby(["method", "from"], sort=False):
        cells = [
            interval(by.loc[(method, s)], 50) if (method, s) in by.index else "–" for s in suites
        ]
        measured = by.loc[method]
        first = measured.loc[suites[0]] if suites[0] in measured.index else measured.iloc[0]
        harms = [signed(measured["harm_20"].get(s, NAN)) for s in suites[:2]]
        denoised = (
            "–" if math.isnan(first["denoised_regret"]) else f"{first['denoised_regret']:.2f}"
        )
        cells += [denoised, short(first["twins_rank"]), " / ".join(harms)]
        yield f"| {method}, {origin} | {' | '.join(cells)} |"


def main() -> None:
    """Write both tables and the figures."""
    known = [suite for suite in SUITES if list(HERE.glob(f"{suite}-*.parquet"))]
    table = pd.DataFrame([row for suite in known for row in told(suite)])
    write_text(HERE / "table.csv", table.round(4).to_csv(index=False, lineterminator="\n"))
    text = page(table)
    write_text(HERE / "table.md", text)
    print(text)
    for suite in known:
        figure = MatrixResults(rows_of(suite), title=suite).figure("methods")
        save_figure(figure, HERE / f"methods-{suite}")


if __name__ == "__main__":
    main()
