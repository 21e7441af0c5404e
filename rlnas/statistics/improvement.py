"""How often a run of one method beats a run of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def probability_of_improvement(values: ArrayLike, baseline: ArrayLike) -> NDArray[np.float64]:
    """Return P(a value is larger than a baseline value), ties counted half.

    Agarwal et al. (NeurIPS 2021, section 4.3); Mann and Whitney's U over the number of pairs.

    Args:
        values: ``(..., n)`` scores, larger is better; NaN is left out.
        baseline: ``(..., m)`` scores; NaN is left out.

    Returns:
        ``(...)`` probabilities, 0.5 where neither is better; NaN where one sample is empty.
    """
    own = np.asarray(values, dtype=np.float64)[..., :, None]
    base = np.asarray(baseline, dtype=np.float64)[..., None, :]
    wins = np.count_nonzero(own > base, axis=(-2, -1))
    wins_or_ties = np.count_nonzero(own >= base, axis=(-2, -1))
    pairs = np.count_nonzero(~np.isnan(own), axis=(-2, -1)) * np.count_nonzero(
        ~np.isnan(base), axis=(-2, -1)
    )
    found = (wins + wins_or_ties) / np.maximum(2 * pairs, 1)
    return np.where(pairs > 0, found, np.nan)
