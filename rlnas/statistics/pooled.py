"""Claims over several tasks: a statistic of the runs of all tasks, by stratified bootstrap.

Agarwal et al. (NeurIPS 2021, sections 4.1 to 4.3). See `rlnas.statistics.bootstrap` for what is
resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import (
    RESAMPLES,
    by_task,
    check_level,
    interquartile_means_of_rows,
    mean_of_rows,
    occurrences,
    percentile_interval,
    resample,
    task_draws,
)
from rlnas.statistics.intervals import Interval

Over = Literal["runs", "tasks"]
"""``runs``: the interquartile mean of all runs; ``tasks``: the mean of the tasks' own."""


def stratified_interval(
    samples: Sequence[ArrayLike],
    *,
    over: Over = "runs",
    resample_tasks: bool = False,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return an interquartile mean over the runs of several tasks, with its interval.

    Args:
        samples: ``(n,)`` values of each task, one a run, comparable between tasks; NaN is left out.
        over: ``runs`` for the interquartile mean of the runs of all tasks (Agarwal et al.), which
            leaves out the worst quarter; ``tasks`` for the mean over tasks of each one's
            interquartile mean, in which every task counts.
        resample_tasks: Resample whole tasks as well.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        The interval; its ``n`` is the number of runs. There are no ends (NaN) where no task has
        two runs and tasks are not resampled.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1), or a task has no value.
    """
    check_level(level, resamples)
    values = _known(samples)
    drawn = [resample(len(v), resamples, seed, i) for i, v in enumerate(values)]
    draws = task_draws(len(values), resamples, seed) if resample_tasks else None
    estimate = _pooled([v[None] for v in values], over, None)
    distribution = _pooled([v[i] for v, i in zip(values, drawn, strict=True)], over, draws)
    runs = sum(map(len, values))
    told = resample_tasks or any(len(v) > 1 for v in values)
    return _interval(float(estimate[0]), distribution, runs, level, told=told)


def improvement_interval(
    samples: Sequence[ArrayLike],
    baselines: Sequence[ArrayLike],
    *,
    resample_tasks: bool = False,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return the probability that a run beats one of the baseline on the same task.

    It is the mean over tasks of P(value > value of the baseline), ties counted half (Agarwal et al.
    2021, section 4.3; Mann and Whitney's U of each task). Above 0.5 the method is the better one.

    Args:
        samples: ``(n,)`` values of each task, larger is better; NaN is left out.
        baselines: ``(m,)`` values of the baseline on each task; NaN is left out.
        resample_tasks: Resample whole tasks as well.
        level: Coverage, in (0, 1).
        seed: Seed of the resampling.
        resamples: Number of resamples.

    Returns:
        The interval; its ``n`` is the number of runs of ``samples``.

    Raises:
        InvalidArgumentError: If ``level`` is outside (0, 1), a task has no value, or the two are of
            different numbers of tasks.
    """
    check_level(level, resamples)
    if len(samples) != len(baselines):
        raise InvalidArgumentError(
            f"There are {len(samples)} tasks and {len(baselines)} baselines; expected one each."
        )
    own, base = _known(samples), _known(baselines)
    estimates, distributions = [], []
    for task, (x, y) in enumerate(zip(own, base, strict=True)):
        wins = (x[:, None] > y) + 0.5 * (x[:, None] == y)
        times = occurrences(resample(len(x), resamples, seed, task))
        against = occurrences(resample(len(y), resamples, seed, "baseline", task))
        estimates.append(wins.mean())
        distributions.append(((times @ wins) * against).sum(axis=1) / wins.size)
    draws = task_draws(len(own), resamples, seed) if resample_tasks else None
    distribution = mean_of_rows(by_task(distributions, range(len(own)), draws))
    told = resample_tasks or any(min(len(x), len(y)) > 1 for x, y in zip(own, base, strict=True))
    runs = sum(map(len, own))
    return _interval(float(np.mean(estimates)), distribution, runs, level, told=told)


def _known(samples: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    arrays = [np.asarray(sample, dtype=np.float64).ravel() for sample in samples]
    arrays = [array[~np.isnan(array)] for array in arrays]
    if not arrays or not all(map(len, arrays)):
        raise InvalidArgumentError(
            "A task has no value; expected one run or more of every task. Leave the task out, and "
            "say so."
        )
    return arrays


def _pooled(
    resampled: Sequence[NDArray[np.float64]], over: Over, draws: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    """Return the statistic of each resample, from ``(resamples, n)`` values of each task."""
    if over == "tasks":
        means = [interquartile_means_of_rows(values) for values in resampled]
        return mean_of_rows(by_task(means, range(len(means)), draws))
    runs = [run for values in resampled for run in values.T]
    task_of = [task for task, values in enumerate(resampled) for _ in values.T]
    return interquartile_means_of_rows(by_task(runs, task_of, draws))


def _interval(
    estimate: float, distribution: NDArray[np.float64], n: int, level: float, *, told: bool
) -> Interval:
    if not told:
        return Interval(estimate, np.nan, np.nan, n, level, "one run a task: no interval")
    low, high = percentile_interval(distribution, level)
    return Interval(estimate, float(low), float(high), n, level)
