"""Times to a threshold that some searches did not reach: right-censored data.

A mean over the searches that succeeded is biased, since it leaves out the slow ones. The
Kaplan–Meier estimate of the share still waiting uses them all; its area up to a horizon is the
restricted mean time (Royston and Parmar, BMC Medical Research Methodology 2013), which needs no
search to succeed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError


def median_time(times: ArrayLike, reached: ArrayLike) -> float:
    """Return the first time by which half have reached the threshold, by Kaplan–Meier.

    Args:
        times: ``(n,)`` time of reaching it, or of giving up.
        reached: ``(n,)`` whether it was reached.

    Returns:
        The median; infinite where it lies beyond what was observed, NaN without a time.

    Raises:
        InvalidArgumentError: If the two differ in length or a time is NaN.
    """
    waited, done = _checked(times, reached)
    if not len(waited):
        return float("nan")
    if not done.any():
        return float("inf")
    waiting = _waiting(waited, done)
    at = np.flatnonzero(waiting.probabilities <= 0.5)
    return float(waiting.quantiles[at[0]]) if len(at) else float("inf")


def restricted_mean_time(times: ArrayLike, reached: ArrayLike, horizon: float) -> float:
    """Return the mean time to the threshold up to a horizon: the area under Kaplan–Meier.

    Whoever has not reached it by the horizon counts as the horizon, so where some have not it is a
    lower bound of the mean. Beyond the last time observed the share still waiting is taken to stay
    as it is.

    Args:
        times: ``(n,)`` time of reaching it, or of giving up.
        reached: ``(n,)`` whether it was reached.
        horizon: Up to where, in units of the times.

    Returns:
        At most the horizon; NaN without a time.

    Raises:
        InvalidArgumentError: If the two differ in length or a time is NaN.
    """
    waited, done = _checked(times, reached)
    if not len(waited):
        return float("nan")
    if not done.any():
        return float(horizon)
    waiting = _waiting(waited, done)
    within = waiting.quantiles < horizon
    ends = np.concatenate([[0.0], waiting.quantiles[within], [horizon]])
    shares = np.concatenate([[1.0], waiting.probabilities[within]])
    return float((np.diff(ends) * shares).sum())


def first_times(
    values: NDArray[np.float64],
    points: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    hold: int = 1,
) -> NDArray[np.float64]:
    """Return when each course first is at a threshold or above it.

    Args:
        values: ``(n, P)`` courses.
        points: ``(P,)`` points they run along.
        thresholds: ``(L,)`` values to reach. What differs by rounding alone counts as reached.
        hold: For how many successive points it has to stay; the time is the first of them.

    Returns:
        ``(L, n)`` times; infinite where it was not reached.

    Raises:
        InvalidArgumentError: If ``hold`` is not positive.
    """
    if hold < 1:
        raise InvalidArgumentError(f"hold is {hold}; expected 1 point or more.")
    if hold > values.shape[1]:
        return np.full((len(thresholds), len(values)), np.inf)
    slack = 1e-9 * np.maximum(1.0, np.abs(thresholds))
    above = values[None] >= (thresholds - slack)[:, None, None]
    stays = np.lib.stride_tricks.sliding_window_view(above, hold, axis=-1).all(axis=-1)
    return np.where(stays.any(axis=-1), points[stays.argmax(axis=-1)], np.inf)


def _checked(times: ArrayLike, reached: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    waited, done = np.asarray(times, dtype=np.float64), np.asarray(reached, dtype=np.bool_)
    if waited.shape != done.shape or waited.ndim != 1:
        raise InvalidArgumentError(
            f"There are times {waited.shape} and flags {done.shape}; expected one flag a time."
        )
    if np.isnan(waited).any():
        raise InvalidArgumentError(
            "A time is NaN. Give the time at which the search ended, and say it was not reached."
        )
    return waited, done


def _waiting(times: NDArray[np.float64], reached: NDArray[np.bool_]) -> Any:
    """Return the Kaplan–Meier estimate of the share that has not reached it yet."""
    from scipy import stats

    return stats.ecdf(stats.CensoredData.right_censored(times, ~reached)).sf
