"""Super-network progressive shrinking: one search that leaves an architecture at every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.checkpoints import TrainingState
from rlnas.errors import InvalidArgumentError
from rlnas.networks.super_network import Mix
from rlnas.one_shot.controller import ControllerConfig, ShrinkingController
from rlnas.one_shot.shrinking import (
    CHANGE,
    STAGE,
    ShrinkingSearch,
    ShrinkingTraining,
    node_weights,
    sparsity_entropy,
)
from rlnas.spaces import SearchSpace
from rlnas.training.objective.examples import SearchExamples


@dataclass(frozen=True, kw_only=True)
class SNPS(ShrinkingSearch, ControllerConfig):
    """Super-network progressive shrinking.

    Source: Rao, Zhao & Liu, "Differentiable neural architecture distillation", arXiv 2504.20080,
    and the authors' code (RaoXuan-1998/NADD), whose defaults for CIFAR-10 these are unless
    something else is said.

    The super-network has every operation on every edge but the one that passes nothing. Weights are
    normalised by node (`rlnas.one_shot.shrinking.node_weights`); network and α learn from the same
    batch (one level), by the loss L·(1 + γH) + γμH, where H is the sparsity entropy. An operation
    whose weight falls under ``threshold`` is deleted for good. A controller presses harder while
    nothing happens (`rlnas.one_shot.controller`), and each time that the structure stood still
    under full pressure there is a stage. The search ends when H is under ``stop`` of its first
    value, or after ``steps``.

    A genotype may keep several operations on an edge. What is queried is the architecture nearest
    to it, of each edge the heaviest operation: of the end first, then of stages, then of every
    change, later ones first. The result has all of them as ``shapes``, with the genotypes
    themselves and their costs, and says as ``projected_edges`` on how many edges the last one has
    several operations.

    Otherwise than in the authors' code: all cells have one α, as in the spaces that tables hold
    (there each cell has its own); examples are shuffled (there they are not); the entropy's
    threshold is a part of its first value (there 250 of 576); a node keeps its heaviest operation
    whatever its weight.

    Attributes:
        steps: Most steps. The authors have 120 epochs; 3000 is ours.
        batch_size: Examples in a batch. The authors have 128; 64 is ours.
        learning_rate: Of the network's weights, by Adam with betas .5 and .999.
        weight_decay: Of the network's weights.
        alpha_rate: Learning rate of α, by SGD without momentum.
        alpha: First value of every α, above 0.
        clip: Largest norm of a gradient, of the network's and of α's each.
        threshold: Weight under which an operation is deleted, in (0, 1).
        stop: Part of the first entropy under which the search ends, in (0, 1).
        warmup: First steps without the entropy in the loss.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "snps"

    alpha_rate: float = 0.2
    alpha: float = 2.0
    threshold: float = 0.01
    warmup: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("alpha_rate", "alpha", "gamma", "rate"):
            if not 0 < getattr(self, option) < np.inf:
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected more than 0."
                )
        if not 0 < self.threshold < 1:
            raise InvalidArgumentError(
                f"threshold is {self.threshold}; expected a number in (0, 1)."
            )

    def endless(self) -> Sequence[str]:
        """Return that more steps continue a search."""
        return ("steps",)

    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> ShrinkingTraining:
        """See `OneShotSearch.begin`."""
        return SNPSTraining(space, examples, seed, self)


class SNPSTraining(ShrinkingTraining):
    """A super-network that shrinks by what α has learnt.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights and the order of examples.
        options: How it is trained.
    """

    def __init__(
        self, space: SearchSpace, examples: SearchExamples, seed: int, options: SNPS
    ) -> None:
        self._options = options
        self._controller = ShrinkingController.begin(options)
        super().__init__(space, examples, seed, options, alpha=options.alpha)
        self.optimizers["architecture"] = torch.optim.SGD([self.alpha], lr=options.alpha_rate)

    def weights(self) -> Tensor:
        """See `ShrinkingTraining.weights`."""
        return node_weights(self.alpha, self._there, self._heads)

    def step(self, number: int) -> dict[str, float]:
        """See `OneShotTraining.step`."""
        own, control = self._options, self._controller
        self.network.train()
        weights = self.weights()
        loss = self.loss(*self._batch(number), Mix(self.network.present, weights))
        entropy = sparsity_entropy(weights)
        objective = loss
        if number >= own.warmup:
            gamma = control.gamma
            objective = loss * (1 + gamma * entropy) + gamma * control.mu * entropy
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        torch.autograd.backward(objective)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), own.clip)
        alpha_norm = nn.utils.clip_grad_norm_([self.alpha], own.clip)
        for optimizer in self.optimizers.values():
            optimizer.step()
        deleted = self._delete_light()
        self._controller, stage = control.after(deleted)
        if deleted:
            self.note(number + 1, CHANGE)
        if stage:
            self.note(number + 1, STAGE)
        return {
            "loss": float(loss.detach()),
            "objective": float(objective.detach()),
            "gradient": float(norm),
            "gradient_alpha": float(alpha_norm),
            "gamma": control.gamma,
            "mu": control.mu,
            "smoothed_deletions": self._controller.deletions,
            "deletions": float(deleted),
            "stage": float(stage),
            **self.quantities(),
        }

    def _delete_light(self) -> int:
        """Delete what weighs less than the threshold, and return how many that are."""
        weights = self.weights().detach()
        present = self._there > 0
        light = present & (weights < self._options.threshold)
        if not bool(light.any()):
            return 0
        heaviest = torch.zeros_like(light)
        for node in self._nodes:
            own = torch.where(node[:, None] & present, weights, -1.0)
            if float(own.max()) >= 0:
                heaviest.view(-1)[own.argmax()] = True
        light &= ~heaviest
        self.delete(light.cpu().numpy())
        return int(light.sum())

    def state(self) -> TrainingState:
        """See `OneShotTraining.state`."""
        tensors, values = super().state()
        return tensors, {**values, "controller": self._controller.values()}

    def restore(self, state: TrainingState) -> None:
        """See `OneShotTraining.restore`."""
        super().restore(state)
        self._controller = self._controller.restored(state[1]["controller"])
