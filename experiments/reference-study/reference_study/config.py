"""A transfer study by steps: what it measures.

The design is that of the reference study (Cassimon, Mercelis & Mets, arXiv 2412.01420): every
ordered pair of tasks; on the target no steps (zero-shot), a tenth of the source's (fine-tuning) and
as many again (re-training), against training from scratch. Whole tables are read, since steps
are the budget here and not queries. With a constant step size fine-tuning is the beginning of
re-training, so a pair is trained once and judged on the way.

A group is what is trained side by side: all seeds of one task from scratch, or of one pair. Groups
are part of the plan, because the rounding of batched products depends on them a little.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reference_study.retraining import RetrainingConfig
from rlnas.agents import ControllerConfig
from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import NO_SOURCE

SCRATCH = "scratch"
RETRAINING = "re-training"
REFERENCE_TASKS = ("class_object", "room_layout", "autoencoder", "segmentsemantic")


@dataclass(frozen=True, order=True)
class Group:
    """Controllers that are trained side by side, one a seed.

    Attributes:
        source: The task they come from, `NO_SOURCE` from scratch.
        target: The task they are trained on.
    """

    source: str
    target: str

    @property
    def method(self) -> str:
        """``scratch`` or ``re-training``."""
        return SCRATCH if self.source == NO_SOURCE else RETRAINING

    @property
    def name(self) -> str:
        """Name of its files."""
        return self.target if self.source == NO_SOURCE else f"{self.source}--{self.target}"


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """What a study measures.

    Attributes:
        suite: Name of the suite.
        tasks: Its tasks, each a source and a target, two or more.
        seeds: Controllers of each task and of each pair.
        steps: Steps on a source, and of re-training. From scratch a task is trained for twice as
            many, so that equal steps in all can be compared too.
        fine_tuning: Steps of fine-tuning.
        dense: A judgement after each rollout up to so many steps on the target …
        stride: … and so many steps apart from there on.
        starts: Episodes of a judgement, see `HeldEvaluation`.
        searches: Zero-shot searches of a controller at the end of each regime; 0 for none.
        queries: Budget of each.
        controller: The controllers' configuration.
        retraining: What is copied, and how it goes on.
    """

    suite: str = "transnas-micro"
    tasks: tuple[str, ...] = REFERENCE_TASKS
    seeds: int = 20
    steps: int = 102_400
    fine_tuning: int = 10_240
    dense: int = 20_480
    stride: int = 5_120
    starts: int = 256
    searches: int = 5
    queries: int = 50
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    retraining: RetrainingConfig = field(default_factory=RetrainingConfig)

    @property
    def table_seed(self) -> Literal["first"]:
        """The seed that searches see, of a table with several."""
        return "first"

    def __post_init__(self) -> None:
        if len(set(self.tasks)) != len(self.tasks) or len(self.tasks) < 2:
            raise InvalidArgumentError(
                f"tasks is {', '.join(self.tasks)}; expected two or more, each once."
            )
        for name in ("seeds", "steps", "fine_tuning", "stride", "starts", "queries"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name} is {getattr(self, name)}; expected 1 or more.")
        if self.fine_tuning > self.steps or min(self.dense, self.searches) < 0:
            raise InvalidArgumentError(
                f"fine_tuning is {self.fine_tuning}, dense {self.dense}, searches {self.searches}; "
                f"expected at most {self.steps} (steps) of the first and 0 or more of the others."
            )

    @property
    def rollout(self) -> int:
        """Steps of one rollout: what the steps of a regime are rounded up to."""
        return self.controller.ppo.num_envs * self.controller.ppo.n_steps

    def rounded(self, steps: int) -> int:
        """Return the steps after the rollout that reaches ``steps``."""
        return -(-steps // self.rollout) * self.rollout

    def grid(self, until: int) -> tuple[int, ...]:
        """Return the steps at which controllers are judged, 0 and the last ones included."""
        dense = range(0, min(self.dense, until) + 1, self.rollout)
        coarse = range(dense[-1], until + 1, self.stride)
        marks = {*dense, *coarse, self.fine_tuning, self.steps, until}
        return tuple(sorted({self.rounded(mark) for mark in marks if mark <= until}))

    def groups(self) -> list[Group]:
        """Return every group; those from scratch are sources of the others and come first."""
        alone = [Group(NO_SOURCE, task) for task in self.tasks]
        pairs = [Group(s, t) for s in self.tasks for t in self.tasks if s != t]
        return alone + pairs

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        tree = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return tree | {
            "tasks": list(self.tasks),
            "controller": self.controller.to_dict(),
            "retraining": dataclasses.asdict(self.retraining)
            | {"parts": list(self.retraining.parts)},
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> StudyConfig:
        """Return the configuration that `to_dict` described."""
        retraining = {**tree["retraining"], "parts": tuple(tree["retraining"]["parts"])}
        return cls(
            **{
                **tree,
                "tasks": tuple(tree["tasks"]),
                "controller": ControllerConfig.from_dict(tree["controller"]),
                "retraining": RetrainingConfig(**retraining),
            }
        )
