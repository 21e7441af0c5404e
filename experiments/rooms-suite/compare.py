"""The built-in suites beside TransNAS-Bench-101: correlations, scores, best architectures.

Writes figures, rows and a page of tables. Without the TransNAS tables it shows ours alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tyro
from pandas.api.types import is_numeric_dtype
from suite_figures import draw_correlations, draw_scores

from rlnas.atomic import write_text
from rlnas.benchmarks import (
    BenchmarkTable,
    built_in_tables,
    load_table,
    open_table,
    spread_to_equivalents,
)
from rlnas.errors import DataError
from rlnas.reporting.figures.drawing import save_figure
from rlnas.spaces import SearchSpace

HERE = Path(__file__).parent
PAIRS = {"rooms-micro": "transnas-micro", "rooms-macro": "transnas-macro"}
_SHARES = {"worst": 0.0, "5 %": 0.05, "median": 0.5, "95 %": 0.95, "best": 1.0}
TOP = 10


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where to read and write."""

    tables: Path | None = None
    """Folder of packed tables; by default the built-in ones."""

    keep: Path = HERE
    """Folder of figures, rows and tables."""


def main(options: Options) -> None:
    """Compare every suite that is there."""
    matrices: dict[str, pd.DataFrame] = {}
    pages: list[str] = []
    for name, published in PAIRS.items():
        table = _table(name, options.tables)
        if table is None:
            print(f"{name}: not packed yet")
            continue
        ours = scores(table, table.space)
        other = _published(published)
        theirs = None if other is None else scores(other, table.space)[list(ours.columns)]
        matrices[name] = ours.corr(method="spearman")
        if theirs is not None:
            matrices[published + _part(table.space)] = theirs.corr(method="spearman")
        ours = distinct(ours, table.space)
        theirs = None if theirs is None else distinct(theirs, table.space)
        units = {task: _unit(table, task) for task in table.tasks}
        figure = draw_scores(ours, theirs, (name, published), units)
        save_figure(figure, options.keep / f"scores-{name}")
        for kind, frame in (("score", score_rows(table, ours, theirs)), ("proxy", proxies(table))):
            if len(frame):
                write_text(options.keep / f"{name}-{kind}.csv", frame.to_csv(index=False))
                pages.append(f"## {name}: {_HEADS[kind]}\n\n{markdown(frame)}")
    if not matrices:
        raise DataError("There is no packed table; run pack.py first.")
    note = "Spearman correlation between the scores on two tasks, over all architectures"
    save_figure(draw_correlations(matrices, note), options.keep / "correlations")
    rows = [
        {"suite": suite, "task": task, **matrix.loc[task].round(3)}
        for suite, matrix in matrices.items()
        for task in matrix.index
    ]
    write_text(options.keep / "correlations.csv", pd.DataFrame(rows).to_csv(index=False))
    text = "\n".join([_ABOUT, *pages])
    write_text(options.keep / "compare.md", text)
    print(text)


_ABOUT = """# The built-in suites beside TransNAS-Bench-101

Scores are final validation scores of canonical forms, each distinct network once (`n` of them
measured), larger is better; ranks are among them, ties share the better one. *There* is
TransNAS-Bench-101's table of the same architectures; *top tenth in common* is the share of the best
tenth that both have. Written by `compare.py`.
"""
_HEADS = {
    "score": "scores",
    "proxy": "Spearman correlation of zero-cost proxies and counts with the scores",
}


def _table(name: str, folder: Path | None) -> BenchmarkTable | None:
    if folder is None:
        return load_table(name) if name in built_in_tables() else None
    if not (folder / name).is_dir():
        return None
    return spread_to_equivalents(open_table(folder / name))


def _published(name: str) -> BenchmarkTable | None:
    try:
        return load_table(name)
    except DataError as error:
        print(f"Without {name}: {error}")
        return None


def _part(space: SearchSpace) -> str:
    return f", the same {space.size}" if space.name.startswith("transnas-macro-") else ""


def scores(table: BenchmarkTable, space: SearchSpace) -> pd.DataFrame:
    """Return the final validation scores of all architectures of ``space``, larger is better.

    Correlations between tasks are over all of them, because that is what a search chooses from and
    what the published ones are over.
    """
    names = pd.Index([space.format(vector) for vector in space.arrays])
    rows = table.space.index(np.stack([table.space.parse(text) for text in names]))
    return pd.DataFrame({task: table.scores(task)[rows] for task in table.tasks}, index=names)


def distinct(frame: pd.DataFrame, space: SearchSpace) -> pd.DataFrame:
    """Return the rows of canonical forms: each distinct network once.

    One cell alone stands for 208 of the 4,096 and would be a bar as high as all others.
    """
    return frame.iloc[np.unique(space.canonical_index)]


def _unit(table: BenchmarkTable, task: str) -> str:
    metric = table.column(task).metric
    name = metric.name.removeprefix("valid_")
    return f"{'−' if metric.sign < 0 else ''}{name}{f', {metric.unit}' * (metric.unit != '1')}"


def score_rows(
    table: BenchmarkTable, ours: pd.DataFrame, theirs: pd.DataFrame | None
) -> pd.DataFrame:
    """Return a row for each task: quantiles, the best architecture, its rank in the other suite."""
    rows = []
    for task in ours.columns:
        found = ours[task].dropna()
        best = str(found.idxmax())
        row: dict[str, object] = {"task": task, "metric": _unit(table, task), "n": len(found)}
        row |= {name: float(found.quantile(share)) for name, share in _SHARES.items()}
        row["best architecture"] = best
        if theirs is not None and task in theirs:
            other = theirs[task].reindex(found.index)
            ranks = other.rank(ascending=False, method="min")
            row["its rank there"] = int(ranks[best])
            row["rank here of the best there"] = int(
                found.rank(ascending=False, method="min")[other.idxmax()]
            )
            row["Spearman"] = float(found.corr(other, method="spearman"))
            top = max(TOP, round(len(found) / TOP))
            both = set(found.nlargest(top).index) & set(other.nlargest(top).index)
            row["top tenth in common"] = len(both) / top
        rows.append(row)
    return pd.DataFrame(rows)


def proxies(table: BenchmarkTable) -> pd.DataFrame:
    """Return Spearman correlations with the scores: a row for each proxy or count, tasks beside."""
    rows: dict[str, dict[str, float]] = {}
    held = np.unique(table.space.canonical_index)
    for task in table.tasks:
        score = pd.Series(table.scores(task)[held])
        for name in table.metrics(task):
            column = table.column(task, name)
            if column.metric.split == "none" and column.metric.unit != "s":
                values = pd.Series(table.spread(column.select())[held])
                if values.notna().any():
                    found = score.corr(values, method="spearman")
                    rows.setdefault(name, {})[task] = float(found)
    return pd.DataFrame([{"name": name, **found} for name, found in rows.items()])


def markdown(frame: pd.DataFrame) -> str:
    """Return a frame for reading."""
    lines = [
        f"| {' | '.join(frame.columns)} |",
        f"|{'|'.join('---:' if is_numeric_dtype(frame[c]) else '---' for c in frame)}|",
    ]
    for row in frame.itertuples(index=False):
        cells = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(tyro.cli(Options, description=__doc__))
