"""Training one controller, many in one batch, and as many one after the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rlnas.agents import PPOController
from rlnas.bench.machine import available_cores, torch_threads
from rlnas.bench.measures.timing import spread, time_in_turns
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

_TOO_SLOW = 3.0
"""A number of threads with which one rollout takes this many times as long is left out. More
threads than free cores can be twenty times as slow, and that would be minutes of measuring."""

_NOT_RUN: dict[str, Any] = {"median": None, "min": None, "max": None, "repeats": []}


def measure_seeds(
    task: TabularTask,
    count: int = 10,
    *,
    steps: int = 100_000,
    threads: Sequence[int] | None = None,
    repeats: int = 3,
    seed: int = 0,
    device: str = "cpu",
) -> dict[str, Any]:
    """Measure how long training takes by the public methods, from nothing to a trained controller.

    The three ways are one controller (``one``), ``count`` in one batch (``batch``) and ``count``
    one after the other (``serial``). All are really run, and they take turns; so do the numbers
    of threads. The tables of the task are built anew for each training and charged to it. Before
    anything is measured, one controller and the batch are trained for a rollout with each number
    of threads.

    Args:
        task: A source task.
        count: Controllers in the batch and one after the other.
        steps: Environment steps of each controller, which has the default configuration.
        threads: Numbers of PyTorch's threads to try; 1 and all cores by default. A number with
            which a rollout takes 3 times as long as with another is left out.
        repeats: Repeats of each way with each number of threads.
        seed: Seed of the first controller.
        device: ``cpu`` or ``cuda``.

    Returns:
        JSON-able:

        * ``task``, ``count``, ``steps``, ``device``;
        * ``threads``: a row for each number of threads with ``threads``, ``rollout_seconds`` (of
          one controller in the warm-up) and ``one``, ``batch`` and ``serial``: wall seconds as
          median, minimum, maximum and all repeats; None and no repeats where that was not run;
        * ``best``: for each way the ``threads`` with the least median, and its ``seconds``;
        * ``ratio``: seconds of the batch by those of one, each with the threads that suit it best;
        * ``speedup``: seconds one after the other by those of the batch, likewise.

    Raises:
        InvalidArgumentError: If a number is not positive.
    """
    chosen = tuple(dict.fromkeys((1, available_cores()) if threads is None else threads))
    if min(count, steps, repeats, *chosen, len(chosen)) < 1:
        raise InvalidArgumentError(
            f"count is {count}, steps is {steps}, repeats is {repeats}, threads are {chosen}; "
            "expected positive numbers and one number of threads or more."
        )
    train = partial(_train, task, device=device)
    seeds = range(seed, seed + count)
    probes = {number: _probe(train, seeds, number) for number in chosen}
    measured = [n for n in chosen if probes[n] <= _TOO_SLOW * min(probes.values())]
    jobs: dict[tuple[str, int], Callable[[], object]] = {}
    for number in measured:
        jobs["one", number] = partial(train, [[seed]], steps, threads=number)
        jobs["batch", number] = partial(train, [seeds], steps, threads=number)
        jobs["serial", number] = partial(train, [[s] for s in seeds], steps, threads=number)
    seconds = time_in_turns(jobs, repeats, device=device)
    ways = ("one", "batch", "serial")
    best = {way: _best(way, seconds) for way in ways}
    return {
        "task": task.name,
        "count": count,
        "steps": steps,
        "device": device,
        "threads": [
            {
                "threads": number,
                "rollout_seconds": probes[number],
                **{
                    way: spread(seconds[way, number]) if (way, number) in seconds else _NOT_RUN
                    for way in ways
                },
            }
            for number in chosen
        ],
        "best": best,
        "ratio": best["batch"]["seconds"] / best["one"]["seconds"],
        "speedup": best["serial"]["seconds"] / best["batch"]["seconds"],
    }


def _train(
    task: TabularTask,
    batches: Sequence[Sequence[int]],
    steps: int,
    *,
    threads: int,
    device: str,
) -> None:
    """Train batches of seeds one after the other."""
    with torch_threads(threads):
        for seeds in batches:
            if len(seeds) == 1:
                PPOController.train(task, steps, seeds[0], engine="device", device=device)
            else:
                PPOController.train_many([task], steps, seeds, device=device)


def _probe(train: Callable[..., None], seeds: Sequence[int], threads: int) -> float:
    """Warm up and return the seconds of the shortest training of one controller."""
    train([seeds], 1, threads=threads)
    train([seeds[:1]], 1, threads=threads)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        train([seeds[:1]], 1, threads=threads)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _best(way: str, seconds: Mapping[tuple[str, int], Sequence[float]]) -> dict[str, Any]:
    medians = {n: statistics.median(times) for (w, n), times in seconds.items() if w == way}
    number = min(medians, key=lambda n: medians[n])
    return {"threads": number, "seconds": medians[number]}
