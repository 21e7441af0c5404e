"""How much of a score is the architecture's, and how much its seed's: trainings with several."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rlnas.statistics.bootstrap import BOOTSTRAP


@dataclass(frozen=True)
class Reliability:
    """What two or more trainings of the same architectures say of each other.

    Attributes:
        cells: Architectures with a score from every seed.
        sd_within: Standard deviation of one training about its architecture's mean; what a seed
            does to all architectures alike is not in it, since it ranks none differently.
        sd_between: Standard deviation of the architectures' means, that of the seeds taken off.
        reliability: Share of the variance of one training's scores that is the architectures'.
        spearman: Between two seeds; of more the mean over pairs.
        spearman_low: Of the bootstrap interval of 95 % over architectures.
        spearman_high: Likewise.
    """

    cells: int
    sd_within: float
    sd_between: float
    reliability: float
    spearman: float
    spearman_low: float
    spearman_high: float

    def columns(self) -> dict[str, float]:
        """Return the numbers by name, without the number of cells."""
        values = asdict(self)
        del values["cells"]
        return values


def reliability(scores: NDArray[np.floating]) -> Reliability:
    """Return the reliability of one training.

    Two-way analysis of variance, architectures × seeds, with one value each (Shrout and Fleiss,
    Psychological Bulletin 86, 1979, "ICC(3,1)").

    Args:
        scores: ``(architectures, seeds)``; an architecture with a NaN is left out.
    """
    known = scores[np.isfinite(scores).all(axis=1)].astype(np.float64)
    cells, seeds = known.shape
    if cells < 3 or seeds < 2:
        nan = float("nan")
        return Reliability(cells, nan, nan, nan, nan, nan, nan)
    apart = known - known.mean(axis=0)
    means = apart.mean(axis=1)
    within = ((apart - means[:, None]) ** 2).sum() / ((cells - 1) * (seeds - 1))
    between = max(float(means.var(ddof=1) - within / seeds), 0.0)
    draws = BOOTSTRAP.draws(cells, name=("rooms-suite", "reliability"))[0]
    spread = BOOTSTRAP.spread(_spearman(known[draws])[None], cells)
    found = BOOTSTRAP.interval(_spearman(known[None])[0], spread, within=(-1.0, 1.0))
    return Reliability(
        cells=cells,
        sd_within=float(np.sqrt(within)),
        sd_between=float(np.sqrt(between)),
        reliability=float(between / (between + within)) if between + within else float("nan"),
        spearman=found.estimate,
        spearman_low=found.low,
        spearman_high=found.high,
    )


def _spearman(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean correlation between seeds of samples ``(samples, architectures, seeds)``."""
    ranks = stats.rankdata(scores, axis=1)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    ranks = ranks / np.maximum(np.sqrt((ranks**2).sum(axis=1, keepdims=True)), 1e-12)
    pairs = combinations(range(scores.shape[2]), 2)
    return np.mean([(ranks[..., a] * ranks[..., b]).sum(axis=1) for a, b in pairs], axis=0)
