"""Rates and durations over several repeats, the contenders taking turns so that drift hits all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rlnas.errors import InvalidArgumentError

Key = TypeVar("Key")


@dataclass(frozen=True)
class Contender:
    """Something whose steps are counted.

    Attributes:
        name: What is measured.
        num_envs: Environments stepped together.
        run: Does one indivisible piece of work and returns the environment steps it took.
        warm_up: Done once before anything is measured; one piece of work by default.
        key: Short name that stays the same between versions, for figures and tests.
        device: Where it works; a clock is read when that device has finished.
    """

    name: str
    num_envs: int
    run: Callable[[], int]
    warm_up: Callable[[], object] | None = None
    key: str = ""
    device: str = "cpu"


@dataclass(frozen=True)
class Rate:
    """Steps per second of one contender.

    Attributes:
        name: What was measured.
        num_envs: Environments stepped together.
        repeats: Steps per second of each repeat.
        key: See `Contender`.
        device: See `Contender`.
    """

    name: str
    num_envs: int
    repeats: tuple[float, ...]
    key: str = ""
    device: str = "cpu"

    @property
    def median(self) -> float:
        """Median of the repeats, steps per second."""
        return statistics.median(self.repeats)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able row."""
        return {
            "key": self.key,
            "name": self.name,
            "device": self.device,
            "num_envs": self.num_envs,
            "steps_per_second": spread(self.repeats),
        }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return a JSON-able dict of ``median``, ``min``, ``max`` and all ``repeats``."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "repeats": list(values),
    }


def synchronise(device: str) -> None:
    """Wait until a CUDA device has done all it was asked for; on the CPU that is already so."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize(device)


def race(contenders: Sequence[Contender], *, seconds: float, repeats: int) -> list[Rate]:
    """Measure contenders in turns, after a warm-up of each.

    Args:
        contenders: What to measure.
        seconds: Least duration of one repeat; a piece of work that began is finished.
        repeats: Repeats of each contender.

    Raises:
        InvalidArgumentError: If ``seconds`` or ``repeats`` is not positive.
    """
    if not seconds > 0 or repeats < 1:
        raise InvalidArgumentError(
            f"seconds is {seconds} and repeats is {repeats}; expected more than 0 and at least 1."
        )
    for contender in contenders:
        (contender.warm_up or contender.run)()
    rates: list[list[float]] = [[] for _ in contenders]
    for _ in range(repeats):
        for contender, rate in zip(contenders, rates, strict=True):
            rate.append(_steps_per_second(contender, seconds))
    return [
        Rate(contender.name, contender.num_envs, tuple(rate), contender.key, contender.device)
        for contender, rate in zip(contenders, rates, strict=True)
    ]


def _steps_per_second(contender: Contender, seconds: float) -> float:
    synchronise(contender.device)
    steps, start = 0, time.perf_counter()
    while True:
        steps += contender.run()
        synchronise(contender.device)
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return steps / elapsed


def compare(rates: Sequence[Rate]) -> dict[str, Any]:
    """Return what a race found, JSON-able.

    Returns:
        ``rows``, one for each rate (see `Rate.to_dict`), and ``times_faster``: by key of every
        other row, how many times its median the first row's is.
    """
    first, *others = rates
    return {
        "rows": [rate.to_dict() for rate in rates],
        "times_faster": {rate.key: first.median / rate.median for rate in others},
    }


def time_in_turns(
    jobs: Mapping[Key, Callable[[], object]], repeats: int, *, device: str = "cpu"
) -> dict[Key, list[float]]:
    """Return the seconds of each repeat of each job; nothing is warmed up.

    Args:
        jobs: What to measure, by a name or number of it.
        repeats: How often.
        device: Where the jobs work.

    Raises:
        InvalidArgumentError: If ``repeats`` is not positive.
    """
    if repeats < 1:
        raise InvalidArgumentError(f"repeats is {repeats}; expected at least 1.")
    seconds: dict[Key, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            gc.collect()  # so that nobody pays for what the one before left behind
            synchronise(device)
            start = time.perf_counter()
            job()
            synchronise(device)
            seconds[name].append(time.perf_counter() - start)
    return seconds
