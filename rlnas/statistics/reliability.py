"""Reliability: how much of what differs between measurements would differ again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.seeding import generator
from rlnas.statistics.bootstrap import BOOTSTRAP, Bootstrap, Interval
from rlnas.statistics.correlation import spearman_rows
from rlnas.statistics.deconvolution import spread_within

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """What repeated measurements say of one another.

    Attributes:
        groups: Number of groups measured more than once.
        measurements: Number of measurements in them.
        within: Standard deviation within groups, each group counted once.
        between: Standard deviation of the groups' own values, the noise of their means taken off.
        share: Reliability of one measurement: the variance between groups over that between and
            within (the intraclass correlation), 0 to 1.
        spearman: Rank correlation of one measurement of each group with another, with its interval.
    """

    groups: int
    measurements: int
    within: float
    between: float
    share: float
    spearman: Interval


def reliability(
    groups: Sequence[Floats], *, bootstrap: Bootstrap = BOOTSTRAP, pairings: int = 200
) -> Reliability:
    """Return what groups of repeated measurements say of one another.

    Args:
        groups: Arrays of two or more measurements each, without NaN; the order within a group says
            nothing.
        bootstrap: How groups are resampled for the interval of the correlation.
        pairings: Over how many random choices of two from each group the correlation is a mean.
    """
    if len(groups) < 2:
        nothing = Interval(np.nan, np.nan, np.nan, "fewer than two groups")
        return Reliability(
            len(groups), sum(map(len, groups)), spread_within(groups), np.nan, np.nan, nothing
        )
    within = spread_within(groups)
    means = np.array([group.mean() for group in groups])
    # The mean of n has 1/n of the noise's variance.
    carried = float(np.mean([np.var(group, ddof=1) / len(group) for group in groups]))
    between = max(float(np.var(means, ddof=1)) - carried, 0.0)
    total = between + within**2
    return Reliability(
        groups=len(groups),
        measurements=sum(map(len, groups)),
        within=within,
        between=float(np.sqrt(between)),
        share=between / total if total > 0 else np.nan,
        spearman=_repeated_spearman(groups, bootstrap, pairings),
    )


def _repeated_spearman(groups: Sequence[Floats], bootstrap: Bootstrap, pairings: int) -> Interval:
    sizes = np.array([len(group) for group in groups])
    values, starts = np.concatenate(groups), np.cumsum(sizes) - sizes
    rng = generator(bootstrap.seed, "pairs of repeats", len(groups))

    def correlations(chosen: NDArray[np.int64]) -> Floats:
        one = (rng.random(chosen.shape) * sizes[chosen]).astype(np.int64)
        step = 1 + (rng.random(chosen.shape) * (sizes[chosen] - 1)).astype(np.int64)
        other = (one + step) % sizes[chosen]
        return spearman_rows(values[starts[chosen] + one], values[starts[chosen] + other])

    every = np.broadcast_to(np.arange(len(groups)), (pairings, len(groups)))
    (draws,) = bootstrap.draws(len(groups), name=("groups of repeats",))
    spread = bootstrap.spread(correlations(draws)[None], len(groups))
    return bootstrap.interval(float(correlations(every).mean()), spread, within=(-1.0, 1.0))
