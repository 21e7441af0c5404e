"""What the shells need of an environment core, and how to pick and replace its episodes."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.construction import ConstructionConfig, ConstructionCore
from rlnas.envs.improvement import ImprovementConfig, ImprovementCore
from rlnas.envs.layout import ObservationLayout
from rlnas.envs.normalisers import RunningTransform
from rlnas.envs.scoring import LedgerScorer, Scorer, TableScorer
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Budget, TabularTask, Task

State = TypeVar("State")
EnvironmentConfig = ImprovementConfig | ConstructionConfig


def longest_episode(config: EnvironmentConfig, space: SearchSpace) -> int:
    """Return the most steps that an episode takes."""
    return config.horizon if isinstance(config, ImprovementConfig) else space.num_positions


class EnvironmentCore(Protocol[State]):
    """Pure batched functions over ``N`` episodes.

    A state is a dataclass of arrays with ``N`` rows, among them ``vectors``, ``scores`` and
    ``steps``.
    """

    space: SearchSpace
    scorer: Scorer
    config: Any
    layout: ObservationLayout

    def reset(
        self,
        n: int,
        rng: np.random.Generator,
        start: Architecture | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> State:
        """Return ``n`` new episodes, at architectures ``start`` if they are given.

        ``rows`` are the episodes they stand for where the scorer tells episodes apart.
        """
        ...

    def step(
        self, state: State, actions: NDArray[np.int64]
    ) -> tuple[State, NDArray[np.float64], NDArray[np.bool_]]:
        """Return the next state, rewards ``(N,)`` and which episodes ended ``(N,)``."""
        ...

    def mask(self, state: State) -> NDArray[np.bool_]:
        """Return the legal actions ``(N, actions)``."""
        ...

    def observe(self, state: State) -> NDArray[np.float32]:
        """Return the observations ``(N, layout.size)``."""
        ...


def scorer_of(task: Task, normaliser: str) -> Scorer:
    """Return what scores a task in an environment by itself.

    A task whose scores are not known asks its objective, for each architecture once, and rewards
    are on the scale of what it has seen so far.
    """
    if isinstance(task, TabularTask):
        return TableScorer(task, normaliser)
    ledger = task.ledger(Budget(queries=task.space.size))
    return LedgerScorer(ledger, RunningTransform(normaliser), avoid_known=False)


def make_core(scorer: Scorer, config: EnvironmentConfig) -> EnvironmentCore[Any]:
    """Return the core that a configuration describes."""
    if isinstance(config, ConstructionConfig):
        return ConstructionCore(scorer, config)
    return ImprovementCore(scorer, config)


def take(state: State, rows: NDArray[np.int64]) -> State:
    """Return some of the episodes of a state."""
    fields = dataclasses.fields(state)  # type: ignore[arg-type]
    picked = {f.name: getattr(state, f.name)[rows] for f in fields}
    return dataclasses.replace(state, **picked)  # type: ignore[type-var]


def put(state: State, rows: NDArray[np.int64], new: State) -> State:
    """Return a state in which the given episodes are replaced by those of ``new``."""
    merged: dict[str, Any] = {}
    for field in dataclasses.fields(state):  # type: ignore[arg-type]
        merged[field.name] = getattr(state, field.name).copy()
        merged[field.name][rows] = getattr(new, field.name)
    return dataclasses.replace(state, **merged)  # type: ignore[type-var]
