"""K copies of one network as one: their parameters stacked, run and differentiated together."""

from __future__ import annotations

import abc
import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from rlnas.errors import InvalidArgumentError


class NetworkStack(abc.ABC):
    """``K`` networks of one shape, as a matrix with a row of parameters each.

    A network maps observations ``(B, D)`` to masked logits ``(B, A)`` and values ``(B,)``; the
    stack maps ``(K, B, D)`` to ``(K, B, A)`` and ``(K, B)``. The learner computes the gradient of
    its loss with respect to logits and values in closed form, so all that is asked of a stack is to
    take that gradient further back.

    While a stack lives, the parameters of the networks are views of its rows: what the learner
    does to a row, the network sees.

    Args:
        networks: Networks of one architecture, on one device.

    Attributes:
        parameters: ``(K, P)`` float32, every parameter of each network in a row.
        gradient: ``(K, P)`` float32, what `backward` computed last.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        shapes = {tuple((n, p.shape) for n, p in net.named_parameters()) for net in networks}
        if len(shapes) != 1:
            raise InvalidArgumentError(
                f"{len(shapes)} shapes of network among {len(networks)}; a stack needs one shape."
            )
        self.networks = tuple(networks)
        self.shapes = {n: p.shape for n, p in networks[0].named_parameters()}
        rows = [torch.cat([p.detach().reshape(-1) for p in net.parameters()]) for net in networks]
        self.parameters = torch.stack(rows)
        self.gradient = torch.zeros_like(self.parameters)
        self._bind()

    @property
    def count(self) -> int:
        """Number of networks ``K``."""
        return len(self.networks)

    def _bind(self) -> None:
        for network, row in zip(self.networks, self.parameters, strict=True):
            parts = torch.split(row, [shape.numel() for shape in self.shapes.values()])
            for parameter, part in zip(network.parameters(), parts, strict=True):
                parameter.data = part.view(parameter.shape)

    def views(self, matrix: Tensor) -> dict[str, Tensor]:
        """Return the parameters in a matrix ``(K, P)`` by name, ``(K, *shape)`` each."""
        parts = torch.split(matrix, [shape.numel() for shape in self.shapes.values()], dim=1)
        return {
            name: part.view(len(matrix), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def trained(self) -> Tensor | None:
        """Return 1 for each trained parameter and 0 for each frozen one ``(K, P)``.

        None if none is frozen.
        """
        rows = [
            torch.cat([torch.full((p.numel(),), float(p.requires_grad)) for p in net.parameters()])
            for net in self.networks
        ]
        mask = torch.stack(rows).to(self.parameters.device)
        return None if bool(mask.all()) else mask

    def release(self, rows: Sequence[int] | None = None) -> None:
        """Give networks, all by default, parameters of their own; they keep their values."""
        for k in range(self.count) if rows is None else rows:
            for parameter in self.networks[k].parameters():
                parameter.data = parameter.data.clone()

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the networks alone; the others keep their parameters as they are."""
        chosen = torch.as_tensor(rows, device=self.parameters.device)
        self.release([k for k in range(self.count) if k not in rows])
        self.networks = tuple(self.networks[k] for k in rows)
        self.parameters = self.parameters[chosen].clone()
        self.gradient = torch.zeros_like(self.parameters)
        self._bind()

    @abc.abstractmethod
    def forward(self, obs: Tensor, task: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return logits ``(K, B, A)`` and values ``(K, B)``, without a gradient.

        Args:
            obs: ``(K, B, D)`` observations.
            task: ``(K, B)`` number of the task of each row, for networks with a head a task.
        """

    @abc.abstractmethod
    def differentiable(self, obs: Tensor, task: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `forward`, and remember what `backward` needs."""

    @abc.abstractmethod
    def backward(self, logits_gradient: Tensor, values_gradient: Tensor) -> None:
        """Set `gradient` from the loss's gradients after `differentiable`.

        Args:
            logits_gradient: ``(K, B, A)``, 0 where an action is illegal.
            values_gradient: ``(K, B)``.
        """


class AutogradStack(NetworkStack):
    """Any network, by ``torch.func`` and autograd.

    One network runs as it is; several run under ``vmap``.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__(networks)
        first = dict(networks[0].named_buffers())
        for network in networks[1:]:
            for name, buffer in network.named_buffers():
                if not torch.equal(buffer, first[name]):
                    raise InvalidArgumentError(
                        f"The networks' buffers {name} differ; a stack runs one network with "
                        "several sets of parameters, so what they do not learn must be equal."
                    )
        # A skeleton of its own: the parameters it is called with are always the stack's.
        self._skeleton = copy.deepcopy(networks[0])
        self._leaf = self.parameters
        self._outputs: tuple[Tensor, Tensor] | None = None

    def _run(self, matrix: Tensor, obs: Tensor, task: Tensor | None) -> tuple[Tensor, Tensor]:
        parameters = self.views(matrix)
        extra = () if task is None else (task,)
        if self.count == 1:
            single = {name: value[0] for name, value in parameters.items()}
            inputs = (obs[0], *(t[0] for t in extra))
            logits, values = functional_call(self._skeleton, single, inputs)
            return logits[None], values[None]

        def one(own: dict[str, Tensor], *inputs: Tensor) -> tuple[Tensor, Tensor]:
            result: tuple[Tensor, Tensor] = functional_call(self._skeleton, own, inputs)
            return result

        # The fused attention kernels have no batched form, so vmap would run them one by one.
        with sdpa_kernel(SDPBackend.MATH):
            logits, values = vmap(one)(parameters, obs, *extra)
        return logits, values

    def forward(self, obs: Tensor, task: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `NetworkStack.forward`."""
        with torch.no_grad():
            return self._run(self.parameters, obs, task)

    def differentiable(self, obs: Tensor, task: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """See `NetworkStack.differentiable`."""
        with torch.enable_grad():
            self._leaf = self.parameters.detach().requires_grad_()
            self._outputs = self._run(self._leaf, obs, task)
        logits, values = self._outputs
        return logits.detach(), values.detach()

    def backward(self, logits_gradient: Tensor, values_gradient: Tensor) -> None:
        """See `NetworkStack.backward`."""
        if self._outputs is None:
            raise InvalidArgumentError("There is nothing to go back through; run differentiable.")
        (gradient,) = torch.autograd.grad(
            self._outputs, self._leaf, (logits_gradient, values_gradient)
        )
        self.gradient.copy_(gradient)
        self._outputs = None
