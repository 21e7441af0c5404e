"""Learning curves of both engines at equal steps: is the faster one the same learner?

Each engine trains as many controllers with the same seeds, which give the same initial weights but
other episodes, and is looked at after the same steps. Interquartile means with bootstrap intervals
say whether one curve lies within what the seeds of the other explain.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.agents import ControllerConfig, Engine, PPOController
from rlnas.agents.engine.trainer import DeviceTrainer
from rlnas.agents.sb3.trainer import PPOTrainer
from rlnas.bench.measures.judging import QUERIES, judge
from rlnas.envs import TableScorer, make_core
from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import difference_interval
from rlnas.statistics.describe import describe, describe_ranks
from rlnas.tasks import TabularTask

RANK = "rank"
"""The measure whose values are ranks, so that its intervals are on a logarithmic scale."""

MEASURES = {
    "return": "return of the last 100 episodes",
    "score": "normalised score of the last architecture of the last 100 episodes",
    RANK: f"mean rank found with {QUERIES} queries",
}
"""What is read off at each checkpoint."""

_ENGINES: tuple[Engine, ...] = ("device", "sb3")

Readings = dict[str, list[float]]
"""One entry a controller for each measure."""


@dataclass(frozen=True)
class _Plan:
    count: int
    searches: int
    checkpoints: list[int]


def measure_curves(
    task: TabularTask,
    *,
    count: int = 10,
    steps: int = 60_000,
    points: int = 6,
    searches: int = 5,
    device: str = "cpu",
) -> dict[str, Any]:
    """Train the default configuration with both engines and compare their curves.

    Args:
        task: The task to train and to be judged on.
        count: Controllers of each engine.
        steps: Steps of each.
        points: Checkpoints, evenly spread; each is at the first rollout's end that reaches it.
        searches: Searches of each judgement.
        device: Device of both engines.

    Returns:
        JSON-able: the settings; ``steps``, the checkpoints; ``measures``: for each of `MEASURES`
        ``engines`` (``values`` a list of one value a controller for each checkpoint, and ``iqm``,
        ``low``, ``high`` at each), ``inside`` (at each checkpoint, whether each engine's
        interquartile mean lies in the other's 95 % interval), and ``whole``: the same for each
        controller's mean over all checkpoints, with ``difference``, device less sb3, and its
        interval.

    Raises:
        InvalidArgumentError: If a number is out of range.
    """
    if min(count, searches, points) < 1 or steps < points:
        raise InvalidArgumentError(
            f"count is {count}, searches {searches}, points {points}, steps {steps}; expected 1 or "
            "more of each and at least one step a point."
        )
    config = ControllerConfig()
    plan = _Plan(count, searches, [steps * (i + 1) // points for i in range(points)])
    read: dict[Engine, list[Readings]] = {
        "device": list(_device_readings(plan, task, config, device)),
        "sb3": _sb3_readings(plan, task, config, device),
    }
    return {
        "count": count,
        "searches": searches,
        "queries": QUERIES,
        "device": device,
        "steps": plan.checkpoints,
        "measures": {
            measure: compare_curves(
                *(np.array([point[measure] for point in read[engine]]) for engine in _ENGINES),
                ranks=measure == RANK,
            )
            for measure in MEASURES
        },
    }


def compare_curves(
    device: NDArray[np.float64], sb3: NDArray[np.float64], *, ranks: bool = False
) -> dict[str, Any]:
    """Return what `measure_curves` says of one measure.

    Args:
        device: ``(points, controllers)`` values of the device engine.
        sb3: The same of the reference engine.
        ranks: Whether the values are ranks, see `describe_ranks`.
    """
    tell = describe_ranks if ranks else describe
    engines: dict[str, dict[str, Any]] = {}
    for engine, values in zip(_ENGINES, (device, sb3), strict=True):
        described = [tell(point) for point in values]
        engines[engine] = {
            "values": values.tolist(),
            **{key: [d[key] for d in described] for key in ("iqm", "low", "high")},
        }
    inside = [
        {
            engine: _within(engines[engine]["iqm"][i], engines[other], i)
            for engine, other in zip(_ENGINES, reversed(_ENGINES), strict=True)
        }
        for i in range(len(device))
    ]
    means = {"device": device.mean(axis=0), "sb3": sb3.mean(axis=0)}
    whole = {engine: {"values": m.tolist(), **tell(m)} for engine, m in means.items()}
    apart = difference_interval(means["device"], means["sb3"])
    return {
        "engines": engines,
        "inside": inside,
        "whole": {
            "engines": whole,
            "inside": {
                engine: bool(whole[other]["low"] <= whole[engine]["iqm"] <= whole[other]["high"])
                for engine, other in zip(_ENGINES, reversed(_ENGINES), strict=True)
            },
            "difference": {
                "iqm": apart.estimate,
                "low": apart.low,
                "high": apart.high,
                "excludes_zero": apart.excludes_zero,
            },
        },
    }


def _within(estimate: float, other: dict[str, Any], point: int) -> bool:
    return bool(other["low"][point] <= estimate <= other["high"][point])


def _device_readings(
    plan: _Plan, task: TabularTask, config: ControllerConfig, device: str
) -> Iterator[Readings]:
    """Yield the readings of all controllers at each checkpoint; they train in one batch."""
    many = [PPOController(task.space, config, seed=seed) for seed in range(plan.count)]
    with tempfile.TemporaryDirectory(prefix="rlnas-bench-") as folder:
        trainer = DeviceTrainer(
            [controller.network for controller in many],
            config.environment,
            [[task]] * plan.count,
            config.ppo,
            seeds=range(plan.count),
            device=device,
            # Episodes are only counted where somebody wants to see them.
            log_dirs=[Path(folder) / str(seed) for seed in range(plan.count)],
        )
        for point, until in enumerate(plan.checkpoints):
            trainer.learn(until)
            scalars = [trainer.means.scalars(k) for k in range(plan.count)]
            yield {
                "return": [s.get("rollout/ep_rew_mean", float("nan")) for s in scalars],
                "score": [s.get("rollout/ep_score_mean", float("nan")) for s in scalars],
                "rank": [judge(c, task, plan.searches, (k, point)) for k, c in enumerate(many)],
            }


def _sb3_readings(
    plan: _Plan, task: TabularTask, config: ControllerConfig, device: str
) -> list[Readings]:
    """Return the readings of all controllers at each checkpoint; they train one by one."""
    readings: list[Readings] = [{measure: [] for measure in MEASURES} for _ in plan.checkpoints]
    for seed in range(plan.count):
        controller = PPOController(task.space, config, seed=seed)
        core = make_core(TableScorer(task, config.environment.normaliser), config.environment)
        trainer = PPOTrainer(controller.network, core, config.ppo, seed=seed, device=device)
        for point, (until, reading) in enumerate(zip(plan.checkpoints, readings, strict=True)):
            trainer.learn(until)
            episodes = list(trainer.model.ep_info_buffer or ())
            reading["return"].append(_mean([episode["r"] for episode in episodes]))
            reading["score"].append(_mean([episode["score"] for episode in episodes]))
            reading["rank"].append(judge(controller, task, plan.searches, (seed, point)))
    return readings


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
