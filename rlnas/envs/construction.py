"""The construction environment: choose the operations one by one, then learn the score.

The paradigm of Zoph & Le (ICLR 2017, arXiv 1611.01578). Step ``t`` chooses the operation at
position ``t``; the reward comes with the last one. Pure and batched, like the improvement core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.layout import NUM_SCALARS, ObservationLayout
from rlnas.envs.scoring import Scorer
from rlnas.errors import InvalidArgumentError
from rlnas.plain import make_plain
from rlnas.spaces import Architecture


@dataclass(frozen=True, kw_only=True)
class ConstructionConfig:
    """The knobs of the construction environment, and what each does to learning.

    Attributes:
        normaliser: Scale of the score in the reward (see `rlnas.envs.normalisers`).
        exponent: The reward becomes sign(v)·|v|^exponent of the normalised score v; below 1 it
            flattens differences far from 0, above 1 it sharpens them.
        illegal: What an illegal choice does: ``penalise`` ends the episode with the reward
            ``illegal_reward``, which teaches an unmasked agent to avoid it; ``replace`` takes the
            next legal operation instead, which teaches nothing but loses no sample.
        illegal_reward: Reward of an illegal choice under ``penalise``; below every normal reward.
    """

    normaliser: str = "log-rank"
    exponent: float = 1.0
    illegal: Literal["penalise", "replace"] = "replace"
    illegal_reward: float = -5.0

    def __post_init__(self) -> None:
        make_plain(self)
        if not self.exponent > 0:
            raise InvalidArgumentError(f"exponent is {self.exponent}; expected more than 0.")
        if self.illegal not in ("penalise", "replace"):
            raise InvalidArgumentError(
                f"illegal is {self.illegal!r}; expected 'penalise' or 'replace'."
            )


@dataclass
class ConstructionState:
    """``N`` architectures under construction.

    Attributes:
        vectors: ``(N, P)`` int8 operations chosen so far, 0 beyond ``steps``.
        scores: ``(N,)`` scores of finished architectures, NaN before.
        steps: ``(N,)`` positions decided.
    """

    vectors: Architecture
    scores: NDArray[np.float64]
    steps: NDArray[np.int64]


class ConstructionCore:
    """Pure batched functions of the construction environment.

    Actions 0 … C−1 are the operations for the next position.

    Args:
        scorer: Where scores come from.
        config: The environment's knobs.
    """

    def __init__(self, scorer: Scorer, config: ConstructionConfig | None = None) -> None:
        self.scorer = scorer
        self.space = scorer.space
        self.config = config or ConstructionConfig()
        self.layout = ObservationLayout(
            positions=self.space.num_positions,
            operations=self.space.num_operations,
            actions=self.space.num_operations,
            history=False,
        )

    def reset(
        self,
        n: int,
        rng: np.random.Generator,
        start: Architecture | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> ConstructionState:
        """Return ``n`` empty architectures; nothing is random and there is no start to choose."""
        return ConstructionState(
            vectors=np.zeros((n, self.space.num_positions), dtype=np.int8),
            scores=np.full(n, np.nan),
            steps=np.zeros(n, dtype=np.int64),
        )

    def step(
        self, state: ConstructionState, actions: NDArray[np.int64]
    ) -> tuple[ConstructionState, NDArray[np.float64], NDArray[np.bool_]]:
        """Decide the next position of every architecture; see `ImprovementCore.step`."""
        mask = self.mask(state)
        rows = np.arange(len(actions))
        legal = mask[rows, actions]
        if self.config.illegal == "replace":
            offsets = (actions[:, None] + np.arange(self.layout.actions)) % self.layout.actions
            first = mask[rows[:, None], offsets].argmax(axis=1)
            actions, legal = offsets[rows, first], np.ones_like(legal)
        vectors = state.vectors.copy()
        vectors[rows, state.steps] = actions
        steps = state.steps + 1
        finished = legal & (steps == self.space.num_positions)
        scores = np.full(len(actions), np.nan)
        rewards = np.where(legal, 0.0, self.config.illegal_reward)
        if finished.any():
            scores[finished] = self.scorer.score(vectors[finished], np.flatnonzero(finished))
            value = self.scorer.value(np.where(finished, scores, 0.0))[finished]
            rewards[finished] = np.sign(value) * np.abs(value) ** self.config.exponent
        return ConstructionState(vectors, scores, steps), rewards, finished | ~legal

    def mask(self, state: ConstructionState) -> NDArray[np.bool_]:
        """Return which operations can still be completed to an architecture, ``(N, C)``."""
        mask = np.ones((len(state.steps), self.layout.actions), dtype=np.bool_)
        for position in np.unique(state.steps):
            if position < self.space.num_positions:
                rows = state.steps == position
                mask[rows] = self.space.construction_mask(state.vectors[rows], int(position))
        return mask

    def observe(self, state: ConstructionState) -> NDArray[np.float32]:
        """Return the observations ``(N, layout.size)`` in [0, 1].

        The first scalar is the fraction of positions still open; the others are 0.
        """
        layout, n = self.layout, len(state.steps)
        obs = np.zeros((n, layout.size), dtype=np.float32)
        chosen = np.arange(layout.positions) < state.steps[:, None]
        one_hot = (state.vectors[:, :, None] == np.arange(layout.operations)) & chosen[:, :, None]
        obs[:, layout.current] = one_hot.reshape(n, -1)
        obs[:, layout.mask] = self.mask(state)
        scalars = np.zeros((n, NUM_SCALARS), dtype=np.float32)
        scalars[:, 0] = 1.0 - state.steps / layout.positions
        obs[:, layout.scalars] = scalars
        return obs
