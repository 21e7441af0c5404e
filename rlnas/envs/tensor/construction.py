"""The construction environment as tensors on one device; see `rlnas.envs.construction`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rlnas.envs.construction import ConstructionConfig
from rlnas.envs.layout import NUM_SCALARS, ObservationLayout
from rlnas.envs.tensor.actions import check_actions
from rlnas.envs.tensor.tables import TaskTables


@dataclass
class TensorConstructionState:
    """``R`` architectures under construction.

    Attributes:
        offset: ``(R,)`` int64 where the episode's task begins in the tables.
        codes: ``(R,)`` int64 the operations chosen so far as a number in base C.
        vectors: ``(R, P)`` int64 the same one by one, 0 beyond ``steps``.
        scores: ``(R,)`` float64 scores of finished architectures, NaN before.
        steps: ``(R,)`` int64 positions decided.
    """

    offset: Tensor
    codes: Tensor
    vectors: Tensor
    scores: Tensor
    steps: Tensor


class TensorConstruction:
    """Batched functions of the construction environment on a device.

    Which operations can follow a prefix is tabulated for every prefix of every architecture, so
    memory grows with the number of distinct prefixes, not with C to the power of P.

    Args:
        tables: Tables of the source tasks.
        config: The environment's knobs.
    """

    def __init__(self, tables: TaskTables, config: ConstructionConfig) -> None:
        self.tables = tables
        self.space = tables.space
        self.config = config
        positions, operations = self.space.num_positions, self.space.num_operations
        self.layout = ObservationLayout(
            positions=positions, operations=operations, actions=operations, history=False
        )
        # A prefix of length t is the number of its digits with a leading 1, so that prefixes of
        # different lengths are different numbers.
        vectors = self.space.arrays.astype(np.int64)
        codes = np.ones(len(vectors), dtype=np.int64)
        prefixes, followers = [], []
        for position in range(positions):
            prefixes.append(codes)
            followers.append(vectors[:, position])
            codes = codes * operations + vectors[:, position]
        order = np.argsort(codes)
        self._complete = torch.from_numpy(codes[order]).to(tables.device)
        self._architecture = torch.from_numpy(order).to(tables.device)
        known, inverse = np.unique(np.concatenate(prefixes), return_inverse=True)
        mask = np.zeros((len(known), operations), dtype=np.bool_)
        mask[inverse, np.concatenate(followers)] = True
        self._prefixes = torch.from_numpy(known).to(tables.device)
        self._mask = torch.from_numpy(mask).to(tables.device)

    @property
    def episode_length(self) -> int | None:
        """Steps of every episode, or None if an illegal choice may end one earlier."""
        return self.space.num_positions if self.config.illegal == "replace" else None

    def reset(self, tasks: Tensor, starts: Tensor) -> TensorConstructionState:
        """Return empty architectures for tasks ``(R,)``; there is no start to choose."""
        rows, device = len(starts), self.tables.device
        zeros = torch.zeros(rows, dtype=torch.int64, device=device)
        return TensorConstructionState(
            offset=self.tables.offsets(tasks),
            codes=torch.ones_like(zeros),
            vectors=zeros[:, None].repeat(1, self.space.num_positions),
            scores=torch.full((rows,), torch.nan, dtype=torch.float64, device=device),
            steps=zeros,
        )

    def _legal(self, state: TensorConstructionState) -> Tensor:
        place = torch.searchsorted(self._prefixes, state.codes)
        # A finished architecture is no prefix: every operation counts as legal, as in the core.
        place = place.clamp(max=len(self._prefixes) - 1)
        known = self._prefixes[place] == state.codes
        return self._mask[place] | ~known[:, None]

    def step(
        self, state: TensorConstructionState, actions: Tensor, *, checked: bool = False
    ) -> tuple[TensorConstructionState, Tensor, Tensor]:
        """Decide the next position of every architecture; see `TensorImprovement.step`."""
        config, operations = self.config, self.layout.actions
        if not checked:
            check_actions(actions, len(state.steps), operations)
        mask = self._legal(state)
        if config.illegal == "replace":
            offsets = torch.arange(operations, device=actions.device)
            order = (actions[:, None] + offsets) % operations
            first = mask.gather(1, order).int().argmax(1, keepdim=True)
            actions = order.gather(1, first).squeeze(1)
        legal = mask.gather(1, actions[:, None]).squeeze(1)
        steps = state.steps + 1
        codes = state.codes * operations + actions
        finished = legal & (steps == self.space.num_positions)
        place = torch.searchsorted(self._complete, codes).clamp(max=len(self._complete) - 1)
        scores = self.tables.scores[state.offset + self._architecture[place]]
        value = scores
        if config.exponent != 1:
            value = value.sign() * value.abs() ** config.exponent
        rewards = torch.where(finished, value, torch.where(legal, 0.0, config.illegal_reward))
        new = TensorConstructionState(
            offset=state.offset,
            codes=codes,
            vectors=state.vectors.scatter(1, state.steps[:, None], actions[:, None]),
            scores=torch.where(finished, scores, torch.nan),
            steps=steps,
        )
        return new, rewards.float(), finished | ~legal

    def restart(
        self, state: TensorConstructionState, ended: Tensor, starts: Tensor
    ) -> TensorConstructionState:
        """Return the state in which the ended episodes ``(R,)`` begin anew."""
        return dataclasses.replace(
            state,
            codes=torch.where(ended, 1, state.codes),
            vectors=torch.where(ended[:, None], 0, state.vectors),
            scores=torch.where(ended, torch.nan, state.scores),
            steps=torch.where(ended, 0, state.steps),
        )

    def observe(self, state: TensorConstructionState, out: Tensor) -> None:
        """Write the observations into ``out`` ``(R, layout.size)`` float32."""
        layout, device = self.layout, self.tables.device
        positions = torch.arange(layout.positions, device=device)
        operations = torch.arange(layout.operations, device=device)
        chosen = (positions < state.steps[:, None])[..., None]
        one_hot = (state.vectors[..., None] == operations) & chosen
        out[:, layout.current] = one_hot.flatten(1).float()
        out[:, layout.mask] = self._legal(state).float()
        scalars = torch.zeros(len(state.steps), NUM_SCALARS, device=device)
        scalars[:, 0] = 1.0 - state.steps / layout.positions
        out[:, layout.scalars] = scalars
