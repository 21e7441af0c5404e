"""Pretraining against scratch: what the rows of a transfer matrix say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.reporting.improvement import BASELINE, improvement_over_scratch
from rlnas.reporting.statistics import describe

if TYPE_CHECKING:
    import pandas as pd


def matrix_summary(rows: pd.DataFrame, *, level: float = 0.95) -> dict[str, Any]:
    """Return what a transfer matrix says as a whole, JSON-able.

    ``off_diagonal`` means source ≠ target. ``best_source`` takes for each target the source with
    the lowest mean rank, chosen after the fact on these very seeds, so it is optimistic.

    Args:
        rows: One row a cell of the matrix.
        level: Coverage of the intervals.

    Returns:
        ``scratch`` and one entry for each other method under ``methods``. Each number over
        seeds is what `describe` returns, where a seed's value is its mean rank over the cells.
    """
    scratch = rows[rows["method"] == BASELINE]
    summary: dict[str, Any] = {
        "level": level,
        "seeds": int(rows["seed"].nunique()),
        "targets": list(dict.fromkeys(rows["target"])),
        "scratch": _over_seeds(scratch, level) if len(scratch) else None,
        "methods": {},
    }
    gains = improvement_over_scratch(rows, level=level) if len(scratch) else None
    for method, part in rows[rows["method"] != BASELINE].groupby("method", sort=False):
        off = part[part["source"] != part["target"]]
        cells = part.groupby(["target", "source"], sort=False)["rank"].mean()
        entry: dict[str, Any] = {
            "all": _over_seeds(part, level),
            "off_diagonal": _over_seeds(off, level) if len(off) else None,
            "best_source": _best_source(cells),
            "best_source_off_diagonal": _best_source(
                off.groupby(["target", "source"], sort=False)["rank"].mean()
            ),
        }
        if gains is not None:
            entry["against_scratch"] = _count(gains[gains["method"] == method])
        summary["methods"][str(method)] = entry
    return summary


def _count(cells: pd.DataFrame) -> dict[str, int]:
    off = cells[cells["source"] != cells["target"]]
    return {
        f"{name}{suffix}": int(value)
        for suffix, part in (("", cells), ("_off_diagonal", off))
        for name, value in (
            ("cells", len(part)),
            ("wins", part["wins"].sum()),
            ("wins_mean", part["wins_mean"].sum()),
            ("wins_iqm", part["wins_iqm"].sum()),
            ("surely_better", (part["excludes_zero"] & (part["high"] < 0)).sum()),
            ("surely_worse", (part["excludes_zero"] & (part["low"] > 0)).sum()),
        )
    }


def _best_source(cells: pd.Series[Any]) -> dict[str, Any] | None:
    if not len(cells.dropna()):
        return None
    best = cells.dropna().groupby("target", sort=False).idxmin()
    chosen = {str(target): str(source) for target, source in best}
    return {"mean": float(cells.loc[best.tolist()].mean()), "sources": chosen}


def _over_seeds(rows: pd.DataFrame, level: float) -> dict[str, Any]:
    """Return statistics over seeds of the mean rank over all cells of a seed."""
    return describe(rows.groupby("seed")["rank"].mean(), level=level)
