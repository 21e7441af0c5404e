"""The transfer metrics of a matrix as tables: over all pairs, and pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.formats import estimate, format_count, format_ratio, format_share, power
from rlnas.reporting.matrix.levels import resampled_in_words
from rlnas.reporting.matrix.methods import Entrant, in_order
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.matrix.threshold_times import bound_of
from rlnas.reporting.pages.parts import TableCell, folded, heading, note, table

if TYPE_CHECKING:
    import pandas as pd

_BOUND_MARKS = {"exact": "", "lower": "≥ ", "upper": "≤ ", "restricted": "~ "}
_Lines = list[list[str | TableCell]]


def metrics_section(results: MatrixNumbers) -> str:
    """Return the transfer metrics by query; empty without scratch to compare with.

    Args:
        results: The matrix.
    """
    if not results.compares:
        return ""
    pairs = results.transfer_metrics()
    times = results.times_to_threshold(levels=(1.0,))
    pairwise = f"{_PAIRS} {resampled_in_words(results.rows, tasks=False)}"
    return "\n".join(
        [
            heading("Transfer metrics"),
            _pooled(results.pooled_transfer_metrics()),
            note(f"{_POOLED} {resampled_in_words(results.rows, tasks=True)}"),
            "<h3>Queries to reach what scratch reaches</h3>",
            _speed_ups(results.speed_up()),
            note(_SPEED),
            folded(f"All {len(pairs)} pairs", _pairs(pairs, times) + note(pairwise)),
        ]
    )


_POOLED = (
    "Ranks are in units of scratch's on the same target, below 1 is better. Jumpstart: mean over "
    "the first 10 queries; asymptote: at the end of the budget; area: mean over the whole budget, "
    "all by log rank, mean over pairs. Transfer ratio: area gained, divided by the area that "
    "scratch itself gains above its start; 0 is no transfer. P(better): that a search ends better "
    "than one from scratch."
)
_SPEED = (
    "Thresholds are parts of the way that scratch goes, from its first rank to its last. Speed-up: "
    "queries of scratch over queries of the method until there (restricted means: a search that "
    "does not get there counts as its whole budget), in the median pair, with its interval. "
    "≥: only scratch was censored, so that it is more; ≤: only the method was; ~: both were. "
    "Reached: share of the searches that got as far as scratch ends, by the method and by scratch. "
    "Training on the sources is not counted here; see the return on investment."
)
_PAIRS = (
    "As above, pair by pair. Queries: restricted mean until scratch's final rank is reached, by "
    "the method and by scratch."
)


def _who(row: Any) -> list[str | TableCell]:
    entrant = Entrant(str(row["method"]), row["sources"])
    return [entrant.method, TableCell(entrant.starts_from, "text")]


def _pooled(pooled: pd.DataFrame) -> str:
    head = ["method", "from", "pairs", "jumpstart", "asymptote", "area", "transfer ratio"]
    lines: _Lines = [
        [
            *_who(row),
            str(row["pairs"]),
            *(power(row, f"mean_{name}") for name in _GAINS),
            estimate(row, "transfer_ratio", format_ratio),
            estimate(row, "probability_of_improvement", format_share),
        ]
        for row in in_order(pooled).to_dict("records")
    ]
    return table([*head, "P(better)"], lines)


_GAINS = ("jumpstart", "asymptotic_gain", "area_gain")


def _speed_ups(speed: pd.DataFrame) -> str:
    levels = list(dict.fromkeys(speed["level"]))
    head = ["method", "from", *(f"{level:.0%}" for level in levels), "reached"]
    lines: _Lines = []
    for _, part in in_order(speed).groupby(["method", "sources"], sort=False):
        rows = part.to_dict("records")
        line = _who(rows[0])
        for row in rows:
            mark = _BOUND_MARKS[bound_of(row["reached"], row["reached_baseline"])]
            line.append(mark + estimate(row, "speed_up", format_ratio))
        last = rows[-1]
        reached = (format_share(last[name]) for name in ("reached", "reached_baseline"))
        lines.append([*line, " / ".join(reached)])
    return table(head, lines)


def _pairs(pairs: pd.DataFrame, times: pd.DataFrame) -> str:
    keys = ["source", "target", "method"]
    head = ["method", "source", "target", "jumpstart", "asymptote", "area", "transfer ratio"]
    head += ["queries", "scratch", "speed-up"]
    lines: _Lines = []
    for row in pairs.merge(times, on=keys, suffixes=("", "_time")).to_dict("records"):
        lines.append(
            [
                str(row["method"]),
                *(TableCell(str(row[name]), "text") for name in ("source", "target")),
                *(power(row, name) for name in _GAINS),
                estimate(row, "transfer_ratio", format_ratio),
                format_count(row["restricted_mean"]),
                format_count(row["restricted_mean_baseline"]),
                _BOUND_MARKS[row["bound"]] + estimate(row, "speed_up", format_ratio),
            ]
        )
    return table(head, lines)
