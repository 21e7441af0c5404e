"""The improvement environment as tensors on one device.

The same rules as `rlnas.envs.improvement`, step for step, for source tasks whose tables are known:
a test holds that both give the same observations, rewards and ends.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from rlnas.envs.improvement import ImprovementConfig
from rlnas.envs.layout import ObservationLayout
from rlnas.envs.tensor.actions import check_actions
from rlnas.envs.tensor.tables import TaskTables
from rlnas.envs.tensor.visited import visited_sets


@dataclass
class TensorImprovementState:
    """``R`` episodes in progress; see `rlnas.envs.improvement.ImprovementState`.

    Attributes:
        offset: ``(R,)`` int64 where the episode's task begins in the tables.
        index: ``(R,)`` int64 current architectures.
        scores: ``(R,)`` float64 their scores.
        best: ``(R,)`` float64 best score so far.
        best_index: ``(R,)`` int64 latest architecture with that score.
        stale: ``(R,)`` int64 steps since the episode last stood at its best.
        steps: ``(R,)`` int64 steps taken.
        visited: ``(R, n)`` int32 what was tried, see `rlnas.envs.tensor.visited`; changed in place.
        visited_scores: ``(R, horizon + 1)`` float64, NaN beyond ``steps``; changed in place.
        trend: ``(R,)`` float64 sign of the last change.
    """

    offset: Tensor
    index: Tensor
    scores: Tensor
    best: Tensor
    best_index: Tensor
    stale: Tensor
    steps: Tensor
    visited: Tensor
    visited_scores: Tensor
    trend: Tensor


class TensorImprovement:
    """Batched functions of the improvement environment on a device.

    Args:
        tables: Tables of the source tasks.
        config: The environment's knobs.
    """

    def __init__(self, tables: TaskTables, config: ImprovementConfig) -> None:
        self.tables = tables
        self.space = tables.space
        self.config = config
        self.stop = self.space.num_actions
        self._visited = visited_sets(tables.size, config.horizon + 1)
        self.layout = ObservationLayout(
            positions=self.space.num_positions,
            operations=self.space.num_operations,
            actions=self.space.num_actions + 1,
            history=config.history,
        )

    @property
    def episode_length(self) -> int | None:
        """Steps of every episode, or None if an agent may end one earlier."""
        return None if self.config.allow_stop else self.config.horizon

    def reset(self, tasks: Tensor, starts: Tensor) -> TensorImprovementState:
        """Return new episodes.

        Args:
            tasks: ``(R,)`` number of each episode's task.
            starts: ``(R,)`` int64 index of each start.
        """
        offset = self.tables.offsets(tasks)
        rows, device = len(starts), self.tables.device
        scores = self.tables.scores[offset + starts]
        visited_scores = torch.full(
            (rows, self.config.horizon + 1), torch.nan, dtype=torch.float64, device=device
        )
        visited_scores[:, 0] = scores
        zeros = torch.zeros_like(starts)
        return TensorImprovementState(
            offset=offset,
            index=starts,
            scores=scores,
            best=scores,
            best_index=starts,
            stale=zeros,
            steps=zeros,
            visited=self._visited.begin(starts),
            visited_scores=visited_scores,
            trend=torch.zeros_like(scores),
        )

    def step(
        self, state: TensorImprovementState, actions: Tensor, *, checked: bool = False
    ) -> tuple[TensorImprovementState, Tensor, Tensor]:
        """Advance every episode by one action ``(R,)`` int64.

        Args:
            state: The episodes.
            actions: What they do.
            checked: Whether the actions are known to be in range, as a policy's are.

        Returns:
            The next state, rewards ``(R,)`` float32 and which episodes have ended ``(R,)`` bool.

        Raises:
            InvalidArgumentError: See `check_actions`.
        """
        if not checked:
            check_actions(actions, len(state.steps), self.layout.actions)
        config, tables = self.config, self.tables
        # Every operation costs microseconds, more than its arithmetic: there should be few.
        edit = torch.add(actions, state.index, alpha=self.layout.actions)
        index = tables.next_index.take(edit).long()
        scores = tables.scores.take(state.offset + index)
        steps = state.steps + 1
        self._visited.add(state.visited, index, steps)
        state.visited_scores.scatter_(1, steps[:, None], scores[:, None])
        at_best = scores >= state.best
        best = torch.maximum(scores, state.best)
        best_index = torch.where(at_best, index, state.best_index)
        stale = (state.stale + 1).masked_fill_(at_best, 0)
        trend = (scores - state.scores).sign_()
        if config.backtrack is not None:
            back = stale > config.backtrack
            index = torch.where(back, best_index, index)
            scores = torch.where(back, best, scores)
            stale.masked_fill_(back, 0)
        gain = best - state.best if config.reward == "improvement" else scores - state.scores
        if config.exponent != 1:
            gain = gain.sign() * gain.abs() ** config.exponent
        ended = steps >= config.horizon
        if config.allow_stop:
            ended = ended | (actions == self.stop)
        new = TensorImprovementState(
            offset=state.offset,
            index=index,
            scores=scores,
            best=best,
            best_index=best_index,
            stale=stale,
            steps=steps,
            visited=state.visited,
            visited_scores=state.visited_scores,
            trend=trend,
        )
        if config.step_penalty:
            gain = gain - config.step_penalty
        return new, gain.float(), ended

    def restart(
        self, state: TensorImprovementState, ended: Tensor, starts: Tensor
    ) -> TensorImprovementState:
        """Return the state in which the ended episodes ``(R,)`` begin anew at ``starts``."""
        scores = self.tables.scores[state.offset + starts]
        index = torch.where(ended, starts, state.index)
        visited_scores = torch.where(ended[:, None], torch.nan, state.visited_scores)
        visited_scores[:, 0] = torch.where(ended, scores, visited_scores[:, 0])
        return dataclasses.replace(
            state,
            index=index,
            scores=torch.where(ended, scores, state.scores),
            best=torch.where(ended, scores, state.best),
            best_index=torch.where(ended, starts, state.best_index),
            stale=torch.where(ended, 0, state.stale),
            steps=torch.where(ended, 0, state.steps),
            visited=self._visited.restart(state.visited, ended, index),
            visited_scores=visited_scores,
            trend=torch.where(ended, 0.0, state.trend),
        )

    def observe(self, state: TensorImprovementState, out: Tensor) -> None:
        """Write the observations into ``out`` ``(R, layout.size)`` float32."""
        layout, tables, horizon = self.layout, self.tables, self.config.horizon
        known = layout.grid + self.stop
        if tables.features.dtype == out.dtype:
            torch.index_select(tables.features, 0, state.index, out=out[:, :known])
        else:
            out[:, :known] = tables.features.index_select(0, state.index)
        out[:, known] = float(self.config.allow_stop)
        current = state.scores[:, None]
        below = (state.visited_scores < current).sum(1)
        above = (state.visited_scores > current).sum(1)
        # Written where they belong, each in one operation: on a small batch a copy costs as much.
        left, rank, at_best, trend, stale = out[:, layout.scalars].unbind(1)
        torch.div(state.steps, -horizon, out=left).add_(1.0)
        # Where nothing else was seen that is 0 / 0, and the only one is the best one.
        torch.div(below, above.add_(below), out=rank).nan_to_num_(nan=1.0)
        torch.ge(state.scores, state.best, out=at_best)
        trend.copy_(state.trend)
        torch.div(state.stale, horizon, out=stale)
        if layout.history:
            seen = out[:, layout.seen]
            self._visited.write(state.visited, tables.neighbours.index_select(0, state.index), seen)
            gain = tables.gain.index_select(0, state.offset + state.index)
            torch.mul(seen, gain, out=out[:, layout.gain])
