"""From the gradient of a loss to a step of the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from rlnas.agents.engine.adam import FlatAdam
from rlnas.agents.engine.hooks import LearnerHooks
from rlnas.agents.engine.loss import LossGradient
from rlnas.agents.engine.rates import RateTable
from rlnas.agents.engine.stack import NetworkStack


class Descent:
    """Gradient steps of ``K`` networks: penalty, frozen parts, clipping by each own norm, Adam.

    What is frozen counts neither in the norm nor in Adam's moments.

    Args:
        stack: The networks.
        learning_rate: Adam's step size.
        hooks: ``penalty`` and ``rates`` are used.

    Attributes:
        optimizer: Adam on the stack's parameters.
    """

    def __init__(self, stack: NetworkStack, learning_rate: float, hooks: LearnerHooks) -> None:
        self.stack = stack
        self.optimizer = FlatAdam(stack.parameters, learning_rate)
        self._penalty = hooks.penalty
        self._rates = RateTable(hooks.rates, stack.shapes, stack.parameters.device)
        self._trained = stack.trained()

    def step(self, loss: LossGradient, update: int, max_grad_norm: float) -> None:
        """Take the gradient back to the parameters and take a step against it.

        Args:
            loss: Gradient of the loss with respect to logits and values.
            update: Number of the update, which sets the learning rates.
            max_grad_norm: Norm that the gradient of each network is clipped to.
        """
        rates = self._rates.at(update)
        self.stack.backward(loss.logits, loss.values)
        gradient = self.stack.gradient
        if self._penalty is not None:
            with torch.enable_grad():
                leaf = self.stack.parameters.detach().requires_grad_()
                penalty = self._penalty(self.stack.views(leaf)).sum()
            gradient += torch.autograd.grad(penalty, leaf)[0]
        if self._trained is not None:
            gradient *= self._trained
        if rates is not None and rates.any_frozen:
            gradient *= rates.moving
        norm = torch.linalg.vector_norm(gradient, dim=1, keepdim=True)
        gradient *= (max_grad_norm / (norm + 1e-6)).clamp_(max=1.0)
        self.optimizer.step(gradient, rates)

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the networks, after the stack has been cut down to these."""
        self._trained = self.stack.trained()
        self.optimizer = self.optimizer.keep(rows, self.stack.parameters)
