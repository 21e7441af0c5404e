"""What a transfer matrix comes to: its best transfer method, against scratch and the best searcher.

Everything is about the end of the budget: the rank of the best architecture found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.reporting.courses import Courses
from rlnas.reporting.entrants import IN_WORDS, Entrant, entrants
from rlnas.reporting.improvement import BASELINE, comparable
from rlnas.reporting.names import format_range, format_rank
from rlnas.reporting.numbers import estimate, format_share, power
from rlnas.reporting.pooled_transfer import pooled_transfer_metrics
from rlnas.reporting.statistics import describe

if TYPE_CHECKING:
    import pandas as pd


def final_courses(rows: pd.DataFrame, baseline: str = BASELINE) -> Courses:
    """Return the end of every search as a course of one point, −log10(rank).

    Args:
        rows: One row a search: source, target, method, seed, rank. Targets that the baseline has
            not searched are left out.
        baseline: What the others are compared with.

    Raises:
        InvalidArgumentError: If there is no search by the baseline.
    """
    ends = comparable(rows, baseline).assign(query=1)
    return Courses.from_frame(ends, horizon=1, baseline=baseline)


def headline(rows: pd.DataFrame, *, level: float = 0.95) -> dict[str, Any] | None:
    """Return the best transfer method and its lead, JSON-able; None where nothing transfers.

    The best is the one with the lowest mean rank over its (source, target) pairs, among those that
    cover every target some transfer method does. It is chosen on these very seeds, and so is the
    best searcher: the first favours the method, the second what it is compared with.

    Args:
        rows: One row a search: source, target, method, seed, rank.
        level: Coverage of the intervals.

    Returns:
        ``method``, ``sources`` (``single``: mean over the choice of a source; ``others``),
        ``rank`` (what `describe` says of a seed's mean rank), and ``against``: for scratch and
        for the best searcher without a source, where they are in the matrix, ``baseline``,
        ``kind`` (``scratch`` or ``searcher``), ``rank``, ``pairs``, ``better`` (pairs with a lower
        interquartile mean of log ranks), ``gain`` (mean over pairs of log10 rank of the baseline
        less the method's) and ``probability`` (that a search ends better than one of the
        baseline), both with ``*_low`` and ``*_high``.
    """
    found = entrants(rows)
    ranked = _ranked({e: part for e, part in found.items() if e.transfers})
    if not ranked:
        return None
    best = ranked[0]
    entry: dict[str, Any] = {"method": best.method, "sources": best.kind, "label": best.label}
    entry["rank"] = _over_seeds(found[best], level)
    searchers = _ranked(
        {e: part for e, part in found.items() if e.kind == "none" and e.method != BASELINE}
    )
    baselines = [e for e in found if e.method == BASELINE] + searchers[:1]
    entry["against"] = [
        {
            "baseline": base.method,
            "kind": "scratch" if base.method == BASELINE else "searcher",
            "rank": _over_seeds(found[base], level),
            **_lead(rows, best, base.method, level),
        }
        for base in baselines
        if set(found[base]["target"]) & set(found[best]["target"])
    ]
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
        named = "scratch" if lead["kind"] == "scratch" else f"{name}, the best without a source"
        sentences.append(
            f"Against {named} (mean rank {_rank(lead['rank'])}): "
            f"{power(lead, 'gain')} times the rank, "
            f"lower in {lead['better']} of {lead['pairs']} pairs; a search ends better with "
            f"probability {estimate(lead, 'probability', format_share)}."
        )
    return sentences


def _lead(rows: pd.DataFrame, best: Entrant, baseline: str, level: float) -> dict[str, Any]:
    part = rows[rows["method"].isin([best.method, baseline])]
    pooled = pooled_transfer_metrics(final_courses(part, baseline), first=1, level=level)
    own = (pooled["method"] == best.method) & (pooled["sources"] == best.kind)
    row = pooled[own].iloc[0]
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


def _over_seeds(rows: pd.DataFrame, level: float) -> dict[str, Any]:
    return describe(rows.groupby("seed")["rank"].mean(), level=level)


def _rank(found: dict[str, Any]) -> str:
    return f"{format_rank(found['mean'])} {format_range(found['mean_low'], found['mean_high'])}"
