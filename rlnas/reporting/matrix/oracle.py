"""The best source of each target, chosen afterwards: the bound of every choice of a source.

Chosen on the very seeds that it is judged by, the best of several sources looks better than it is
(the winner's curse). Cross-fitting removes that: half of the seeds choose, the other half judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.measured_sources import MeasuredSources, gains_of, places_of
from rlnas.seeding import generator
from rlnas.statistics.bootstrap import resampled_rows
from rlnas.statistics.correlation import spearman
from rlnas.statistics.means import known_mean

SPLITS = 200


@dataclass(frozen=True, eq=False)
class Oracle:
    """Sources chosen by half of the seeds and judged by the other, in random splits.

    Attributes:
        mean_ranks: ``(splits, T)`` mean rank of the chosen source on the seeds that judge.
        judged: ``(splits, T, S)`` mean rank of every source on the same seeds.
        first: ``(splits, T)`` share of choices that the other half finds the best source too.
        second: ``(splits, T)`` share that it finds among its best two.
    """

    mean_ranks: NDArray[np.float64]
    judged: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def mean_over_splits(self) -> Oracle:
        """The same as one split that has the means of all."""
        fields = (self.mean_ranks, self.judged, self.first, self.second)
        return Oracle(*(field.mean(axis=0, keepdims=True) for field in fields))


def cross_fitted_oracle(
    ranks: NDArray[np.float64], splits: int, seed: int, *, resampled: bool
) -> Oracle | None:
    """Return the cross-fitted oracle; each half chooses once and judges once.

    Args:
        ranks: ``(T, S, n)`` ranks by seed, NaN after the last seed and where not measured.
        splits: Number of random splits.
        seed: Seed of the splits and of the resampling.
        resampled: Whether the seeds that judge are resampled. Those that choose never are: a
            resample of a few seeds would choose worse than they do.

    Returns:
        The oracle; None where some source has a single seed, which cannot be split.
    """
    if (np.count_nonzero(~np.isnan(ranks), axis=-1) == 1).any():
        return None
    rng = generator(seed, "oracle")
    halves = random_halves(ranks, splits, rng)
    choosing = [known_mean(half) for half in halves]
    judging = choosing
    if resampled:
        judging = [known_mean(resampled_rows(half, rng.random(half.shape))) for half in halves]
    found = [_judge(choosing[0], judging[1]), _judge(choosing[1], judging[0])]
    ranks_found, firsts, seconds = (np.mean(each, axis=0) for each in zip(*found, strict=True))
    return Oracle(ranks_found, (judging[0] + judging[1]) / 2, firsts, seconds)


def split_half_agreement(truth: MeasuredSources, splits: int, seed: int) -> tuple[float, float]:
    """Return Spearman's correlation of the gains of two halves of the seeds.

    What noise leaves for an estimate to reach, if there were half as many seeds.

    Args:
        truth: What was measured.
        splits: Number of random splits, whose correlations are averaged.
        seed: Seed of the splits.

    Returns:
        Over all pairs, and over the sources of a target, mean over targets; NaN with one seed.
    """
    single = [(~np.isnan(v)).sum(axis=-1) == 1 for v in (truth.ranks, truth.scratch)]
    if any(s.any() for s in single):
        return float("nan"), float("nan")
    rng = generator(seed, "agreement")
    ranks = random_halves(truth.ranks, splits, rng)
    scratch = random_halves(truth.scratch, splits, rng)
    one, other = (gains_of(r, s) for r, s in zip(ranks, scratch, strict=True))
    pairs = [spearman(a.reshape(1, -1), b.reshape(1, -1)) for a, b in zip(one, other, strict=True)]
    within = [
        np.diagonal(spearman(one[:, target], other[:, target]))
        for target in range(len(truth.targets))
    ]
    return float(known_mean(np.ravel(pairs))), float(known_mean(np.ravel(within)))


def random_halves(
    values: NDArray[np.float64], splits: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both halves of the values of each row, in random splits.

    Args:
        values: ``(..., n)``, NaN left out.
        splits: Number of splits.
        rng: What they are drawn from.

    Returns:
        Two arrays ``(splits, ..., n)``, NaN after the last value of a row; of an odd number of
        values the second has one more.
    """
    missing = np.isnan(values)
    order = np.where(missing, 2.0, rng.random((splits, *values.shape)))
    shuffled = np.take_along_axis(values[None], np.argsort(order, axis=-1), axis=-1)
    half = np.count_nonzero(~missing, axis=-1)[..., None] // 2
    first = np.arange(values.shape[-1]) < half
    one, other = np.where(first, shuffled, np.nan), np.where(first, np.nan, shuffled)
    return one, np.sort(other, axis=-1)  # NaN last


def _judge(
    choosing: NDArray[np.float64], judging: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the judged mean rank ``(splits, T)`` of the choice, and whether it is in the best."""
    choice = np.argmin(np.where(np.isnan(choosing), np.inf, choosing), axis=-1)[..., None]
    rank = np.take_along_axis(judging, choice, axis=-1)[..., 0]
    place = np.take_along_axis(places_of(judging), choice, axis=-1)[..., 0]
    return rank, (place <= 1).astype(np.float64), (place <= 2).astype(np.float64)
