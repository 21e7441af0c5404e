"""Pretraining against scratch: what the rows of a transfer matrix say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.statistics import (
    describe,
    difference_interval,
    interquartile_mean,
    probability_of_improvement,
)

if TYPE_CHECKING:
    import pandas as pd

BASELINE = "scratch"
"""The method that every other one is compared with."""


def improvement_over_scratch(
    rows: pd.DataFrame, *, level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Compare every (source, target, method) with scratch on the same target.

    Args:
        rows: One row a cell of the matrix: source, target, method, seed, best_score, rank.
        level: Coverage of the intervals.
        seed: Seed of the resampling.

    Returns:
        One row a (source, target, method) other than scratch:

        - ``n``, ``n_scratch``: seeds with a result.
        - ``mean_rank``, ``mean_rank_scratch``, ``iqm_rank``, ``iqm_rank_scratch``.
        - ``log10_rank_difference`` with ``low`` and ``high``: difference of the interquartile
          means of log10 rank; negative means pretraining is better, −1 a rank ten times lower.
        - ``score_difference`` with ``score_low`` and ``score_high``: likewise of the best score;
          positive means pretraining is better.
        - ``probability_of_improvement``: that a seed's best score beats a seed of scratch.
        - ``wins``: whether both the interquartile mean and the mean of the rank are lower;
          ``wins_iqm``, ``wins_mean``: each of them.
        - ``excludes_zero``: whether the interval of the log10 rank difference excludes 0.

    Raises:
        InvalidArgumentError: If a target has no scratch row, or a column is missing.
    """
    import pandas as pd

    needed = ("source", "target", "method", "best_score", "rank")
    if absent := [c for c in needed if c not in rows]:
        raise InvalidArgumentError(f"The rows lack {', '.join(absent)}; they need {needed}.")
    scratch = dict(iter(rows[rows["method"] == BASELINE].groupby("target")))
    others = rows[rows["method"] != BASELINE]
    if bare := sorted(set(others["target"]) - set(scratch)):
        raise InvalidArgumentError(
            f"No {BASELINE} search on {', '.join(map(str, bare))}; include the method "
            f"{BASELINE!r} in the matrix to compare with it."
        )
    compared: pd.DataFrame = pd.DataFrame(
        [
            {
                "source": source,
                "target": target,
                "method": method,
                **_compare(part, scratch[target], level, seed),
            }
            for (source, target, method), part in others.groupby(
                ["source", "target", "method"], sort=False
            )
        ],
        columns=["source", "target", "method", *_COLUMNS],
    )
    return compared


_COLUMNS = (
    *("n", "n_scratch", "mean_rank", "mean_rank_scratch", "iqm_rank", "iqm_rank_scratch"),
    *("log10_rank_difference", "low", "high", "score_difference", "score_low", "score_high"),
    *("probability_of_improvement", "wins", "wins_iqm", "wins_mean", "excludes_zero"),
)


def _compare(
    part: pd.DataFrame, scratch: pd.DataFrame, level: float, seed: int
) -> dict[str, object]:
    ranks = part["rank"].dropna().to_numpy(np.float64)
    base = scratch["rank"].dropna().to_numpy(np.float64)
    by_rank = difference_interval(np.log10(ranks), np.log10(base), level=level, seed=seed)
    by_score = difference_interval(
        part["best_score"], scratch["best_score"], level=level, seed=seed
    )
    mean, mean_base = _mean(ranks), _mean(base)
    iqm, iqm_base = interquartile_mean(ranks), interquartile_mean(base)
    values = (
        *(len(ranks), len(base), mean, mean_base, iqm, iqm_base),
        *(by_rank.estimate, by_rank.low, by_rank.high),
        *(by_score.estimate, by_score.low, by_score.high),
        probability_of_improvement(part["best_score"], scratch["best_score"]),
        *(bool(iqm < iqm_base and mean < mean_base), bool(iqm < iqm_base), bool(mean < mean_base)),
        by_rank.excludes_zero,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


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
