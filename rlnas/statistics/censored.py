"""Times to a threshold that some searches did not reach: right-censored data.

A mean over the searches that succeeded is biased, since it leaves out the slow ones. All searches
of a cell have the same budget, and with one common censoring time the Kaplan–Meier estimate of the
share still waiting is the empirical one: a search that does not arrive has an infinite time, its
median is that of all times, and its area up to the budget, the restricted mean time (Royston and
Parmar, BMC Medical Research Methodology 2013), is the mean of times cut at the budget.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def first_times(
    values: NDArray[np.float64], points: NDArray[np.float64], thresholds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return when each course first is at a threshold or above it.

    Args:
        values: ``(n, P)`` courses.
        points: ``(P,)`` points they run along.
        thresholds: ``(L,)`` values to reach. What differs by rounding alone counts as reached.

    Returns:
        ``(L, n)`` times; infinite where it was not reached.
    """
    slack = 1e-9 * np.maximum(1.0, np.abs(thresholds))
    above = values[None] >= (thresholds - slack)[:, None, None]
    return np.where(above.any(axis=-1), points[above.argmax(axis=-1)], np.inf)


def median_times(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first time by which half have arrived, infinite where fewer do.

    Args:
        times: ``(..., n)``, infinite where the threshold was not reached; one or more.

    Returns:
        ``(...)``.
    """
    return np.asarray(np.sort(times, axis=-1)[..., (times.shape[-1] + 1) // 2 - 1])


def restricted_mean_times(times: NDArray[np.float64], horizon: float) -> NDArray[np.float64]:
    """Return the mean time up to a horizon, where whoever arrives later counts as the horizon.

    Where some do, it is a lower bound of the mean.

    Args:
        times: ``(..., n)``, infinite where the threshold was not reached.
        horizon: Where all are censored, in units of the times.

    Returns:
        ``(...)``, at most the horizon.
    """
    return np.asarray(np.minimum(times, horizon).mean(axis=-1))
