"""Gradient steps on one matrix of parameters: Adam in five operations, and what goes before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rlnas.agents.engine.hooks import LearnerHooks
from rlnas.agents.engine.learning_rates import ParameterRates, RateTable
from rlnas.agents.engine.loss import LossGradient
from rlnas.agents.engine.network_stack import NetworkStack

EPSILON = 1e-5
"""As in Stable-Baselines3's PPO."""


class FlatAdam:
    """Adam (Kingma & Ba, arXiv 1412.6980) on the rows of a matrix.

    The same update as ``torch.optim.Adam``. That takes a second to import what it needs to be
    compiled, and more time a step for its bookkeeping than the step itself takes here. The little
    of its interface that Stable-Baselines3 uses is kept.

    Args:
        parameters: ``(K, P)``; changed in place.
        learning_rate: Step size.

    Attributes:
        param_groups: One group, whose ``lr`` is the step size.
        steps: Steps taken.
        mean: ``(K, P)`` decayed mean of gradients.
        square: ``(K, P)`` decayed mean of squared gradients.
        own_steps: ``(P,)`` float64 steps taken by each parameter, once some have been frozen; None
            before that. The bias of the moments is corrected by a parameter's own count, as if
            Adam had begun when it was thawed.
    """

    def __init__(self, parameters: Tensor, learning_rate: float) -> None:
        self.param_groups: list[dict[str, Any]] = [
            {"lr": learning_rate, "betas": (0.9, 0.999), "eps": EPSILON}
        ]
        self.steps = 0
        self.mean = torch.zeros_like(parameters)
        self.square = torch.zeros_like(parameters)
        self.own_steps: Tensor | None = None
        self._parameters = parameters

    def step(self, gradient: Tensor, rates: ParameterRates | None = None) -> None:
        """Take a step against a gradient ``(K, P)``.

        Args:
            gradient: The gradient; 0 wherever ``rates`` freezes.
            rates: Multipliers of the step size; None for 1 everywhere.
        """
        if rates is not None or self.own_steps is not None:
            self._step_at(gradient, rates)
            return
        group = self.param_groups[0]
        first, second = group["betas"]
        self.steps += 1
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        scale = (1 - second**self.steps) ** 0.5
        size = group["lr"] / (1 - first**self.steps)
        # Both corrections in the numbers: √(v / c₂) + ε = (√v + ε √c₂) / √c₂.
        self._parameters.addcdiv_(
            self.mean, self.square.sqrt().add_(group["eps"] * scale), value=-size * scale
        )

    def _step_at(self, gradient: Tensor, rates: ParameterRates | None) -> None:
        """Take a step whose size differs among parameters, or whose count of steps does."""
        group = self.param_groups[0]
        first, second = group["betas"]
        if rates is not None and rates.any_frozen and self.own_steps is None:
            self.own_steps = torch.full_like(rates.moving, self.steps, dtype=torch.float64)
        self.steps += 1
        taken: float | Tensor = self.steps
        if self.own_steps is not None:
            self.own_steps += 1 if rates is None else rates.moving
            taken = self.own_steps.clamp(min=1)
        decay: float | Tensor = second
        if rates is not None and rates.any_frozen:
            self.mean.lerp_(gradient, (1 - first) * rates.moving)
            decay = torch.where(rates.moving > 0, second, 1.0)
        else:
            self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(decay).addcmul_(gradient, gradient, value=1 - second)
        scale = (1 - second**taken) ** 0.5
        size = group["lr"] * scale / (1 - first**taken)
        if rates is not None:
            size = size * rates.multiplier
        size = torch.as_tensor(size, dtype=gradient.dtype, device=gradient.device)
        epsilon = torch.as_tensor(
            group["eps"] * scale, dtype=gradient.dtype, device=gradient.device
        )
        step = self.mean / self.square.sqrt().add_(epsilon)
        self._parameters.addcmul_(step, size, value=-1)

    def keep(self, rows: Sequence[int], parameters: Tensor) -> FlatAdam:
        """Return one that goes on with some of the rows, whose parameters are these."""
        other = FlatAdam(parameters, self.param_groups[0]["lr"])
        chosen = torch.as_tensor(list(rows), device=parameters.device)
        other.steps, other.param_groups = self.steps, self.param_groups
        other.mean, other.square = self.mean[chosen], self.square[chosen]
        other.own_steps = None if self.own_steps is None else self.own_steps.clone()
        return other

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes."""
        groups = [dict(group) for group in self.param_groups]
        state = {"steps": self.steps, "mean": self.mean, "square": self.square}
        if self.own_steps is not None:
            state["own_steps"] = self.own_steps
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, tree: dict[str, Any], *, strict: bool = True) -> None:
        """Go on where `state_dict` was taken.

        Args:
            tree: The state.
            strict: Nothing; Stable-Baselines3 gives it to what is no PyTorch optimizer.

        Raises:
            ValueError: If it is of other parameters.
        """
        state = tree["state"]
        for name in ("mean", "square"):
            moments: Tensor = state[name]
            if moments.shape != self._parameters.shape:
                raise ValueError(
                    f"{name} has the shape {tuple(moments.shape)}, the parameters "
                    f"{tuple(self._parameters.shape)}"
                )
        device = self._parameters.device
        self.mean = state["mean"].to(device, copy=True)
        self.square = state["square"].to(device, copy=True)
        own_steps: Tensor | None = state.get("own_steps")
        self.own_steps = None if own_steps is None else own_steps.to(device, copy=True)
        self.steps = int(state["steps"])
        self.param_groups = [dict(group) for group in tree["param_groups"]]


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
