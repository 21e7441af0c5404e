"""Two levels: the network learns from one half of the examples, the architecture from the other."""

from __future__ import annotations

import abc
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from rlnas.errors import InvalidArgumentError
from rlnas.networks.super_network import Mix
from rlnas.one_shot.base import Candidate, OneShotSearch
from rlnas.one_shot.training import OneShotTraining
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.training.objective.examples import SearchExamples


@dataclass(frozen=True, kw_only=True)
class BilevelSearch(OneShotSearch):
    """A search whose α, a softmax an edge, learns from held-back training examples.

    The protocol is NAS-Bench-201's (Dong & Yang, ICLR 2020, arXiv 2001.00326, and the authors'
    code): half of the training examples for the network's weights, half for α; all operations of
    the space are there, the one that passes nothing too; of each edge the operation with the
    largest α is taken.

    Attributes:
        learning_rate: First learning rate of the network's weights, by SGD with Nesterov's momentum
            .9; it falls by a cosine.
        last_rate: The last one.
        weight_decay: Of the network's weights.
        alpha_rate: Learning rate of α, by Adam with betas .5 and .999.
        alpha_decay: Weight decay of α.
        clip: Largest norm of the gradient of the network's weights.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    learning_rate: float = 0.025
    last_rate: float = 0.001
    weight_decay: float = 5e-4
    alpha_rate: float = 3e-4
    alpha_decay: float = 1e-3
    clip: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("learning_rate", "alpha_rate", "clip"):
            if not 0 < getattr(self, option) < np.inf:
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected more than 0."
                )

    def candidates(
        self, training: OneShotTraining, ledger: QueryLedger, rng: np.random.Generator
    ) -> Sequence[Candidate]:
        """Return the one architecture that α names."""
        alpha = training.alpha.detach().cpu().double().numpy()
        ledger.said["alpha"] = alpha.tolist()
        return [Candidate(alpha.argmax(axis=1).astype(np.int8))]


class BilevelTraining(OneShotTraining):
    """Steps of α and of the weights in turn.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, α, the halves, the order of examples and all draws.
        options: How it is trained.
    """

    def __init__(
        self, space: SearchSpace, examples: SearchExamples, seed: int, options: BilevelSearch
    ) -> None:
        super().__init__(space, examples, seed, precision=options.precision)
        self._bilevel = options
        with torch.no_grad():  # as the authors: almost equal
            first = torch.randn(self.alpha.shape, generator=self.generator("alpha", 0))
            self.alpha.copy_(1e-3 * first)
        size = options.batch_size
        self._learn = self.batches("weights", size, (0.0, 0.5))
        self._held = self.batches("architecture", size, (0.5, 1.0))
        self.optimizers = {
            "weights": torch.optim.SGD(
                self.network.parameters(),
                lr=options.learning_rate,
                momentum=0.9,
                nesterov=True,
                weight_decay=options.weight_decay,
            ),
            "architecture": torch.optim.Adam(
                [self.alpha],
                lr=options.alpha_rate,
                betas=(0.5, 0.999),
                weight_decay=options.alpha_decay,
            ),
        }

    @abc.abstractmethod
    def mix(self, number: int, name: str) -> Mix:
        """Return what a forward pass computes.

        Args:
            number: Number of the step, from 0.
            name: ``weights`` or ``architecture``: which of the two learns from it.
        """

    def step(self, number: int) -> dict[str, float]:
        """See `OneShotTraining.step`."""
        own = self._bilevel
        self.network.train()
        held = self.loss(*self._held(number), self.mix(number, "architecture"))
        self.optimizers["architecture"].zero_grad()
        # Where all that was drawn leads nowhere, α has no part in the loss.
        (gradient,) = torch.autograd.grad(held, self.alpha, allow_unused=True)
        self.alpha.grad = torch.zeros_like(self.alpha) if gradient is None else gradient
        self.optimizers["architecture"].step()
        wave = (1 + math.cos(math.pi * number / own.steps)) / 2
        rate = own.last_rate + (own.learning_rate - own.last_rate) * wave
        for group in self.optimizers["weights"].param_groups:
            group["lr"] = rate
        loss = self.loss(*self._learn(number), self.mix(number, "weights"))
        self.optimizers["weights"].zero_grad()
        torch.autograd.backward(loss)
        self.alpha.grad = None
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), own.clip)
        self.optimizers["weights"].step()
        return {
            "loss": float(loss.detach()),
            "held_loss": float(held.detach()),
            "gradient": float(norm),
            "learning_rate": rate,
            **self.quantities(),
        }

    def quantities(self) -> dict[str, float]:
        """Return the probability of every operation of every edge, and what they amount to."""
        weights = torch.softmax(self.alpha.detach(), dim=1).cpu().double().numpy()
        chosen = weights.argmax(axis=1)
        pairs = [f"{tail}-{head}" for tail, head in self.space.positions.tolist()]
        identity = self.space.identity
        names = self.space.operations
        free = [o for o, name in enumerate(names) if "conv" not in name]
        return {
            "skips": 0.0 if identity is None else float((chosen == identity).mean()),
            "parameter_free": float(np.isin(chosen, free).mean()),
            "entropy": float(-(weights * np.log(weights + 1e-30)).sum(axis=1).mean()),
            **{
                f"weight/{pair}/{name}": float(weights[edge, operation])
                for edge, pair in enumerate(pairs)
                for operation, name in enumerate(names)
            },
        }
