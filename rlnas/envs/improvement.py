"""The improvement environment: edit the current architecture, step by step, or stop.

The paradigm of Cassimon, Mercelis & Mets (arXiv 2410.01431, 2412.01420): an agent is given an
architecture and improves it by moves to neighbours, so that it learns a way of searching rather
than one optimum. Everything here is pure and batched over ``N`` episodes; the Gymnasium and
Stable-Baselines3 environments are thin shells around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.history import neighbour_history, ordinal_rank
from rlnas.envs.layout import NUM_SCALARS, ObservationLayout
from rlnas.envs.scoring import Scorer
from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain
from rlnas.spaces import Architecture

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ImprovementConfig:
    """The knobs of the improvement environment, and what each does to learning.

    Attributes:
        horizon: Steps of an episode, 1 or more. Longer episodes let one search go further from its
            start and see more history, but spread the reward over more steps.
        normaliser: Scale of the scores in rewards (see `rlnas.envs.normalisers`). ``log-rank``
            keeps rewarding progress at the head of the list, ``rank-gaussian`` the middle.
        reward: ``difference`` pays every change f(s′) − f(s), up and down; it telescopes, so the
            return is the end minus the start and the agent learns to end well. ``improvement``
            pays only what exceeds the episode's best so far, so exploring downhill is free and
            the agent learns to find one good architecture on the way. With
            ``backtrack=0`` the two are the same.
        backtrack: How many steps in a row an episode may stay below its best before it returns
            there. 0 undoes every edit that makes things worse: a policy that is wrong about a task
            still climbs, but no valley is ever crossed. 1 allows one step down at a time, which
            helps on tasks like the source and can cost on unlike ones (see ``experiments/``). None
            never returns: the original paradigm, in which the agent itself must learn to turn back.
        exponent: Rewards become sign(r)·|r|^exponent. Below 1 small gains count relatively more
            (the reference study used 0.478 on segmentation); 1 leaves them alone.
        step_penalty: Taken from every step's reward, 0 or more; makes the agent stop sooner.
        history: Whether the observation says which edits were tried in the episode and whether
            they helped. Without it the policy is a fixed map from architectures to edits; with it
            it can undo a mistake and react to a task it has not seen before.
        allow_stop: Whether the agent may end the episode; otherwise that action does nothing.
    """

    horizon: int = 20
    normaliser: str = "log-rank"
    reward: Literal["difference", "improvement"] = "difference"
    backtrack: int | None = 1
    exponent: float = 1.0
    step_penalty: float = 0.0
    history: bool = True
    allow_stop: bool = False

    def __post_init__(self) -> None:
        make_plain(self)
        if self.horizon < 1:
            raise InvalidArgumentError(f"horizon is {self.horizon}; expected 1 or more.")
        at_most(self, horizon=100_000)
        if self.reward not in ("difference", "improvement"):
            raise InvalidArgumentError(
                f"reward is {self.reward!r}; expected 'difference' or 'improvement'."
            )
        if self.backtrack is not None and self.backtrack < 0:
            raise InvalidArgumentError(
                f"backtrack is {self.backtrack}; expected 0 or more, or None for never."
            )
        if not self.exponent > 0:
            raise InvalidArgumentError(f"exponent is {self.exponent}; expected more than 0.")
        if self.step_penalty < 0:
            raise InvalidArgumentError(f"step_penalty is {self.step_penalty}; expected 0 or more.")


@dataclass
class ImprovementState:
    """``N`` episodes in progress.

    Attributes:
        vectors: ``(N, P)`` int8 current architectures.
        scores: ``(N,)`` their scores.
        best: ``(N,)`` best score of each episode so far.
        best_vectors: ``(N, P)`` int8 latest architecture with that score.
        stale: ``(N,)`` steps since the episode last stood at its best.
        steps: ``(N,)`` steps taken.
        visited: ``(N, horizon + 1, P)`` int8 architectures tried in the episode, the start first.
        visited_scores: ``(N, horizon + 1)`` their scores; NaN beyond ``steps``.
        trend: ``(N,)`` sign of the score's change by the last edit, whether undone or not.
    """

    vectors: Architecture
    scores: Floats
    best: Floats
    best_vectors: Architecture
    stale: NDArray[np.int64]
    steps: NDArray[np.int64]
    visited: Architecture
    visited_scores: Floats
    trend: Floats


class ImprovementCore:
    """Pure batched functions of the improvement environment.

    Actions 0 … P·C−1 are the space's edits, P·C is stop.

    Args:
        scorer: Where scores come from.
        config: The environment's knobs.
    """

    def __init__(self, scorer: Scorer, config: ImprovementConfig | None = None) -> None:
        self.scorer = scorer
        self.space = scorer.space
        self.config = config or ImprovementConfig()
        self.stop = self.space.num_actions
        self.layout = ObservationLayout(
            positions=self.space.num_positions,
            operations=self.space.num_operations,
            actions=self.space.num_actions + 1,
            history=self.config.history,
        )

    def reset(
        self,
        n: int,
        rng: np.random.Generator,
        start: Architecture | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> ImprovementState:
        """Return ``n`` new episodes at uniform architectures, or at ``start`` ``(n, P)``."""
        vectors = self.space.sample(n, rng) if start is None else np.array(start, dtype=np.int8)
        scores = self.scorer.score(vectors, rows)
        length = self.config.horizon + 1
        visited = np.zeros((n, length, self.space.num_positions), dtype=np.int8)
        visited[:, 0] = vectors
        visited_scores = np.full((n, length), np.nan)
        visited_scores[:, 0] = scores
        return ImprovementState(
            vectors=vectors,
            scores=scores,
            best=scores.copy(),
            best_vectors=vectors.copy(),
            stale=np.zeros(n, dtype=np.int64),
            steps=np.zeros(n, dtype=np.int64),
            visited=visited,
            visited_scores=visited_scores,
            trend=np.zeros(n),
        )

    def step(
        self, state: ImprovementState, actions: NDArray[np.int64]
    ) -> tuple[ImprovementState, Floats, Bools]:
        """Advance every episode by one action.

        Args:
            state: The episodes; left as they are.
            actions: ``(N,)`` integers; an illegal edit stays at the same architecture.

        Returns:
            The next state, rewards ``(N,)`` and which episodes have ended ``(N,)``. The horizon
            ends an episode like any other end, because the time left is part of the observation.
        """
        n = len(actions)
        stopping = actions == self.stop
        vectors = self.space.edit(state.vectors, np.where(stopping, 0, actions))
        vectors[stopping] = state.vectors[stopping]
        moved = (vectors != state.vectors).any(axis=1)
        scores = state.scores.copy()
        if moved.any():
            scores[moved] = self.scorer.score(vectors[moved], np.flatnonzero(moved))
        steps = state.steps + 1
        visited, visited_scores = state.visited.copy(), state.visited_scores.copy()
        rows = np.arange(n)
        visited[rows, steps] = vectors
        visited_scores[rows, steps] = scores
        trend = np.sign(scores - state.scores)
        at_best = scores >= state.best
        best = np.where(at_best, scores, state.best)
        best_vectors = np.where(at_best[:, None], vectors, state.best_vectors)
        stale = np.where(at_best, 0, state.stale + 1)
        if self.config.backtrack is not None:
            back = stale > self.config.backtrack
            vectors = np.where(back[:, None], best_vectors, vectors)
            scores = np.where(back, best, scores)
            stale[back] = 0
        new = ImprovementState(
            vectors=vectors,
            scores=scores,
            best=best,
            best_vectors=best_vectors,
            stale=stale,
            steps=steps,
            visited=visited,
            visited_scores=visited_scores,
            trend=trend,
        )
        ended = steps >= self.config.horizon
        if self.config.allow_stop:
            ended |= stopping
        return new, self.reward(state, new), ended

    def reward(self, before: ImprovementState, after: ImprovementState) -> Floats:
        """Return the rewards ``(N,)`` of a step; see `ImprovementConfig`."""
        if self.config.reward == "difference":
            pair = np.stack([before.scores, after.scores])
        else:
            pair = np.stack([before.best, after.best])
        before_value, after_value = self.scorer.value(pair)
        gain = after_value - before_value
        shaped = np.sign(gain) * np.abs(gain) ** self.config.exponent
        return np.asarray(shaped - self.config.step_penalty)

    def mask(self, state: ImprovementState) -> Bools:
        """Return which actions are legal, ``(N, actions)``.

        In a search on a target, edits to architectures that were queried before are left out
        while there is another edit to take: asking again would teach nothing.
        """
        edits = self.space.action_mask(state.vectors)
        known = self.scorer.known_edits(state.vectors)
        if known is not None:
            fresh = edits & ~known
            edits = np.where(fresh.any(axis=1, keepdims=True), fresh, edits)
        stop = np.full((len(edits), 1), self.config.allow_stop)
        return np.concatenate([edits, stop], axis=1)

    def observe(self, state: ImprovementState) -> NDArray[np.float32]:
        """Return the observations ``(N, layout.size)``, every entry in [−1, 1].

        Scores enter by order alone (signs and ranks within the episode), so an observation is the
        same under any increasing transformation of the score and needs no normaliser on a target.
        The five scalars are: fraction of the horizon left; rank of the current architecture within
        the episode (1 best, 0 worst); whether it is the best; sign of the last change; steps since
        the episode stood at its best, as a fraction of the horizon.
        """
        layout, n = self.layout, len(state.steps)
        obs = np.zeros((n, layout.size), dtype=np.float32)
        one_hot = state.vectors[:, :, None] == np.arange(layout.operations)
        obs[:, layout.current] = one_hot.reshape(n, -1)
        obs[:, layout.mask] = self.mask(state)
        scalars = np.empty((n, NUM_SCALARS), dtype=np.float32)
        scalars[:, 0] = 1.0 - state.steps / self.config.horizon
        scalars[:, 1] = ordinal_rank(state.scores, state.visited_scores)
        scalars[:, 2] = state.scores >= state.best
        scalars[:, 3] = state.trend
        scalars[:, 4] = state.stale / self.config.horizon
        obs[:, layout.scalars] = scalars
        if layout.history:
            seen, gain = neighbour_history(
                state.vectors, state.scores, state.visited, state.visited_scores, layout.operations
            )
            obs[:, layout.seen] = seen.reshape(n, -1)
            obs[:, layout.gain] = gain.reshape(n, -1)
        return obs
