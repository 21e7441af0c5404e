"""Every cell of a transfer matrix against scratch on the same target."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import BASELINE, source_kind
from rlnas.statistics.bootstrap import RESAMPLES, check_level, mean_of_rows
from rlnas.statistics.intervals import bootstrap_intervals
from rlnas.statistics.samples import (
    difference_intervals,
    interquartile_mean,
    interquartile_means,
    probability_of_improvement,
)

if TYPE_CHECKING:
    import pandas as pd


_NEEDED = ("source", "target", "method", "best_score", "rank")

_Key = TypeVar("_Key", bound=Hashable)


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
    if absent := [c for c in _NEEDED if c not in rows]:
        raise InvalidArgumentError(f"The rows lack {', '.join(absent)}; they need {_NEEDED}.")
    cells = tuple(zip(rows["source"], rows["target"], rows["method"], strict=True))
    ranks, scores = (rows[c].to_numpy(np.float64).tobytes() for c in ("rank", "best_score"))
    # A table, a summary and a report of the same run follow each other, so equal rows are compared
    # once. The caller may change its frame, so it gets a copy.
    compared: pd.DataFrame = _compared(_Content(cells, ranks, scores), level, seed).copy()
    return compared


def comparable(frame: pd.DataFrame, baseline: str = BASELINE) -> pd.DataFrame:
    """Return the rows on targets that the baseline has searched; an unfinished run has others."""
    known = frame.loc[frame["method"] == baseline, "target"].unique()
    kept: pd.DataFrame = frame[frame["target"].isin(known)]
    return kept


@dataclass(frozen=True)
class _Content:
    """All that a comparison depends on, hashable.

    Attributes:
        cells: Source, target and method of each row.
        ranks: Bytes of the rows' ranks, float64.
        scores: Bytes of the rows' best scores, float64.
    """

    cells: tuple[tuple[str, str, str], ...]
    ranks: bytes
    scores: bytes


@lru_cache(maxsize=4)
def _compared(content: _Content, level: float, seed: int) -> pd.DataFrame:
    import pandas as pd

    is_base = [method == BASELINE for _, _, method in content.cells]
    by_target = _groups([cell[1] for cell in content.cells], is_base)
    by_cell = _groups(content.cells, [not base for base in is_base])
    if bare := sorted({target for _, target, _ in by_cell} - set(by_target)):
        raise InvalidArgumentError(
            f"No {BASELINE} search on {', '.join(map(str, bare))}; include the method "
            f"{BASELINE!r} in the matrix to compare with it."
        )
    rank, score = np.frombuffer(content.ranks), np.frombuffer(content.scores)
    pairs = [(own, by_target[cell[1]]) for cell, own in by_cell.items()]
    ranks = [(_known(rank[own]), _known(rank[base])) for own, base in pairs]
    scores = [(_known(score[own]), _known(score[base])) for own, base in pairs]
    own_ranks, base_ranks = [own for own, _ in ranks], [base for _, base in ranks]
    iqm, iqm_base = map(np.array, map(interquartile_means, (own_ranks, base_ranks)))
    mean, mean_base = map(np.array, map(_means, (own_ranks, base_ranks)))
    logs = [(np.log10(own), np.log10(base)) for own, base in ranks]
    by_rank = difference_intervals(logs, level=level, seed=seed)
    by_score = difference_intervals(scores, level=level, seed=seed)
    compared: pd.DataFrame = pd.DataFrame(
        {
            "source": [source for source, _, _ in by_cell],
            "target": [target for _, target, _ in by_cell],
            "method": [method for _, _, method in by_cell],
            "n": list(map(len, own_ranks)),
            "n_scratch": list(map(len, base_ranks)),
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
            "probability_of_improvement": [probability_of_improvement(*pair) for pair in scores],
            "wins": (iqm < iqm_base) & (mean < mean_base),
            "wins_iqm": iqm < iqm_base,
            "wins_mean": mean < mean_base,
            "excludes_zero": [interval.excludes_zero for interval in by_rank],
        }
    )
    return compared


def _groups(keys: Sequence[_Key], chosen: Sequence[bool]) -> dict[_Key, list[int]]:
    """Return the rows chosen by key, in order of appearance."""
    groups: dict[_Key, list[int]] = {}
    for row, (key, wanted) in enumerate(zip(keys, chosen, strict=True)):
        if wanted:
            groups.setdefault(key, []).append(row)
    return groups


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


def _means(samples: Sequence[NDArray[np.float64]]) -> list[float]:
    return [float(np.mean(sample)) if len(sample) else float("nan") for sample in samples]


_CELL = ["source", "target", "method"]
_VALUES = ("rank", "regret")


def search_outcomes(
    rows: pd.DataFrame, *, level: float = 0.95, seed: int = 0, resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Return rank and regret of the best architecture of every cell, scratch included.

    Args:
        rows: One row a search: source, target, method, seed, rank (1 is the best of the whole
            space) and regret (score of the best of the space less that of the best found).
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        One row a (source, target, method): ``sources`` (see `source_kind`), ``n`` seeds; for rank
        and regret ``mean_*``, ``iqm_*`` (interquartile mean), ``*_low`` and ``*_high`` (interval
        of the interquartile mean, NaN with one seed). A seed with NaN is left out.

    Raises:
        InvalidArgumentError: If a column is missing or ``level`` is out of its range.
    """
    check_level(level, resamples)
    if absent := [column for column in (*_CELL, "seed", *_VALUES) if column not in rows]:
        raise InvalidArgumentError(
            f"The rows lack the column {', '.join(absent)}; they have {', '.join(map(str, rows))}."
        )
    groups = rows.groupby(_CELL, sort=False).indices
    frame: pd.DataFrame = rows.drop_duplicates(_CELL)[_CELL].reset_index(drop=True)
    keys = list(zip(frame["source"], frame["target"], frame["method"], strict=True))
    frame["sources"] = [source_kind(source, target) for source, target, _ in keys]
    frame["n"] = [len(groups[key]) for key in keys]
    for name in _VALUES:
        values = rows[name].to_numpy(np.float64)
        samples = [values[groups[key]] for key in keys]
        intervals = bootstrap_intervals(
            [(sample[~np.isnan(sample)],) for sample in samples],
            interquartile_mean,
            level=level,
            seed=seed,
            resamples=resamples,
        )
        frame[f"mean_{name}"] = [float(mean_of_rows(sample)) for sample in samples]
        frame[f"iqm_{name}"] = [interval.estimate for interval in intervals]
        frame[f"{name}_low"] = [interval.low for interval in intervals]
        frame[f"{name}_high"] = [interval.high for interval in intervals]
    return frame
