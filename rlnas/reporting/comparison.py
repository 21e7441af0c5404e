"""Every method of a transfer matrix against scratch: what the rows say as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.reporting.entrants import Entrant, entrants, with_kinds
from rlnas.reporting.headline import headline
from rlnas.reporting.improvement import BASELINE, comparable, improvement_over_scratch
from rlnas.reporting.statistics import describe

if TYPE_CHECKING:
    import pandas as pd


def matrix_summary(rows: pd.DataFrame, *, level: float = 0.95) -> dict[str, Any]:
    """Return what a transfer matrix says as a whole, JSON-able.

    Cells whose source is one other task, all other tasks, the target itself, or nothing are
    summarised apart: a mean over them would answer no question. ``best_source`` takes for each
    target the source with the lowest mean rank, chosen after the fact on these very seeds, so it
    is optimistic.

    Args:
        rows: One row a cell of the matrix.
        level: Coverage of the intervals.

    Returns:
        ``scratch``, ``headline`` (see `rlnas.reporting.headline`), ``entrants``: one entry a
        method and kind of source, in the order of `rlnas.reporting.entrants`, with ``rank`` and
        ``against_scratch``, counts of its cells (None without scratch); and ``methods``: one entry
        a method other than scratch, with

        - ``all``: over the cells with a single source, the diagonal among them; ``off_diagonal``:
          without it (source ≠ target); None where the method has none;
        - ``others``, ``all_tasks``, ``no_source``: over the cells with those;
        - ``against_scratch``: counts of cells as under ``all``, with the suffixes
          ``_off_diagonal``, ``_others``, ``_all_tasks`` and ``_no_source`` of the others.

        Each number over seeds is what `describe` returns, where a seed's value is its mean rank
        over the cells.
    """
    rows = with_kinds(rows)
    scratch = rows[rows["method"] == BASELINE]
    against = comparable(rows)
    gains = None
    if len(scratch):
        gains = with_kinds(improvement_over_scratch(against, level=level))
    return {
        "level": level,
        "seeds": int(rows["seed"].nunique()),
        "targets": list(dict.fromkeys(rows["target"])),
        "scratch": _over_seeds(scratch, level),
        "headline": headline(rows, level=level),
        "entrants": [
            {
                "method": entrant.method,
                "sources": entrant.kind,
                "label": entrant.label,
                "rank": _over_seeds(part, level),
                "against_scratch": _counts(gains, entrant),
            }
            for entrant, part in entrants(rows).items()
        ],
        "methods": {
            str(method): _method(part, gains, level)
            for method, part in rows[rows["method"] != BASELINE].groupby("method", sort=False)
        },
    }


_PARTS = {
    "all": ("single", "own"),
    "off_diagonal": ("single",),
    "others": ("others",),
    "all_tasks": ("all",),
    "no_source": ("none",),
}


def _method(rows: pd.DataFrame, gains: pd.DataFrame | None, level: float) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name, kinds in _PARTS.items():
        part = rows[rows["sources"].isin(kinds)]
        entry[name] = _over_seeds(part, level)
        if name in ("all", "off_diagonal"):
            suffix = name.removeprefix("all")
            cells = part.groupby(["target", "source"], sort=False)["rank"].mean()
            entry["best_source" + (f"_{suffix}" if suffix else "")] = _best_source(cells)
        if gains is not None:
            chosen = gains[gains["method"].isin(rows["method"]) & gains["sources"].isin(kinds)]
            suffix = "" if name == "all" else f"_{name}"
            counts |= {f"{key}{suffix}": value for key, value in _count(chosen).items()}
    return entry | ({"against_scratch": counts} if gains is not None else {})


def _counts(gains: pd.DataFrame | None, entrant: Entrant) -> dict[str, int] | None:
    if gains is None or entrant.method == BASELINE:
        return None
    own = (gains["method"] == entrant.method) & (gains["sources"] == entrant.kind)
    return _count(gains[own])


def _count(cells: pd.DataFrame) -> dict[str, int]:
    return {
        "cells": len(cells),
        "wins": int(cells["wins"].sum()),
        "wins_mean": int(cells["wins_mean"].sum()),
        "wins_iqm": int(cells["wins_iqm"].sum()),
        "surely_better": int((cells["excludes_zero"] & (cells["high"] < 0)).sum()),
        "surely_worse": int((cells["excludes_zero"] & (cells["low"] > 0)).sum()),
    }


def _best_source(cells: pd.Series[Any]) -> dict[str, Any] | None:
    if not len(cells.dropna()):
        return None
    best = cells.dropna().groupby("target", sort=False).idxmin()
    chosen = {str(target): str(source) for target, source in best}
    return {"mean": float(cells.loc[best.tolist()].mean()), "sources": chosen}


def _over_seeds(rows: pd.DataFrame, level: float) -> dict[str, Any] | None:
    """Return statistics over seeds of the mean rank over all cells of a seed, None of no cell."""
    return describe(rows.groupby("seed")["rank"].mean(), level=level) if len(rows) else None
