"""Rates over several repeats, the contenders taking turns so that drift hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rlnas.errors import InvalidArgumentError


@dataclass(frozen=True)
class Contender:
    """Something whose steps are counted.

    Attributes:
        name: What is measured.
        num_envs: Environments stepped together.
        run: Does one indivisible piece of work and returns the environment steps it took.
        warm_up: Done once before anything is measured; one piece of work by default.
    """

    name: str
    num_envs: int
    run: Callable[[], int]
    warm_up: Callable[[], object] | None = None


@dataclass(frozen=True)
class Rate:
    """Steps per second of one contender.

    Attributes:
        name: What was measured.
        num_envs: Environments stepped together.
        repeats: Steps per second of each repeat.
    """

    name: str
    num_envs: int
    repeats: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the repeats, steps per second."""
        return statistics.median(self.repeats)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able row."""
        return {
            "name": self.name,
            "num_envs": self.num_envs,
            "steps_per_second": {
                "median": self.median,
                "min": min(self.repeats),
                "max": max(self.repeats),
                "repeats": list(self.repeats),
            },
        }


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
        Rate(contender.name, contender.num_envs, tuple(rate))
        for contender, rate in zip(contenders, rates, strict=True)
    ]


def _steps_per_second(contender: Contender, seconds: float) -> float:
    steps, start = 0, time.perf_counter()
    while True:
        steps += contender.run()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return steps / elapsed
