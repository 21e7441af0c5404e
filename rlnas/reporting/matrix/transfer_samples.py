"""What transfer metrics are made of: the seeds of each cell and of its baseline, resampled once.

The metrics of a pair and those of a method over its pairs come from the same resamples, so that
they agree with each other, and whoever wants both pays for one bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.search_curves import CellKey, SearchCurves
from rlnas.statistics.bootstrap import (
    RESAMPLES,
    interquartile_means_of_rows,
    occurrences,
    resample,
)

TRAITS = ("initial", "final", "area")
"""What one course comes to."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What the seeds of one cell come to, and its resamples.

    Attributes:
        traits: ``(3, n)``: initial value, final value and area of each course.
        start: ``(n,)`` value at the first point.
        indices: ``(resamples, n)`` seeds in each resample.
    """

    traits: NDArray[np.float64]
    start: NDArray[np.float64]
    indices: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.start)

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """``(4, 1)`` interquartile means of the traits and of the start."""
        return interquartile_means_of_rows(np.vstack([self.traits, self.start]))[:, None]

    @cached_property
    def resampled_means(self) -> NDArray[np.float64]:
        """``(4, resamples)`` the same of each resample."""
        rows = np.vstack([self.traits, self.start])
        return interquartile_means_of_rows(rows[:, self.indices])

    @cached_property
    def occurrences(self) -> NDArray[np.float64]:
        """``(resamples, n)`` how often each seed is in each resample."""
        return occurrences(self.indices)


@dataclass(frozen=True, eq=False)
class Pair:
    """A cell beside the baseline on its target. Arrays end with one estimate, or the resamples."""

    own: Sample
    base: Sample

    @property
    def single(self) -> bool:
        """Whether one side has a single seed, so that resampling it says nothing."""
        return min(self.own.n, self.base.n) < 2

    def gains(self, *, resampled: bool) -> NDArray[np.float64]:
        """Return the differences of the traits' interquartile means, ``(3, 1 or resamples)``."""
        if resampled:
            return self.own.resampled_means[:3] - self.base.resampled_means[:3]
        return self.own.means[:3] - self.base.means[:3]

    def above(self, offset: float | None, *, resampled: bool) -> NDArray[np.float64]:
        """Return the baseline's area above an offset, its own start by default."""
        means = self.base.resampled_means if resampled else self.base.means
        return np.asarray(means[2] - (means[3] if offset is None else offset))

    @cached_property
    def improvement(self) -> NDArray[np.float64]:
        """``(1,)`` probability that a seed's final value beats a seed's of the baseline."""
        return self._improvement(np.ones((1, self.own.n)), np.ones((1, self.base.n)))

    @cached_property
    def resampled_improvement(self) -> NDArray[np.float64]:
        """``(resamples,)`` the same of each resample."""
        return self._improvement(self.own.occurrences, self.base.occurrences)

    def _improvement(
        self, times: NDArray[np.float64], base_times: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        mine, theirs = self.own.traits[1], self.base.traits[1]
        times, base_times = times * ~np.isnan(mine), base_times * ~np.isnan(theirs)
        wins = (mine[:, None] > theirs) + 0.5 * (mine[:, None] == theirs)
        won = ((times @ wins) * base_times).sum(axis=1)
        met = times.sum(axis=1) * base_times.sum(axis=1)
        return np.where(met > 0, won / np.maximum(met, 1), np.nan)


def ratio(gain: NDArray[np.float64], above: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return gain / above, NaN where the baseline does not rise above the offset."""
    return np.where(above > 0, gain / np.where(above > 0, above, 1.0), np.nan)


def resampled_pairs(
    courses: SearchCurves, *, first: int | None = None, seed: int = 0
) -> dict[CellKey, Pair]:
    """Return every compared cell beside its baseline, resampled.

    Args:
        courses: The searches, by query or by step.
        first: The initial value is the mean over so many first points. By query it defaults to 10:
            the very first queries show where a search happens to start, which no policy chooses,
            and not what it knows. By step it defaults to 1, the evaluation before any learning.
        seed: Seed of the resampling.

    Raises:
        InvalidArgumentError: If there are not as many points.
    """
    if first is None:
        first = min(10, len(courses.points)) if courses.axis == "query" else 1
    if not 1 <= first <= len(courses.points):
        raise InvalidArgumentError(
            f"first is {first}; expected 1 to {len(courses.points)}, the points of the courses."
        )

    def sample(values: NDArray[np.float64], *path: str) -> Sample:
        traits = [values[:, :first].mean(axis=1), values[:, -1], courses.mean_over_axis(values)]
        indices = resample(len(values), RESAMPLES, seed, *path)
        return Sample(np.stack(traits), values[:, 0], indices)

    bases = {
        target: sample(values, "baseline", target) for target, values in courses.baselines.items()
    }
    return {key: Pair(sample(courses.cells[key], *key), bases[key[1]]) for key in courses.compared}
