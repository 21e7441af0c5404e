"""Many comparisons at once: p-values that hold for all of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's adjusted p-values of a family of comparisons.

    To call sure what is at α or below keeps the chance of any false call among all of them at most
    α, however they depend on each other (Holm, "A simple sequentially rejective multiple test
    procedure", Scandinavian Journal of Statistics 6, 1979).

    Args:
        p: ``(m,)`` p-values. One that is unknown (NaN) is never sure, and counts in the family.

    Returns:
        ``(m,)``, each at least its own p, at most 1; NaN where unknown.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given)  # NaN last
    ranked = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(ranked), 1.0)
    return adjusted
