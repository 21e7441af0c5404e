"""The control of a shrinking super-network: the same shrinking, but what goes is drawn by lot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks.super_network import Mix
from rlnas.one_shot.shrinking import (
    CHANGE,
    ShrinkingSearch,
    ShrinkingTraining,
    node_weights,
)
from rlnas.spaces import SearchSpace
from rlnas.training.objective.examples import SearchExamples


@dataclass(frozen=True, kw_only=True)
class RandomDeletion(ShrinkingSearch):
    """A shrinking super-network that loses its operations by lot.

    The control that tells whether it matters what such a network learns of its operations. As
    `rlnas.one_shot.snps.SNPS`, with as many deletions at the same steps, but by lot among the
    operations of all nodes that have more than one, and with equal weights of what is left. Of
    several operations on an edge the nearest architecture has one by lot.

    Attributes:
        deletions: Numbers of the steps, from 1, in which an operation is deleted; one that stands
            there twice deletes two. Those of a search with SNPS are in its trace. None: evenly over
            the steps, until the entropy has fallen as far as ``stop`` says.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "random-deletion"

    deletions: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.deletions is not None:
            steps = tuple(int(step) for step in self.deletions)
            if any(step < 1 for step in steps):
                raise InvalidArgumentError(f"deletions are {steps}; expected steps from 1 on.")
            object.__setattr__(self, "deletions", steps)

    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> ShrinkingTraining:
        """See `OneShotSearch.begin`."""
        return RandomDeletionTraining(space, examples, seed, self)


class RandomDeletionTraining(ShrinkingTraining):
    """A super-network that shrinks by lot.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, the order of examples and the lot.
        options: How it is trained.
    """

    def __init__(
        self, space: SearchSpace, examples: SearchExamples, seed: int, options: RandomDeletion
    ) -> None:
        self._options = options
        super().__init__(space, examples, seed, options)
        steps = options.deletions
        if steps is None:
            # About as many as SNPS deletes until its end: all but one or two a node.
            nodes = len(set(self.space.positions[:, 1].tolist()))
            count = int(self.network.present.sum()) - nodes
            steps = tuple(np.linspace(1, options.steps, count + 1).round().astype(int)[1:].tolist())
        self._due = Counter(steps)

    def weights(self) -> Tensor:
        """See `ShrinkingTraining.weights`: equal ones."""
        return node_weights(torch.ones_like(self.alpha), self._there, self._heads)

    def ranking(self) -> NDArray[np.float64]:
        """See `ShrinkingTraining.ranking`: a lot that is drawn once."""
        lot = torch.rand(self.alpha.shape, generator=self.generator("ranking", 0))
        return lot.double().numpy()

    def step(self, number: int) -> dict[str, float]:
        """See `OneShotTraining.step`."""
        self.network.train()
        loss = self.loss(*self._batch(number), Mix(self.network.present, self.weights().detach()))
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._options.clip)
        for optimizer in self.optimizers.values():
            optimizer.step()
        deleted = self._delete_by_lot(number, self._due[number + 1])
        if deleted:
            self.note(number + 1, CHANGE)
        return {
            "loss": float(loss.detach()),
            "gradient": float(norm),
            "deletions": float(deleted),
            **self.quantities(),
        }

    def _delete_by_lot(self, number: int, wanted: int) -> int:
        lot = self.generator("deletion", number)
        deleted = 0
        for _ in range(wanted):
            counts = (self._heads @ self._there.sum(dim=1, keepdim=True)).expand_as(self._there)
            open_ = ((self._there > 0) & (counts > 1)).cpu().flatten().nonzero().flatten()
            if not len(open_):
                break
            mask = np.zeros(self.network.present.shape, dtype=np.bool_)
            mask.flat[int(open_[torch.randint(len(open_), (1,), generator=lot)])] = True
            self.delete(mask)
            deleted += 1
        return deleted
