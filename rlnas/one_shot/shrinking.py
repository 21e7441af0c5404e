"""A super-network that loses operations until little is left, and what it is at every stage."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlnas.checkpoints import TrainingState
from rlnas.errors import InvalidArgumentError
from rlnas.networks import Genotype
from rlnas.networks.costs import NetworkStatistics, mask_statistics
from rlnas.one_shot.base import Candidate, OneShotSearch
from rlnas.one_shot.training import OneShotTraining
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.training.objective.examples import SearchExamples

STEEPNESS = 50.0
"""Factor of a weight in the logarithm of the sparsity entropy, as in the authors' code."""

BEGIN, CHANGE, STAGE, END = "begin", "change", "stage", "end"


@dataclass(frozen=True)
class Shape:
    """What a super-network was after a step.

    Attributes:
        step: Number of the step; 0 before the first.
        kind: Why it is kept: ``begin``, ``change`` of the operations, a ``stage``, the ``end``.
        genotype: The operations that were there.
        architecture: The architecture nearest to it, of each edge the heaviest operation.
        entropy: Sparsity entropy H.
        macs: Multiply-accumulates of the genotype, all its operations, on one example.
        parameters: Its trainable numbers.
    """

    step: int
    kind: str
    genotype: Genotype
    architecture: str
    entropy: float
    macs: int
    parameters: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "step": self.step,
            "kind": self.kind,
            "genotype": self.genotype.to_list(),
            "architecture": self.architecture,
            "several": self.genotype.several,
            "entropy": self.entropy,
            "macs": self.macs,
            "parameters": self.parameters,
        }


def node_weights(alpha: Tensor, present: Tensor, heads: Tensor) -> Tensor:
    """Return the weights of operations, normalised over all that enter a node.

    w = ReLU(α) / Σ ReLU(α) over the operations on all edges into the node: on one scale an edge can
    vanish, which a softmax by edge rules out. Where no α of a node is above 0, which the authors do
    not provide for, its operations have equal weights (ours).

    Args:
        alpha: ``(edges, operations)``.
        present: ``(edges, operations)`` 1 where there is an operation, else 0.
        heads: ``(edges, edges)`` 1 where two edges enter the same node, else 0.

    Returns:
        ``(edges, operations)``; those of one node sum to 1, or to 0 where it has none.
    """
    positive = torch.relu(alpha) * present
    totals = heads @ positive.sum(dim=1, keepdim=True)
    positive = torch.where(totals > 0, positive, present)
    totals = heads @ positive.sum(dim=1, keepdim=True)
    return positive / totals.clamp_min(torch.finfo(alpha.dtype).tiny)


def sparsity_entropy(weights: Tensor) -> Tensor:
    """Return H = Σ log(1 + 50·w), a scalar: small where few operations have all the weight.

    For each node it is largest with equal weights and smallest with a single one.
    """
    return torch.log1p(STEEPNESS * weights).sum()


