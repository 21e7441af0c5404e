"""Time to quality: seconds of training until a controller is good on its own task.

Steps per second say little if the steps teach little, so this is the number that counts: training
is cut into pieces, after each of which the clock stops and the controller is judged by searches of
its own. It is good once the mean rank is at most 10 in two judgements in a row, which use other
seeds, so that luck does not count. The time is that of the first of the two.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from rlnas.bench.measures.judging import QUERIES, judge
from rlnas.bench.measures.quality_learners import (
    QualityContender,
    QualityLearner,
    quality_contenders,
)
from rlnas.bench.measures.timing import synchronise
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

RANK = 10.0
"""The mean rank to reach."""


def measure_quality(
    task: TabularTask,
    *,
    seeds: int = 5,
    searches: int = 20,
    rank: float = RANK,
    max_steps: int = 300_000,
    max_seconds: float = 300.0,
    device: str = "cpu",
    contenders: Sequence[QualityContender] | None = None,
) -> dict[str, Any]:
    """Measure how long each contender trains until it is good, over several training seeds.

    The contenders take turns within each seed. Judging is not timed; making the learner is.

    Args:
        task: The task to train and to be judged on.
        seeds: Number of trainings of each contender.
        searches: Searches of each judgement, with 50 queries each.
        rank: The mean rank to reach.
        max_steps: Steps after which a training is given up.
        max_seconds: Seconds of training after which it is given up.
        device: Device of all learners.
        contenders: What to compare; `quality_contenders` by default.

    Returns:
        JSON-able: the settings and ``rows``, one a contender, with ``key``, ``name``, ``runs`` (see
        `run_to_quality`), ``reached`` (how many runs did), ``seconds`` and ``steps`` (median, min
        and max; the median is None if half of the runs did not reach it, and min and max are
        over those that did), ``seconds_at_least`` (no less than this is the median), and
        ``times_faster``: by the key of each other contender how many times its median is, with
        ``at_least`` true if only a bound is known, None if not even that.

    Raises:
        InvalidArgumentError: If a number is out of range.
    """
    if min(seeds, searches, max_steps) < 1 or not max_seconds > 0 or not rank >= 1:
        raise InvalidArgumentError(
            f"seeds is {seeds}, searches {searches}, max_steps {max_steps}, max_seconds "
            f"{max_seconds}, rank {rank}; expected 1 or more of each and more than 0 seconds."
        )
    chosen = quality_contenders(task, device=device) if contenders is None else list(contenders)
    for contender in chosen:
        contender.warm_up()
    runs: dict[str, list[dict[str, Any]]] = {contender.key: [] for contender in chosen}
    for seed in range(seeds):
        for contender in chosen:
            run = run_to_quality(
                partial(contender.begin, seed),
                lambda learner, number: judge(learner.controller(), task, searches, (number,)),
                stride=contender.stride,
                rank=rank,
                max_steps=max_steps,
                max_seconds=max_seconds,
                wait=lambda: synchronise(device),
            )
            runs[contender.key].append({"seed": seed, **run})
    rows = [
        {"key": contender.key, "name": contender.name, **summarise_runs(runs[contender.key])}
        for contender in chosen
    ]
    for row in rows:
        row["times_faster"] = {
            other["key"]: times_faster(row, other) for other in rows if other is not row
        }
    return {
        "rank": rank,
        "queries": QUERIES,
        "searches": searches,
        "seeds": seeds,
        "max_steps": max_steps,
        "max_seconds": max_seconds,
        "device": device,
        "rows": rows,
    }


def run_to_quality(
    begin: Callable[[], QualityLearner],
    judged: Callable[[QualityLearner, int], float],
    *,
    stride: int,
    rank: float,
    max_steps: int,
    max_seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    wait: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Train until two judgements in a row are good, or until steps or seconds run out.

    A training whose last judgement within the limits is its first good one may go on to the next.

    Args:
        begin: Makes the learner, on the clock.
        judged: Returns the mean rank of a learner; called with the number of the judgement, off
            the clock.
        stride: Steps between two judgements.
        rank: The largest mean rank that is good.
        max_steps: Steps after which the training is given up.
        max_seconds: Seconds of training after which it is given up.
        clock: Seconds that pass.
        wait: Waits for the device; called before the clock is read.

    Returns:
        ``reached``; ``seconds`` and ``steps`` of training until then, or all of them if it was
        not reached; ``trajectory``: steps, seconds and mean rank of each judgement.
    """
    start = clock()
    learner = begin()
    wait()
    seconds = clock() - start
    trajectory: list[dict[str, float]] = []
    good = False
    while True:
        start = clock()
        learner.learn(learner.steps + stride)
        wait()
        seconds += clock() - start
        found = judged(learner, len(trajectory))
        trajectory.append({"steps": learner.steps, "seconds": seconds, "rank": found})
        if good and found <= rank:
            first = trajectory[-2]
            return {
                "reached": True,
                "seconds": first["seconds"],
                "steps": int(first["steps"]),
                "trajectory": trajectory,
            }
        good = found <= rank
        if not good and (learner.steps >= max_steps or seconds >= max_seconds):
            return {
                "reached": False,
                "seconds": seconds,
                "steps": learner.steps,
                "trajectory": trajectory,
            }


def summarise_runs(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return medians over runs of which some may have been given up, see `measure_quality`."""
    reached = [run for run in runs if run["reached"]]
    return {
        "reached": len(reached),
        "seconds": _summary(runs, reached, "seconds"),
        "seconds_at_least": statistics.median_low(run["seconds"] for run in runs),
        "steps": _summary(runs, reached, "steps"),
        "runs": list(runs),
    }


def _summary(
    runs: Sequence[dict[str, Any]], reached: Sequence[dict[str, Any]], what: str
) -> dict[str, float | None]:
    values = [run[what] for run in reached]
    return {
        "median": _censored_median(
            [float(run[what]) for run in runs], [not run["reached"] for run in runs]
        ),
        "min": min(values, default=None),
        "max": max(values, default=None),
    }


def _censored_median(values: list[float], censored: list[bool]) -> float | None:
    """Return the least value by which the Kaplan-Meier estimate is that half have reached it."""
    from scipy import stats

    if all(censored):  # there is no event to estimate from
        return None
    data = stats.CensoredData.right_censored(values, censored)
    distribution = stats.ecdf(data).cdf
    at = np.flatnonzero(distribution.probabilities >= 0.5)
    return float(distribution.quantiles[at[0]]) if len(at) else None


def times_faster(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    """Return how many times as long as ``row`` the other takes, by their medians.

    Returns:
        ``ratio`` and ``at_least``, which is true where the other was given up too often for a
        median, so that the ratio is a lower bound; None where ``row`` itself has no median.
    """
    own, theirs = row["seconds"]["median"], other["seconds"]["median"]
    if own is None or not own > 0:
        return None
    if theirs is None:
        return {"ratio": other["seconds_at_least"] / own, "at_least": True}
    return {"ratio": theirs / own, "at_least": False}
