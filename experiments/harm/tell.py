"""Put the searches of all methods together, and tell the harm that each does."""

import argparse
from pathlib import Path

import pandas as pd

from rlnas.atomic import write_text
from rlnas.benchmarks import load_suite
from rlnas.reporting.matrix.harm import ALL_KINDS, harm
from rlnas.reporting.terminal.harm import signed, signed_range
from rlnas.statistics.random_line import random_line

SUITES = ("transnas-micro", "transnas-macro", "nasbench-201")
QUERIES = {"rank_at_20": 20, "rank": 50}


def told(rows: pd.DataFrame, suite: str) -> pd.DataFrame:
    """Return the harm of every method after 20 and after 50 queries."""
    hostile, parts = load_suite(f"hostile-{suite}"), []
    for column, queries in QUERIES.items():
        lines = {t: random_line(hostile[t].ranked_scores, queries) for t in set(rows["target"])}
        found = harm(rows.assign(rank=rows[column]), lines)
        parts.append(found.assign(queries=queries))
    return pd.concat(parts, ignore_index=True)


def page(found: pd.DataFrame, suite: str) -> str:
    """Return a suite's table as Markdown, the least harm after 20 queries first."""
    after = {q: found.loc[found["queries"] == q].set_index(["method", "hostile"]) for q in (20, 50)}
    kinds = [k for k in dict.fromkeys(found["hostile"]) if k != ALL_KINDS]
    head = ["method", "searches", "@20 behind random", "@50 behind random", "@50 behind local"]
    head += [f"@20 {kind}" for kind in kinds]
    lines = [f"## {suite}", "", f"| {' | '.join(head)} |", "|---" + "|---:" * (len(head) - 1) + "|"]
    over = after[20].xs(ALL_KINDS, level="hostile")["behind_random"].sort_values()
    for method in over.index:
        at20, at50 = after[20].loc[(method, ALL_KINDS)], after[50].loc[(method, ALL_KINDS)]
        cells = [f"`{method}`", str(at50["searches"]), _interval(at20, "behind_random")]
        cells += [_interval(at50, name) for name in ("behind_random", "behind_local")]
        for kind in kinds:
            at = after[20]["behind_random"].get((method, kind), float("nan"))
            cells.append(signed(at))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _interval(row: pd.Series, name: str) -> str:
    return f"{signed(row[name])} {signed_range(row, name)}".rstrip()


def main() -> None:
    """Write rows, numbers and tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    pages, numbers = [], []
    for suite in SUITES:
        files = sorted((options.runs / suite / "rows").glob("*.csv"))
        if not files:
            continue
        rows = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
        rows = rows.sort_values(["method", "target", "seed"])
        write_text(options.out / f"{suite}.csv", rows.to_csv(index=False, lineterminator="\n"))
        found = told(rows, suite)
        numbers.append(found.assign(suite=suite))
        pages.append(page(found, suite))
    every = pd.concat(numbers, ignore_index=True).round(4)
    write_text(options.out / "harm.csv", every.to_csv(index=False, lineterminator="\n"))
    text = "# Harm by method\n\n" + "\n".join(pages)
    write_text(options.out / "harm.md", text)
    print(text)


if __name__ == "__main__":
    main()