@dataclass(frozen=True, kw_only=True)
class ShrinkingSearch(OneShotSearch):
    """Deletes a super-network's operations and queries what it was at every stage.

    Attributes:
        learning_rate: Of the network's weights, by Adam with betas .5 and .999, above 0.
        weight_decay: Of the network's weights, 0 or more.
        clip: Largest norm of a gradient, above 0.
        stop: Part of the first entropy under which the search ends, in (0, 1).

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    imitates = True

    learning_rate: float = 5e-4
    weight_decay: float = 3e-4
    clip: float = 5.0
    stop: float = 250 / 576

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("learning_rate", "clip"):
            if not 0 < getattr(self, option) < np.inf:
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected more than 0."
                )
        if not 0 <= self.weight_decay < np.inf:
            raise InvalidArgumentError(f"weight_decay is {self.weight_decay}; expected 0 or more.")
        if not 0 < self.stop < 1:
            raise InvalidArgumentError(f"stop is {self.stop}; expected a number in (0, 1).")

    @abc.abstractmethod
    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> ShrinkingTraining:
        """Return the training, not begun."""

    def candidates(
        self, training: OneShotTraining, ledger: QueryLedger, rng: np.random.Generator
    ) -> Sequence[Candidate]:
        """Return the architectures nearest to what a network was, later and stable ones first.

        The result says all shapes: ``shapes``, and on how many edges the last had several
        operations.
        """
        if not isinstance(training, ShrinkingTraining):
            raise TypeError(f"{self.name} shrinks a network, and got {training!r}.")
        training.note(training.taken, END)
        last = training.shapes[-1]
        ledger.said["shapes"] = [shape.to_dict() for shape in training.shapes]
        ledger.said["projected_edges"] = last.genotype.several
        order = {END: 0, STAGE: 1, CHANGE: 2, BEGIN: 3}
        shapes = sorted(training.shapes, key=lambda shape: (order[shape.kind], -shape.step))
        found: dict[str, Candidate] = {}
        for shape in shapes:
            notes = {
                "step": float(shape.step),
                "entropy": shape.entropy,
                "genotype_macs": float(shape.macs),
                "several": float(shape.genotype.several),
            }
            found.setdefault(
                shape.architecture, Candidate(training.space.parse(shape.architecture), notes)
            )
        return list(found.values())


class ShrinkingTraining(OneShotTraining):
    """A super-network whose operations are deleted one after the other.

    It has no operation that passes nothing: an edge is empty when all its operations are deleted.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, the order of examples and all draws.
        options: How it is trained.
        alpha: First value of every α.

    Attributes:
        shapes: What it was at the beginning, after every change, and at every stage.
    """

    def __init__(
        self,
        space: SearchSpace,
        examples: SearchExamples,
        seed: int,
        options: ShrinkingSearch,
        *,
        alpha: float = 1.0,
    ) -> None:
        present = np.ones((space.num_positions, space.num_operations), dtype=np.bool_)
        if (none := getattr(space, "none", None)) is not None:
            present[:, none] = False
        super().__init__(space, examples, seed, precision=options.precision, present=present)
        with torch.no_grad():
            self.alpha.fill_(alpha)
        ends = torch.from_numpy(self.space.positions[:, 1])
        self._heads = (ends[:, None] == ends[None]).to(self.alpha)
        self._nodes = [ends.to(self.device) == head for head in sorted(set(ends.tolist()))]
        self._batch = self.batches("train", options.batch_size)
        self._there = self._as_tensor(self.network.present)
        self._costs = self._count()
        self._first = float(sparsity_entropy(self.weights().detach()))
        self._stop = options.stop * self._first
        self.shapes: list[Shape] = []
        self.note(0, BEGIN)
        self.optimizers = {
            "weights": torch.optim.Adam(
                self.network.parameters(),
                lr=options.learning_rate,
                betas=(0.5, 0.999),
                weight_decay=options.weight_decay,
            )
        }

    def _as_tensor(self, mask: NDArray[np.bool_]) -> Tensor:
        return torch.from_numpy(mask).to(self.alpha)

    def _count(self) -> NetworkStatistics:
        config, spec = self.examples.config, self.examples.spec  # of the network, once it is alone
        return mask_statistics(self.space, self.network.present, spec, config)

    @abc.abstractmethod
    def weights(self) -> Tensor:
        """Return the weight of every operation ``(edges, operations)``."""

    def ranking(self) -> NDArray[np.float64]:
        """Return by what operations of one edge are compared ``(edges, operations)``."""
        return self.weights().detach().cpu().double().numpy()

    @property
    def done(self) -> bool:
        """Whether the entropy fell under the threshold, or no node has a choice left."""
        counts = self._heads @ self._there.sum(dim=1)
        return float(self._entropy()) < self._stop or bool((counts <= 1).all())

    def _entropy(self) -> Tensor:
        return sparsity_entropy(self.weights().detach())

    def delete(self, mask: NDArray[np.bool_]) -> int:
        """See `OneShotTraining.delete`."""
        gone = super().delete(mask)
        if gone:
            self._there = self._as_tensor(self.network.present)
            self._costs = self._count()
        return gone

    def note(self, step: int, kind: str) -> None:
        """Keep what the network is after a step."""
        genotype = self.network.genotype
        vector = genotype.project(self.ranking())
        self.shapes.append(
            Shape(
                step,
                kind,
                genotype,
                self.space.format(vector),
                float(self._entropy()),
                self._costs.macs,
                self._costs.parameters,
            )
        )

    def quantities(self) -> dict[str, float]:
        """Return entropy, costs and the weight of every operation of every edge, by name."""
        weights = self.ranking()
        pairs = [f"{tail}-{head}" for tail, head in self.space.positions.tolist()]
        return {
            "entropy": float(self._entropy()),
            "operations": float(self.network.present.sum()),
            "macs": float(self._costs.macs),
            "parameters": float(self._costs.parameters),
            "skips": float(self._share_of_skips()),
            **{
                f"weight/{pair}/{name}": float(weights[edge, operation])
                for edge, pair in enumerate(pairs)
                for operation, name in enumerate(self.space.operations)
                if operation != self.space.none
            },
        }

    def _share_of_skips(self) -> float:
        """Return which part of the operations that are left passes its input on unchanged."""
        present = self.network.present
        identity = self.space.identity
        return 0.0 if identity is None else float(present[:, identity].sum() / present.sum())

    def state(self) -> TrainingState:
        """See `OneShotTraining.state`."""
        tensors, values = super().state()
        return tensors, {**values, "shapes": [shape.to_dict() for shape in self.shapes]}

    def restore(self, state: TrainingState) -> None:
        """See `OneShotTraining.restore`."""
        super().restore(state)
        self.shapes = [
            Shape(
                int(told["step"]),
                str(told["kind"]),
                Genotype(self.space, tuple(tuple(map(str, own)) for own in told["genotype"])),
                str(told["architecture"]),
                float(told["entropy"]),
                int(told["macs"]),
                int(told["parameters"]),
            )
            for told in state[1]["shapes"]
        ]
