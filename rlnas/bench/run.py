"""One run that measures everything side by side."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from rlnas.bench.machine import describe_machine
from rlnas.bench.measures.curves import measure_curves
from rlnas.bench.measures.environments import measure_environments
from rlnas.bench.measures.growth import measure_growth
from rlnas.bench.measures.learners import measure_learners
from rlnas.bench.measures.memory import RUNS, measure_memory
from rlnas.bench.measures.official_layout import Variant
from rlnas.bench.measures.quality import measure_quality
from rlnas.bench.measures.quality_learners import quality_contenders
from rlnas.bench.measures.roofline import measure_roofline
from rlnas.bench.measures.seeds import measure_seeds
from rlnas.bench.measures.tables import measure_table_loading
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

Part = Literal[
    "table", "envs", "ppo", "quality", "curves", "seeds", "memory", "growth", "roofline", "all"
]

PARTS: tuple[Part, ...] = tuple(part for part in get_args(Part) if part != "all")
"""The parts that ``all`` stands for, in their order."""


@dataclass(frozen=True, kw_only=True)
class BenchSettings:
    """How long and how often everything is measured.

    Attributes:
        seed: Seed of everything random but the training seeds, which count from 0.
        device: ``cpu`` or ``cuda``, of everything that can be there.
        num_envs: Episodes of the batched environments.
        seconds: Least duration of one repeat of a rate.
        repeats: Repeats of rates and durations.
        loads: Repeats of table loading.
        variants: Variants of the official files to load, see `measure_table_loading`.
        seeds: Trainings of each contender for time to quality.
        searches: Searches of each judgement there.
        max_steps: Steps after which such a training is given up.
        max_seconds: Seconds of training after which it is given up.
        curve_seeds: Controllers of each engine for the learning curves.
        curve_steps: Steps of each.
        curve_points: Checkpoints of a curve.
        curve_searches: Searches of each judgement there.
        batch: Controllers trained in one batch.
        batch_steps: Steps of each.
        reference_rollout: Steps of each environment in a rollout of Stable-Baselines3's defaults;
            None for its own, 2048.
        quick: Whether the remaining parts are measured with small sizes only.
    """

    seed: int = 0
    device: str = "cpu"
    num_envs: int = 1024
    seconds: float = 1.0
    repeats: int = 3
    loads: int = 5
    variants: tuple[Variant, ...] = ("same-content",)
    seeds: int = 5
    searches: int = 20
    max_steps: int = 300_000
    max_seconds: float = 300.0
    curve_seeds: int = 10
    curve_steps: int = 60_000
    curve_points: int = 6
    curve_searches: int = 5
    batch: int = 10
    batch_steps: int = 100_000
    reference_rollout: int | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        least = dict.fromkeys(_COUNTS, 1) | {"seed": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise InvalidArgumentError(
                    f"{name} is {getattr(self, name)}; expected {bound} or more."
                )
        for name in ("seconds", "max_seconds"):
            if not getattr(self, name) > 0:
                raise InvalidArgumentError(
                    f"{name} is {getattr(self, name)}; expected more than 0."
                )
        if self.device != "cpu" and not self.device.startswith("cuda"):
            raise InvalidArgumentError(f"device is {self.device!r}; expected 'cpu' or 'cuda'.")

    def made_quick(self) -> BenchSettings:
        """Return settings for a first look: everything in about a minute, no number to rely on."""
        return dataclasses.replace(
            self,
            num_envs=min(self.num_envs, 256),
            seconds=min(self.seconds, 0.1),
            repeats=min(self.repeats, 2),
            loads=min(self.loads, 2),
            seeds=1,
            searches=5,
            max_steps=20_000,
            max_seconds=min(self.max_seconds, 3.0),
            curve_seeds=3,
            curve_steps=8_000,
            curve_points=2,
            curve_searches=2,
            batch=min(self.batch, 4),
            batch_steps=2_560,
            reference_rollout=64,
            quick=True,
        )


_QUICK_RUNS = ("tensor-1024", "device")
_QUICK_GROWTH: dict[str, Any] = {"num_envs": (16, 64), "widths": (16, 32), "large_spaces": ()}

_COUNTS = (
    "num_envs",
    "repeats",
    "loads",
    "seeds",
    "searches",
    "max_steps",
    "curve_seeds",
    "curve_steps",
    "curve_points",
    "curve_searches",
    "batch",
    "batch_steps",
)


def measure_speed(
    part: Part = "all",
    *,
    suite: str = "transnas-micro",
    task: str | None = None,
    settings: BenchSettings | None = None,
    on_part: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measure one part or all of them on one task.

    Args:
        part: One of `PARTS`, or ``all``.
        suite: Name of a suite.
        task: Short name of its task; the first by default.
        settings: How long and how often; the defaults take about half an hour on two cores.
        on_part: Called with the name of each part before it is measured.

    Returns:
        JSON-able: ``suite``, ``task``, ``machine``, ``settings``, ``took`` (seconds of each part),
        and the result of each part under its name, as its ``measure_…`` function describes it.

    Raises:
        InvalidArgumentError: If a setting is out of range or the part is unknown.
        UnknownNameError: If there is no such suite or task.
    """
    if part not in get_args(Part):
        raise InvalidArgumentError(
            f"Part is {part!r}; expected one of {', '.join(get_args(Part))}."
        )
    settings = settings or BenchSettings()
    loaded = load_suite(suite)
    chosen = loaded[next(iter(loaded)) if task is None else task]
    result: dict[str, Any] = {
        "suite": suite,
        "task": chosen.name,
        "machine": describe_machine(),
        "settings": dataclasses.asdict(settings),
        "took": {},
    }
    for name in PARTS if part == "all" else (part,):
        if on_part is not None:
            on_part(name)
        start = time.perf_counter()
        result[name] = _measure(name, suite, chosen, settings)
        result["took"][name] = time.perf_counter() - start
    return result


def _measure(part: Part, suite: str, task: TabularTask, s: BenchSettings) -> dict[str, Any]:
    common: dict[str, Any] = {"repeats": s.repeats, "seed": s.seed, "device": s.device}
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "table": lambda: measure_table_loading(suite, s.loads, variants=s.variants),
        "envs": lambda: measure_environments(task, s.num_envs, seconds=s.seconds, **common),
        "ppo": lambda: measure_learners(
            task,
            many=s.batch,
            reference_rollout=s.reference_rollout,
            seconds=s.seconds,
            **common,
        ),
        "quality": lambda: measure_quality(
            task,
            seeds=s.seeds,
            searches=s.searches,
            max_steps=s.max_steps,
            max_seconds=s.max_seconds,
            device=s.device,
            contenders=quality_contenders(
                task, device=s.device, reference_rollout=s.reference_rollout
            ),
        ),
        "curves": lambda: measure_curves(
            task,
            count=s.curve_seeds,
            steps=s.curve_steps,
            points=s.curve_points,
            searches=s.curve_searches,
            device=s.device,
        ),
        "seeds": lambda: measure_seeds(
            task,
            s.batch,
            steps=s.batch_steps,
            threads=(1,) if s.quick else None,
            **common,
        ),
        "memory": lambda: measure_memory(
            task,
            device=s.device,
            seed=s.seed,
            reference_rollout=s.reference_rollout,
            runs=tuple(run for run in RUNS if not s.quick or run.key in _QUICK_RUNS),
        ),
        "growth": lambda: measure_growth(
            task,
            seconds=0.3 * min(s.seconds, 1.0),
            **common,
            **(_QUICK_GROWTH if s.quick else {}),
        ),
        "roofline": lambda: measure_roofline(task, **common),
    }
    return measures[part]()
