"""Stratified bootstrap over seeds, and over tasks.

Each sample (the seeds of one cell) is resampled on its own, so that every task keeps its seeds
(Agarwal et al., NeurIPS 2021, "Deep RL at the edge of the statistical precipice", section 4.1 and
appendix A.3). Whole tasks can be resampled on top: then an interval speaks of tasks like these, and
not of these tasks alone. A sample's resamples follow from its name, so an interval does not depend
on what else is measured beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

RESAMPLES = 1000
"""Number of resamples unless told otherwise."""


_LONG = 500  # beyond it, to find the quartiles is quicker than to sort


def check_level(level: float, resamples: int) -> None:
    """Raise `InvalidArgumentError` unless ``level`` is in (0, 1) and there are resamples."""
    if not 0 < level < 1:
        raise InvalidArgumentError(f"level is {level}; expected a coverage in (0, 1), e.g. 0.95.")
    if resamples < 1:
        raise InvalidArgumentError(f"resamples is {resamples}; expected 1 or more, e.g. 1000.")


def resample(n: int, resamples: int, seed: int, *path: str | int) -> NDArray[np.int64]:
    """Return ``(resamples, n)`` indices into a sample of ``n``, drawn with replacement.

    Args:
        n: Size of the sample, 1 or more.
        resamples: Number of resamples.
        seed: Seed of all resampling.
        path: What names the sample.
    """
    return generator(seed, "stratified-bootstrap", *path).integers(0, n, (resamples, n))


def occurrences(indices: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return ``(resamples, n)``: how often each of the ``n`` values is in each resample."""
    resamples, n = indices.shape
    flat = (indices + n * np.arange(resamples)[:, None]).ravel()
    return np.bincount(flat, minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def interquartile_means_of_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the interquartile mean along the last axis, NaN left out.

    It is `rlnas.statistics.samples.interquartile_mean` of what is no NaN in each row.

    Args:
        values: ``(..., n)``.

    Returns:
        ``(...)``; NaN where a row holds nothing.
    """
    n = values.shape[-1]
    if not n:
        return np.full(values.shape[:-1], np.nan)
    if not np.isnan(values).any():
        cut = int(0.25 * n)
        if n > _LONG:
            ordered = np.partition(values, (cut, n - cut - 1), axis=-1)
        else:
            ordered = np.sort(values, axis=-1)
        return np.asarray(ordered[..., cut : n - cut].mean(axis=-1))
    ordered = np.sort(values, axis=-1)  # NaN last
    known = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., None]
    cut = (0.25 * known).astype(np.int64)
    place = np.arange(n)
    kept = (place >= cut) & (place < known - cut)
    total = np.where(kept, ordered, 0.0).sum(axis=-1)
    count = kept.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def percentile_interval(
    distribution: NDArray[np.float64], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the percentile interval along the last axis of ``(..., resamples)``.

    Resamples may be infinite, so that an end may be; a NaN among them makes both ends NaN, because
    to leave it out would be to choose among the resamples.
    """
    tail = (1 - level) / 2
    # Between order statistics there is nothing to interpolate where one of them is infinite.
    method: Any = "linear" if np.isfinite(distribution).all() else "inverted_cdf"
    low, high = np.quantile(distribution, [tail, 1 - tail], axis=-1, method=method)
    unknown = np.isnan(distribution).any(axis=-1)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def task_draws(tasks: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return ``(resamples, tasks)``: which tasks are in each resample."""
    return resample(tasks, resamples, seed, "tasks")


def by_task(
    values: Sequence[NDArray[np.float64]],
    task_of: Sequence[int],
    draws: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return ``(resamples, entries)``: what the tasks of each resample hold, NaN padded.

    Args:
        values: One array ``(resamples,)`` an entry.
        task_of: The task of each entry; tasks are counted from 0.
        draws: ``(resamples, tasks)``, as `task_draws` gives it; None to have each task once.
    """
    if draws is None:
        return np.ascontiguousarray(np.array(values).T)
    held = np.bincount(np.asarray(task_of, dtype=np.int64), minlength=draws.shape[1])
    table = np.full((len(draws), len(held), held.max()), np.nan)
    filled = [0] * len(held)
    for value, task in zip(values, task_of, strict=True):
        table[:, task, filled[task]] = value
        filled[task] += 1
    return np.take_along_axis(table, draws[:, :, None], axis=1).reshape(len(draws), -1)


def mean_of_rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean along the last axis, NaN left out, and NaN where a row holds nothing."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, values, 0).sum(-1) / np.maximum(count, 1), np.nan)


def resampled_rows(
    values: NDArray[np.float64], uniform: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return resamples of rows of unequal lengths, each of its own length.

    Args:
        values: ``(..., n)``; NaN stands after the last value of a row, and nowhere else.
        uniform: ``(resamples, ..., n)`` random numbers in [0, 1).

    Returns:
        ``(resamples, ..., n)``, NaN after the last value of a row.
    """
    known = np.count_nonzero(~np.isnan(values), axis=-1)[..., None]
    values, place = np.broadcast_to(values, uniform.shape), (uniform * known).astype(np.int64)
    drawn = np.take_along_axis(values, place, axis=-1)
    return np.where(np.arange(values.shape[-1]) < known, drawn, np.nan)


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
