"""Every method of a transfer matrix against scratch: what the rows say as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.formats import estimate, format_range, format_rank, format_share, power
from rlnas.reporting.matrix.improvement import comparable, improvement_over_scratch
from rlnas.reporting.matrix.methods import IN_WORDS, Entrant, entrants, with_kinds
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.reporting.matrix.transfer_metrics import pooled_transfer_metrics, resampled_pairs
from rlnas.runs.cell import BASELINE, with_controllers
from rlnas.statistics.bootstrap import BOOTSTRAP
from rlnas.statistics.describe import describe_ranks

if TYPE_CHECKING:
    import pandas as pd


def final_metrics(rows: pd.DataFrame, baseline: str = BASELINE) -> pd.DataFrame:
    """Return the pooled transfer metrics of where the searches end, by −log10(rank).

    Args:
        rows: One row a search: source, target, method, seed, rank. Targets that the baseline has
            not searched are left out.
        baseline: What the others are compared with.

    Returns:
        What `pooled_transfer_metrics` returns; a search is a course of one point.

    Raises:
        InvalidArgumentError: If there is no search by the baseline.
    """
    ends = comparable(rows, baseline).assign(query=1)
    courses = SearchCurves.from_frame(ends, horizon=1, baseline=baseline)
    return pooled_transfer_metrics(resampled_pairs(courses, first=1))


def headline(rows: pd.DataFrame, ends: pd.DataFrame | None = None) -> dict[str, Any] | None:
    """Return the best transfer method and its lead, JSON-able; None where nothing transfers.

    The best is the one with the lowest mean rank over its (source, target) pairs, among those that
    cover every target some transfer method does. It is chosen on these very seeds, and so is the
    best searcher: the first favours the method, the second what it is compared with.

    Args:
        rows: One row a search: source, target, method, seed, rank.
        ends: What `final_metrics` says of them, where it is at hand.

    Returns:
        ``method``, ``sources`` (``single``: mean over the choice of a source; ``others``),
        ``rank`` (what `describe` says of a run's mean rank), and ``against``: for scratch, for the
        best searcher without a source and for the next best method with the same sources, where
        they are in the matrix, ``baseline``, ``kind`` (``scratch``, ``searcher`` or
        ``runner-up``, whose searches of equal source, controller and seed are pairs), ``rank``,
        ``pairs``, ``better`` (pairs with a lower interquartile mean of log ranks), ``gain`` (mean
        over pairs of log10 rank of the baseline less the method's) and ``probability`` (that a
        search ends better than one of the baseline), both with ``*_low`` and ``*_high``.
    """
    import pandas as pd

    found = entrants(rows)
    ranked = _ranked({e: part for e, part in found.items() if e.transfers})
    if not ranked:
        return None
    best = ranked[0]
    entry: dict[str, Any] = {"method": best.method, "sources": best.kind, "label": best.label}
    entry["rank"] = _over_seeds(found[best])
    searchers = _ranked(
        {e: part for e, part in found.items() if e.kind == "none" and e.method != BASELINE}
    )
    baselines = [e for e in found if e.method == BASELINE] + searchers[:1]
    entry["against"] = [
        {
            "baseline": base.method,
            "kind": "scratch" if base.method == BASELINE else "searcher",
            "rank": _over_seeds(found[base]),
            **_lead(rows, best, base.method, ends),
        }
        for base in baselines
        if set(found[base]["target"]) & set(found[best]["target"])
    ]
    for other in [other for other in ranked[1:] if other.kind == best.kind][:1]:
        entry["against"].append(
            {
                "baseline": other.method,
                "kind": "runner-up",
                "rank": _over_seeds(found[other]),
                **_lead_in_pairs(pd.concat([found[best], found[other]]), best, other.method),
            }
        )
    return entry


def headline_sentences(found: dict[str, Any] | None) -> list[str]:
    """Return the headline in words, a sentence each."""
    if found is None:
        return ["No method of this run starts from another task, so there is no transfer yet."]
    of = {"single": "the mean over sources", "others": "no source to choose"}[found["sources"]]
    sentences = [
        f"Best transfer method: {found['method']}, from {IN_WORDS[found['sources']]} ({of}): "
        f"mean rank {_rank(found['rank'])}."
    ]
    for lead in found["against"]:
        name = lead["baseline"]
        named = {
            "scratch": "scratch",
            "searcher": f"{name}, the best without a source",
            "runner-up": f"{name}, the next best from {IN_WORDS[found['sources']]}",
        }[lead["kind"]]
        sentences.append(
            f"Against {named} (mean rank {_rank(lead['rank'])}): "
            f"{power(lead, 'gain')} times the rank, "
            f"lower in {lead['better']} of {lead['pairs']} pairs; a search ends better with "
            f"probability {estimate(lead, 'probability', format_share)}."
        )
    return sentences


def _lead(
    rows: pd.DataFrame, best: Entrant, baseline: str, ends: pd.DataFrame | None
) -> dict[str, Any]:
    pooled = ends
    if pooled is None or baseline != BASELINE:
        pooled = final_metrics(rows[rows["method"].isin([best.method, baseline])], baseline)
    own = (pooled["method"] == best.method) & (pooled["sources"] == best.kind)
    return _lead_of(pooled[own].iloc[0])


def _lead_in_pairs(rows: pd.DataFrame, best: Entrant, other: str) -> dict[str, Any]:
    """Return the lead over a method with the same sources, whose searches are pairs."""
    courses = SearchCurves.from_frame(rows.assign(query=1), horizon=1, baseline=other)
    pairs = resampled_pairs(courses, first=1, against=other)
    return _lead_of(pooled_transfer_metrics(pairs).iloc[0])


def _lead_of(row: pd.Series[Any]) -> dict[str, Any]:
    lead: dict[str, Any] = {"pairs": int(row["pairs"]), "better": int(row["better"])}
    for name, column in (
        ("gain", "mean_asymptotic_gain"),
        ("probability", "probability_of_improvement"),
    ):
        lead |= {f"{name}{end}": float(row[f"{column}{end}"]) for end in ("", "_low", "_high")}
    return lead


def _ranked(found: dict[Entrant, pd.DataFrame]) -> list[Entrant]:
    """Return the entrants that cover the most targets, the lowest mean rank first."""
    most = max((part["target"].nunique() for part in found.values()), default=0)
    means = {
        entrant: float(part.groupby(["source", "target"])["rank"].mean().mean())
        for entrant, part in found.items()
        if part["target"].nunique() == most
    }
    return sorted(means, key=lambda entrant: means[entrant])


def _rank(found: dict[str, Any]) -> str:
    interval = format_range(found["mean_low"], found["mean_high"])
    return f"{format_rank(found['mean'])} {interval}".rstrip()


def matrix_summary(
    rows: pd.DataFrame, *, pairs: pd.DataFrame | None = None, ends: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Return what a transfer matrix says as a whole, JSON-able.

    Cells whose source is one other task, all other tasks, the target itself, or nothing are
    summarised apart: a mean over them would answer no question. ``best_source`` takes for each
    target the source with the lowest mean rank, chosen after the fact on these very seeds, so it
    is optimistic.

    Args:
        rows: One row a cell of the matrix.
        pairs: What `improvement_over_scratch` says of them, where it is at hand.
        ends: What `final_metrics` says of them, where it is at hand.

    Returns:
        ``scratch``, ``headline`` (what `headline` returns), ``entrants``: one entry a method
        and kind of source, in the order of `rlnas.reporting.matrix.methods`, with ``searches`` of
        each source and target, ``rank`` and ``against_scratch``, counts of its cells (None without
        scratch); and ``methods``: one entry a method other than scratch, with

        - ``all``: over the cells with a single source, the diagonal among them; ``off_diagonal``:
          without it (source ≠ target); None where the method has none;
        - ``others``, ``all_tasks``, ``no_source``: over the cells with those;
        - ``against_scratch``: counts of cells as under ``all``, with the suffixes
          ``_off_diagonal``, ``_others``, ``_all_tasks`` and ``_no_source`` of the others. What is
          ``surely`` better or worse is so by Holm's correction over the cells of its method and
          kind of source, see `improvement_over_scratch`.

        Each number over runs is what `describe_ranks` returns, where a run's value is its mean
        rank over the cells.
    """
    rows = with_kinds(rows)
    scratch = rows[rows["method"] == BASELINE]
    gains = None
    if len(scratch):
        gains = with_kinds(improvement_over_scratch(comparable(rows)) if pairs is None else pairs)
    return {
        "level": BOOTSTRAP.level,
        "seeds": int(rows["seed"].nunique()),
        "controllers": int(with_controllers(rows)["controller"].nunique()),
        "targets": list(dict.fromkeys(rows["target"])),
        "scratch": _over_seeds(scratch),
        "headline": headline(rows, ends),
        "entrants": [
            {
                "method": entrant.method,
                "sources": entrant.kind,
                "label": entrant.label,
                "searches": int(part.groupby(["source", "target"], sort=False).size().max()),
                "rank": _over_seeds(part),
                "against_scratch": _counts(gains, entrant),
                **_twins(part),
            }
            for entrant, part in entrants(rows).items()
        ],
        "methods": {
            str(method): _method(part, gains)
            for method, part in rows[rows["method"] != BASELINE].groupby("method", sort=False)
        },
    }


def _twins(rows: pd.DataFrame) -> dict[str, float]:
    """Return the mean rank of other trainings of what was found, where there are any."""
    known = rows["twins_rank"].dropna() if "twins_rank" in rows else rows["rank"][:0]
    return {"twins_rank": float(known.mean())} if len(known) else {}


_PARTS = {
    "all": ("single", "own"),
    "off_diagonal": ("single",),
    "others": ("others",),
    "all_tasks": ("all",),
    "no_source": ("none",),
}


def _method(rows: pd.DataFrame, gains: pd.DataFrame | None) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name, kinds in _PARTS.items():
        part = rows[rows["sources"].isin(kinds)]
        entry[name] = _over_seeds(part)
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
        "surely_better": int((cells["sure"] & (cells["log10_rank_difference"] < 0)).sum()),
        "surely_worse": int((cells["sure"] & (cells["log10_rank_difference"] > 0)).sum()),
    }


def _best_source(cells: pd.Series[Any]) -> dict[str, Any] | None:
    if not len(cells.dropna()):
        return None
    best = cells.dropna().groupby("target", sort=False).idxmin()
    chosen = {str(target): str(source) for target, source in best}
    return {"mean": float(cells.loc[best.tolist()].mean()), "sources": chosen}


def _over_seeds(rows: pd.DataFrame) -> dict[str, Any] | None:
    """Return statistics over runs of the mean rank over all cells of a run, None of no cell.

    A run is a seed, of each controller where there are several; the targets are taken as they are.
    """
    if not len(rows):
        return None
    runs = with_controllers(rows).pivot_table(
        index="source", columns=["controller", "seed"], values="rank", sort=False
    )
    controllers = runs.columns.get_level_values("controller").nunique()
    if controllers > 1 and not runs.isna().any(axis=None):
        # Controllers of different sources were trained independently.
        return describe_ranks(runs.to_numpy().reshape(len(runs), controllers, -1))
    return describe_ranks(rows.groupby("seed")["rank"].mean())
