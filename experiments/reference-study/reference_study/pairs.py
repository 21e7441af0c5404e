"""A transfer study by steps, pair by pair: what pretraining gains, and how much sooner.

Everything is against training from scratch on the same target. Every number is an interquartile
mean over seeds with a 95 % bootstrap interval; pairs of a target share the resamples of its
scratch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reference_study.config import RETRAINING, SCRATCH, StudyConfig
from reference_study.step_curves import StepCurve
from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import BOOTSTRAP, Interval

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

TOLERANCE = 0.05
"""How much of what scratch gains in all may lack at its final performance. Without it scratch's own
time would be that of its last upward flicker."""


@dataclass(frozen=True)
class Pair:
    """One source and target, each measure with its resamples: ``(1 + B,)``, the estimate first.

    Attributes:
        source: Source task.
        target: Target task.
        jumpstart: Value before any step on the target, above an untrained policy's.
        zero_shot: That value above scratch's final performance.
        fine_tuned: Value after fine-tuning above scratch's final performance.
        fine_tuned_equal: Value after fine-tuning above scratch's after as many steps on the target.
        retrained: Final performance above scratch's after as many steps on the target.
        retrained_total: Final performance above scratch's after twice as many: equal steps in all.
        scratch_steps: Steps after which scratch stays at its final performance, less the tolerance.
        steps: Steps on the target after which the pretrained one stays at that level.
        speedup: Their ratio. Where the pretrained one is there at once its time counts as the first
            judgement after the start; where it never stays there, the ratio is 0.
        budget_speedup: All of scratch's steps over the steps after which the pretrained one stays
            at scratch's final performance, without tolerance; 0 where it never does.
        seeds: Seeds of either.
        passage: Kaplan-Meier medians of the seeds' own first times to the level with the tolerance,
            of scratch and of the pretrained one, and how many seeds reached it.
    """

    source: str
    target: str
    jumpstart: Floats
    zero_shot: Floats
    fine_tuned: Floats
    fine_tuned_equal: Floats
    retrained: Floats
    retrained_total: Floats
    scratch_steps: Floats
    steps: Floats
    speedup: Floats
    budget_speedup: Floats
    seeds: int
    passage: dict[str, Any]


MEASURES = (
    "jumpstart",
    "zero_shot",
    "fine_tuned",
    "fine_tuned_equal",
    "retrained",
    "retrained_total",
    "scratch_steps",
    "steps",
    "speedup",
    "budget_speedup",
)


def study_pairs(
    curves: pd.DataFrame,
    config: StudyConfig,
    value: str = "best",
    *,
    tolerance: float = TOLERANCE,
) -> list[Pair]:
    """Return what each pair of a study came to.

    Args:
        curves: What `StudyRun.write_tables` wrote.
        config: The study.
        value: Column of `HeldScores` to compare; larger is better.
        tolerance: See `TOLERANCE`, in [0, 1).

    Raises:
        InvalidArgumentError: If the tolerance is out of range, or a curve is missing.
    """
    if not 0 <= tolerance < 1:
        raise InvalidArgumentError(f"tolerance is {tolerance}; expected 0 or more, below 1.")
    alone = {
        target: StepCurve.of(part, value, f"{SCRATCH}/{target}")
        for target, part in curves[curves["method"] == SCRATCH].groupby("target", sort=False)
    }
    pairs = curves[curves["method"] == RETRAINING].groupby(["source", "target"], sort=False)
    return [
        _pair(
            (str(source), str(target)),
            StepCurve.of(part, value, f"{source}/{target}"),
            alone[target],
            config,
            tolerance,
        )
        for (source, target), part in pairs
    ]


def _pair(
    names: tuple[str, str],
    own: StepCurve,
    scratch: StepCurve,
    config: StudyConfig,
    tolerance: float,
) -> Pair:
    end, tuned = config.rounded(config.steps), config.rounded(config.fine_tuning)
    longer, scratch = scratch, scratch.until(end)
    start = scratch.over_resamples(scratch.at(0))
    final = scratch.over_resamples(scratch.final)
    level = final - tolerance * (final - start)
    # Scratch has its final performance at the end, even if its last judgement is a low one.
    scratch_steps = np.minimum(scratch.steps_to(level), end)
    steps = own.steps_to(level)
    least = float(own.steps[1])
    return Pair(
        source=names[0],
        target=names[1],
        jumpstart=own.over_resamples(own.at(0)) - start,
        zero_shot=own.over_resamples(own.at(0)) - final,
        fine_tuned=own.over_resamples(own.at(tuned)) - final,
        fine_tuned_equal=own.over_resamples(own.at(tuned))
        - scratch.over_resamples(scratch.at(tuned)),
        retrained=own.over_resamples(own.final) - final,
        retrained_total=own.over_resamples(own.final) - longer.over_resamples(longer.final),
        scratch_steps=scratch_steps,
        steps=steps,
        speedup=scratch_steps / np.maximum(steps, least),
        budget_speedup=end / np.maximum(own.steps_to(final), least),
        seeds=min(own.values.shape[1], scratch.values.shape[1]),
        passage={
            "scratch": scratch.first_passage(float(level[0])),
            "own": own.first_passage(float(level[0])),
        },
    )


def interval(values: Floats, seeds: int) -> Interval:
    """Return the estimate of a measure ``(1 + B,)`` with its interval over so many seeds.

    Expanded percentiles, since times to a level may be infinite.
    """
    return BOOTSTRAP.expanded_interval(float(values[0]), values[1:], seeds)


def pair_table(pairs: list[Pair]) -> pd.DataFrame:
    """Return one row a pair: source, target, and each measure with ``_low`` and ``_high``."""
    import pandas as pd

    rows = []
    for pair in pairs:
        row: dict[str, Any] = {"source": pair.source, "target": pair.target}
        for name in MEASURES:
            row |= interval(getattr(pair, name), pair.seeds).columns(name)
        row["passage_scratch"] = pair.passage["scratch"]["median"]
        row["passage_own"] = pair.passage["own"]["median"]
        row["reached"] = pair.passage["own"]["reached"]
        rows.append(row)
    table: pd.DataFrame = pd.DataFrame(rows)
    return table
