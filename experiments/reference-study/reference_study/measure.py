"""Measure one group of a transfer study by steps: train its controllers, judge them on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reference_study.config import SCRATCH, Group, StudyConfig
from reference_study.learning_curve import LearningCourse, learn_and_judge
from reference_study.retraining import retrain_many
from rlnas.agents import PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.runs.tables import outcome_row
from rlnas.seeding import derive_seed
from rlnas.tasks import TabularTask

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.tasks import Suite


@dataclass(frozen=True)
class GroupResult:
    """What one group came to.

    Attributes:
        curves: source, target, method, seed, step (on the target) and the columns of `HeldScores`,
            one row a judgement.
        rows: source, target, method, seed, step, rank (mean over the searches of the rank of the
            best of ``queries`` queries, 1 is the best of the space): one row a regime's end.
        sources: The controllers that are sources for other groups; of a pair none.
    """

    curves: pd.DataFrame
    rows: pd.DataFrame
    sources: tuple[PPOController, ...]


def measure_group(
    config: StudyConfig,
    suite: Suite[TabularTask],
    group: Group,
    sources: Sequence[PPOController] = (),
    *,
    device: str = "cpu",
) -> GroupResult:
    """Train and judge one group.

    Args:
        config: The study.
        suite: Its suite.
        group: Which group.
        sources: The controllers of the group's source, one a seed; none from scratch.
        device: ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InvalidArgumentError: If there are not as many sources as seeds.
    """
    task, seeds = suite[group.target], range(config.seeds)
    # A pair has seeds of its own: with the source's it would meet the episodes of training there.
    own = [derive_seed(seed, "study", group.source, group.target) for seed in seeds]
    regimes = [config.rounded(steps) for steps in (config.fine_tuning, config.steps)]
    if group.method == SCRATCH:
        until = 2 * config.steps
        course = learn_and_judge(
            [PPOController(task.space, config.controller, seed=seed) for seed in own],
            [task] * config.seeds,
            until,
            judge_at=config.grid(until),
            keep_at=regimes,
            starts=config.starts,
            device=device,
        )
        given = course.kept[regimes[1]]
    else:
        if len(sources) != config.seeds:
            raise InvalidArgumentError(
                f"{len(sources)} sources for {config.seeds} seeds of {group.name}; expected one "
                "for each."
            )
        course = retrain_many(
            sources,
            [task] * config.seeds,
            config.steps,
            own,
            config=config.retraining,
            judge_at=config.grid(config.steps),
            keep_at=[0, *regimes],
            starts=config.starts,
            device=device,
        )
        given = ()
    return GroupResult(_curves(group, course), _rows(config, suite, group, course), given)


def _curves(group: Group, course: LearningCourse) -> pd.DataFrame:
    import pandas as pd

    frames = [
        pd.DataFrame(
            {
                "source": group.source,
                "target": group.target,
                "method": group.method,
                "seed": range(len(course.controllers)),
                "step": step,
                **vars(scores),
            }
        )
        for step, scores in zip(course.steps, course.scores, strict=True)
    ]
    curves: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return curves


def _rows(
    config: StudyConfig, suite: Suite[TabularTask], group: Group, course: LearningCourse
) -> pd.DataFrame:
    import pandas as pd

    task = suite[group.target]
    rows = []
    for step, controllers in course.kept.items():
        for seed, controller in enumerate(controllers):
            ranks = _ranks(config, task, controller, group, seed)
            rows.append(
                {
                    "source": group.source,
                    "target": group.target,
                    "method": group.method,
                    "seed": seed,
                    "step": step,
                    "rank": sum(ranks) / len(ranks) if ranks else float("nan"),
                }
            )
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame


def _ranks(
    config: StudyConfig, task: TabularTask, controller: PPOController, group: Group, seed: int
) -> list[float]:
    """Return the rank that each zero-shot search with this controller came to."""
    if not config.searches:
        return []
    seeds = [
        derive_seed(seed, "study", *dataclasses.astuple(group), i) for i in range(config.searches)
    ]
    results = controller.search_many([task] * config.searches, config.queries, seeds)
    return [float(outcome_row(r, task, config.queries, ())["rank"]) for r in results]
