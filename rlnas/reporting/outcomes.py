"""What the searches of each cell found: rank and regret of the best, over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.courses import source_kind
from rlnas.reporting.intervals import bootstrap_intervals
from rlnas.reporting.resampling import RESAMPLES, check_level, mean_of_rows
from rlnas.reporting.statistics import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd

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
