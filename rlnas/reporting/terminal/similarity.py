"""Rankings of sources and the matrix of tasks, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rlnas.formats import short_names

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

    from rlnas.transfer.similarity import SimilarityMatrix


def ranking_means(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return one row a source and estimator: means over the seeds of one target.

    Args:
        estimates: What `rlnas.transfer.similarity.estimate_similarities` returns, of one target.

    Returns:
        estimator, source, similarity, low, high (mean ends of the intervals), weight, first (share
        of the seeds in which it was ranked first), seeds, queries, best_rank, note; by estimator in
        order of appearance, the most similar first.
    """
    keys = ["estimator", "source"]
    order = {name: place for place, name in enumerate(dict.fromkeys(estimates["estimator"]))}
    # The rows of an estimate are in order, so its first row is its best source.
    first = estimates.drop_duplicates(["estimator", "target", "seed"])
    hits = first.groupby(keys).size()
    numbers = ["similarity", "low", "high", "weight", "queries", "best_rank"]
    means = estimates.groupby(keys, sort=False)[numbers].mean()
    seeds = estimates["seed"].nunique()
    means["first"] = hits.reindex(means.index, fill_value=0) / seeds
    means.loc[means["similarity"].isna(), "first"] = np.nan
    means["seeds"] = seeds
    means["note"] = estimates.groupby(keys, sort=False)["note"].first()
    table = means.reset_index()
    table["place"] = table["estimator"].map(order)
    table = table.sort_values(
        ["place", "similarity"], ascending=[True, False], na_position="last", kind="stable"
    )
    result: pd.DataFrame = table.drop(columns="place").reset_index(drop=True)
    return result


def similarity_tables(rankings: pd.DataFrame, matrix: SimilarityMatrix) -> list[RenderableType]:
    """Return the tables of `ranking_means`, one an estimator, and of a similarity matrix."""
    from rlnas.reporting.terminal.table import titled_table

    tables: list[RenderableType] = []
    for estimator, part in rankings.groupby("estimator", sort=False):
        head = part.iloc[0]
        seeds, queries = int(head["seeds"]), float(head["queries"])
        title = f"{estimator}: {queries:g} target quer{'y' if queries == 1 else 'ies'}"
        if np.isfinite(head["best_rank"]):
            title += f", the best of rank {head['best_rank']:.0f}"
        if seeds > 1:
            title += f" (means over {seeds} seeds)"
        table = titled_table(title)
        table.add_column("source")
        for column in ("similarity", "95 % interval", "P(best)"):
            table.add_column(column, justify="right")
        if seeds > 1:
            table.add_column("first in", justify="right")
        noted = bool((part["note"] != "").any())
        if noted:
            table.add_column("why")
        for row in part.to_dict("records"):
            low, high, known = row["low"], row["high"], np.isfinite(row["similarity"])
            cells = [
                str(row["source"]),
                _number(row["similarity"]),
                f"{_number(low)} … {_number(high)}" if known else "",
                f"{row['weight']:.2f}",
            ]
            if seeds > 1:
                cells.append(f"{row['first']:.0%}" if known else "")
            table.add_row(*cells, *([str(row["note"])] if noted else []))
        tables += ["", table]
    return [*tables, "", _matrix_table(matrix)]


def _matrix_table(matrix: SimilarityMatrix) -> RenderableType:
    from rlnas.reporting.terminal.table import titled_table

    short = short_names(matrix.names)
    title = matrix.measure
    if matrix.target:
        title += f"; {matrix.target} by {matrix.probes} probes, the others by whole tables"
    table = titled_table(title)
    table.add_column("task")
    for name in matrix.names:
        table.add_column(short[name], justify="right")
    for name, row in zip(matrix.names, matrix.values, strict=True):
        table.add_row(name, *(_number(value) for value in row))
    return table


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
