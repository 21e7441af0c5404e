"""After how many targets pretraining has paid for itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.resampling import percentile_interval


def returns(
    unit: str,
    saved: NDArray[np.float64],
    resampled: NDArray[np.float64],
    *,
    invested: float,
    hours: float,
    level: float,
    known: bool,
) -> dict[str, float]:
    """Return savings and break-even in a unit, with intervals if any are ``known``.

    Args:
        unit: ``queries`` or ``seconds``.
        saved: ``(1,)`` what is saved on a target.
        resampled: ``(resamples,)`` the same of each resample.
        invested: What pretraining cost, in the unit.
        hours: GPU hours of a second.
        level: Coverage of the intervals.
        known: Whether resampling says anything.
    """
    low, high = percentile_interval(resampled, level) if known else (np.nan, np.nan)
    ends = np.array([saved[0], low, high], dtype=np.float64)
    found = {f"{unit}_saved": ends}
    if unit == "seconds":
        found["gpu_hours_saved"] = ends * hours
    # The more is saved, the earlier it pays: the ends of the one are those of the other.
    found[f"break_even_{unit}"] = break_even(invested, ends[[0, 2, 1]])
    return {
        f"{name}{suffix}": float(value)
        for name, values in found.items()
        for suffix, value in zip(("", "_low", "_high"), values, strict=True)
    }


def break_even(invested: float, saved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return after how many targets what was saved is at least what was invested.

    Args:
        invested: What pretraining cost, 0 or more.
        saved: What is saved on each target, in the same unit.

    Returns:
        Whole numbers, shaped as ``saved``: 0 where nothing was invested, infinite where nothing is
        saved, NaN where either is unknown.
    """
    if invested == 0:
        return np.where(np.isnan(saved), np.nan, 0.0)
    pays = saved > 0
    targets = np.ceil(invested / np.where(pays, saved, 1.0) - 1e-9)
    return np.where(np.isnan(saved), np.nan, np.where(pays, targets, np.inf))
