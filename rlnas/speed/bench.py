"""One run that measures everything side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.speed.environments import environment_contenders
from rlnas.speed.learners import learner_contenders
from rlnas.speed.machine import describe_machine
from rlnas.speed.tables import measure_table_loading
from rlnas.speed.timing import Rate, race

Part = Literal["envs", "ppo", "all"]


def measure_speed(
    part: Part = "all",
    *,
    suite: str = "synthetic-micro",
    task: str | None = None,
    num_envs: int = 1024,
    seconds: float = 1.0,
    repeats: int = 3,
    seed: int = 0,
    device: str = "cpu",
    reference_rollout: int | None = None,
    on_part: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measure environment steps, PPO steps and table loading on one task.

    Args:
        part: ``envs``, ``ppo`` or ``all``.
        suite: Name of a suite.
        task: Short name of its task; the first by default.
        num_envs: Episodes of the batched environments.
        seconds: Least duration of one repeat.
        repeats: Repeats of each measurement.
        seed: Seed of everything random.
        device: Device of the learners, ``cpu`` or ``cuda``.
        reference_rollout: See `learner_contenders`.
        on_part: Called with the name of each part before it is measured.

    Returns:
        JSON-able: ``machine``, ``table``, and for each part a list of rows with median, minimum
        and maximum steps per second and how many times faster the first is than the last.

    Raises:
        InvalidArgumentError: If a number is out of range or the part is unknown.
    """
    if part not in ("envs", "ppo", "all"):
        raise InvalidArgumentError(f"Part is {part!r}; expected 'envs', 'ppo' or 'all'.")
    if num_envs < 1:
        raise InvalidArgumentError(f"num_envs is {num_envs}; expected 1 or more.")
    say = on_part or (lambda name: None)
    loaded = load_suite(suite)
    chosen = loaded[next(iter(loaded)) if task is None else task]
    say("table")
    result: dict[str, Any] = {
        "suite": suite,
        "task": chosen.name,
        "machine": describe_machine(),
        "settings": {"num_envs": num_envs, "seconds": seconds, "repeats": repeats, "seed": seed},
        "table": measure_table_loading(suite),
    }
    if part in ("envs", "all"):
        say("envs")
        contenders = environment_contenders(chosen, num_envs, seed)
        result["envs"] = _rows(race(contenders, seconds=seconds, repeats=repeats))
    if part in ("ppo", "all"):
        say("ppo")
        contenders = learner_contenders(
            chosen, device=device, seed=seed, reference_rollout=reference_rollout
        )
        result["ppo"] = _rows(race(contenders, seconds=seconds, repeats=repeats))
        result["ppo"]["device"] = device
    return result


def _rows(rates: list[Rate]) -> dict[str, Any]:
    ratio = rates[0].median / rates[-1].median
    return {"rows": [rate.to_dict() for rate in rates], "times_faster": ratio}
