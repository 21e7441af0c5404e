"""Transfer metrics of every (source, target, method) against scratch on the same target.

Taylor and Stone (JMLR 2009, "Transfer learning for reinforcement learning domains: a survey",
section 2.1) name five: jumpstart, asymptotic performance, total reward, transfer ratio, and time to
threshold, for which see `rlnas.reporting.thresholds`. Each is given as a difference of
interquartile means over seeds with a bootstrap interval, so that a positive number means that the
source helped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.reporting.courses import CellKey, Courses, source_kind
from rlnas.reporting.resampling import RESAMPLES, check_level, percentile_interval
from rlnas.reporting.transfer_samples import TRAITS, Pair, pairs_of, ratio

if TYPE_CHECKING:
    import pandas as pd

GAINS = ("jumpstart", "asymptotic_gain", "area_gain")
"""Differences of the `TRAITS`, in their order."""

_KEYS = ["source", "target", "method", "sources", "n", "n_baseline"]


def transfer_metrics(
    courses: Courses,
    *,
    first: int | None = None,
    offset: float | None = None,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """Return the transfer metrics of every cell against the baseline (scratch) on its target.

    Args:
        courses: The searches, by query or by step.
        first: The initial value is the mean over so many first points. By query it defaults to 10:
            the very first queries show where a search happens to start, which no policy chooses,
            and not what it knows. By step it defaults to 1, the evaluation before any learning.
        offset: The value that areas are measured from in the transfer ratio. The ratio
            (area − area of scratch) / (area of scratch − offset) is *not* invariant to it: with
            −log10(rank) and offset 0, as Taylor and Stone have it, it even has the wrong sign. By
            default it is what scratch has at the first point on that target, so a ratio of 0.5
            means half as much again as scratch gains above its own start.
        level: Coverage of the intervals.
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        One row a (source, target, method) other than the baseline, in units of the value:

        - ``sources``: what the source is to the target, see `source_kind`; ``own`` and ``all``
          are bounds that have seen the target.
        - ``n``, ``n_baseline``: seeds.
        - ``initial``, ``final``, ``area`` (per point of the axis): interquartile means, and
          ``*_baseline`` those of scratch.
        - ``jumpstart``, ``asymptotic_gain``, ``area_gain``: their differences, with ``*_low`` and
          ``*_high``.
        - ``transfer_ratio`` with interval, NaN where scratch does not rise above the offset, and
          the ``offset``.
        - ``probability_of_improvement`` with interval: that a seed's final value beats a seed's of
          scratch, ties counted half (Agarwal et al. 2021).

        There is no interval (NaN) with one seed of either. A seed with NaN is left out: where
        searches fail, use the rank, which a failed search has too.

    Raises:
        InvalidArgumentError: If ``first``, ``level`` or ``resamples`` is out of its range.
    """
    import pandas as pd

    check_level(level, resamples)
    pairs = pairs_of(courses, first, seed, resamples)
    rows = [_row(key, pair, offset, level) for key, pair in pairs.items()]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=None if rows else _KEYS)
    return frame


def _row(key: CellKey, pair: Pair, offset: float | None, level: float) -> dict[str, Any]:
    source, target, method = key
    row: dict[str, Any] = {"source": source, "target": target, "method": method}
    row |= {"sources": source_kind(source, target), "n": pair.own.n, "n_baseline": pair.base.n}
    own, base = pair.own.means[:, 0], pair.base.means[:, 0]
    for name, mine, theirs in zip(TRAITS, own, base, strict=False):
        row |= {name: float(mine), f"{name}_baseline": float(theirs)}
    gains, resampled = pair.gains(resampled=False), pair.gains(resampled=True)
    ratios = [
        ratio(by_area[2], pair.above(offset, resampled=which))
        for which, by_area in ((False, gains), (True, resampled))
    ]
    estimates = np.vstack([gains, ratios[0], pair.improvement])[:, 0]
    distributions = np.vstack([resampled, ratios[1], pair.resampled_improvement])
    lows, highs = percentile_interval(distributions, level)
    names = (*GAINS, "transfer_ratio", "probability_of_improvement")
    for name, estimate, low, high in zip(names, estimates, lows, highs, strict=True):
        known = not pair.single and not np.isnan(estimate)
        row[name] = float(estimate)
        row[f"{name}_low"] = float(low) if known else float("nan")
        row[f"{name}_high"] = float(high) if known else float("nan")
    return row | {"offset": float(base[3]) if offset is None else float(offset)}
