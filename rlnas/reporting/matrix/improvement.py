"""Every cell of a transfer matrix against scratch on the same target."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import BASELINE, source_kind, with_controllers
from rlnas.statistics.bootstrap import BOOTSTRAP, difference_interval
from rlnas.statistics.improvement import probability_of_improvement
from rlnas.statistics.means import interquartile_mean, known_mean
from rlnas.statistics.multiple import holm

if TYPE_CHECKING:
    import pandas as pd


_NEEDED = ("source", "target", "method", "best_score", "rank")

_Key = TypeVar("_Key", bound=Hashable)


def improvement_over_scratch(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare every (source, target, method) with scratch on the same target.

    Args:
        rows: One row a cell of the matrix: source, target, method, seed, best_score, rank, and
            controller where there are several of a source.

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
        - ``excludes_zero``: whether the interval of the log10 rank difference excludes 0, and
          ``p``, its p-value, below 0.05 where it does.
        - ``p_holm``: the same by Holm's correction over the family: every row of the method and
          kind of source, see `source_kind`; ``sure``: whether that is at most 0.05.

        Intervals resample controllers where there are several, else searches.

    Raises:
        InvalidArgumentError: If a target has no scratch row, or a column is missing.
    """
    import pandas as pd

    if absent := [c for c in _NEEDED if c not in rows]:
        raise InvalidArgumentError(f"The rows lack {', '.join(absent)}; they need {_NEEDED}.")
    cells = list(zip(rows["source"], rows["target"], rows["method"], strict=True))
    is_base = [method == BASELINE for _, _, method in cells]
    by_target = _groups([cell[1] for cell in cells], is_base)
    by_cell = _groups(cells, [not base for base in is_base])
    if bare := sorted({target for _, target, _ in by_cell} - set(by_target)):
        raise InvalidArgumentError(
            f"No {BASELINE} search on {', '.join(map(str, bare))}; include the method "
            f"{BASELINE!r} in the matrix to compare with it."
        )
    rank, score = (rows[name].to_numpy(np.float64) for name in ("rank", "best_score"))
    pairs = [(own, by_target[cell[1]]) for cell, own in by_cell.items()]
    ranks = [(rank[own], rank[base]) for own, base in pairs]
    scores = [(score[own], score[base]) for own, base in pairs]
    iqm, iqm_base = (
        np.array([interquartile_mean(pair[side]) for pair in ranks]) for side in (0, 1)
    )
    mean, mean_base = (
        np.array([float(known_mean(pair[side])) for pair in ranks]) for side in (0, 1)
    )
    controllers = with_controllers(rows)["controller"].to_numpy()
    units = [controllers[own] for own, _ in pairs]
    by_rank = [
        difference_interval(np.log10(own), np.log10(base), unit_of=unit)
        for (own, base), unit in zip(ranks, units, strict=True)
    ]
    by_score = [
        difference_interval(own, base, unit_of=unit)
        for (own, base), unit in zip(scores, units, strict=True)
    ]
    compared: pd.DataFrame = pd.DataFrame(
        {
            "source": [source for source, _, _ in by_cell],
            "target": [target for _, target, _ in by_cell],
            "method": [method for _, _, method in by_cell],
            "n": [np.count_nonzero(~np.isnan(own)) for own, _ in ranks],
            "n_scratch": [np.count_nonzero(~np.isnan(base)) for _, base in ranks],
            "mean_rank": mean,
            "mean_rank_scratch": mean_base,
            "iqm_rank": iqm,
            "iqm_rank_scratch": iqm_base,
            "log10_rank_difference": [interval.estimate for interval in by_rank],
            "low": [interval.low for interval in by_rank],
            "high": [interval.high for interval in by_rank],
            "score_difference": [interval.estimate for interval in by_score],
            "score_low": [interval.low for interval in by_score],
            "score_high": [interval.high for interval in by_score],
            "probability_of_improvement": [
                float(probability_of_improvement(own, base)) for own, base in scores
            ],
            "wins": (iqm < iqm_base) & (mean < mean_base),
            "wins_iqm": iqm < iqm_base,
            "wins_mean": mean < mean_base,
            "excludes_zero": [interval.excludes_zero for interval in by_rank],
            "p": [interval.p for interval in by_rank],
        }
    )
    kinds = [source_kind(source, target) for source, target, _ in by_cell]
    families: Any = compared.groupby([compared["method"], kinds], sort=False)["p"]
    corrected = families.transform(holm) if len(compared) else compared["p"]
    found: pd.DataFrame = compared.assign(p_holm=corrected, sure=corrected <= 1 - BOOTSTRAP.level)
    return found


def sign_of(gain: Any) -> str:
    """Return ``+``, ``++``, ``−``, ``−−``, or ``=`` for one row of `improvement_over_scratch`."""
    if gain["mean_rank"] == gain["mean_rank_scratch"]:
        return "="
    sign = "+" if gain["mean_rank"] < gain["mean_rank_scratch"] else "−"
    agrees = (gain["log10_rank_difference"] < 0) == (sign == "+")
    return sign * 2 if gain["sure"] and agrees else sign


def comparable(frame: pd.DataFrame, baseline: str = BASELINE) -> pd.DataFrame:
    """Return the rows on targets that the baseline has searched; an unfinished run has others."""
    known = frame.loc[frame["method"] == baseline, "target"].unique()
    kept: pd.DataFrame = frame[frame["target"].isin(known)]
    return kept


def _groups(keys: Sequence[_Key], chosen: Sequence[bool]) -> dict[_Key, list[int]]:
    """Return the rows chosen by key, in order of appearance."""
    groups: dict[_Key, list[int]] = {}
    for row, (key, wanted) in enumerate(zip(keys, chosen, strict=True)):
        if wanted:
            groups.setdefault(key, []).append(row)
    return groups
