"""What a proxy may look at: a private copy of the network, a batch, and passes over them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError, UndefinedScoreError
from rlnas.proxies.passes import SharedPasses
from rlnas.training.losses import task_loss

Batch = tuple[Tensor, Tensor | None]
Loss = Callable[[Tensor, Tensor], Tensor]

RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU)


def weighted_layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Return the layers whose weights the proxies look at: `Conv2d` and `Linear`, in order.

    These are the layers of the published scores. Batch normalisation, biases and the transposed
    convolutions of decoders do not count.
    """
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


@dataclass(frozen=True)
class ForwardPass:
    """One forward pass of a batch in training mode, with its graph.

    Attributes:
        inputs: The batch; a leaf that requires a gradient.
        outputs: Output of the network.
        layer_outputs: For each of `weighted_layers`, its outputs, one for each call.
        rectified: Inputs of the rectifiers, in the order of the calls.
    """

    inputs: Tensor
    outputs: Tensor
    layer_outputs: list[list[Tensor]]
    rectified: list[Tensor]


class Probe:
    """A network with its first weights, a batch, and what several proxies need of them.

    The network that is given is never run or changed: proxies see a copy in training mode, in
    which every parameter requires a gradient.

    Args:
        network: Any network; one of `rlnas.networks.build_network` brings its task.
        batch: Inputs ``(B, …)`` float32 and targets as `TaskSpec` states them, or None.
        loss: From outputs and targets to a scalar; None: `rlnas.training.losses.task_loss` of the
            network's task.
        seed: Seed of proxies that draw.

    Attributes:
        seed: The seed.
        spec: The network's task; None if it does not say.
        passes: Results that proxies share.
    """

    def __init__(
        self,
        network: nn.Module,
        batch: Batch | None = None,
        *,
        loss: Loss | None = None,
        seed: int = 0,
    ) -> None:
        spec = getattr(network, "spec", None)
        self.spec: TaskSpec | None = spec if isinstance(spec, TaskSpec) else None
        self.seed = seed
        self.passes = SharedPasses()
        self._given = network
        first = next(network.parameters(), None)
        self.device = torch.device("cpu") if first is None else first.device
        self._inputs: Tensor | None = None if batch is None else batch[0]
        self._targets: Tensor | None = None if batch is None else batch[1]
        self._loss = loss

    @property
    def inputs(self) -> Tensor:
        """The inputs of the batch on the network's device."""
        if self._inputs is None:
            raise InvalidArgumentError("This proxy needs a batch; give batch=(inputs, targets).")
        return self._inputs.to(self.device)

    @property
    def targets(self) -> Tensor:
        """The targets of the batch on the network's device."""
        if self._targets is None:
            raise InvalidArgumentError("This proxy needs targets; give batch=(inputs, targets).")
        return self._targets.to(self.device)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the batch axis."""
        if self.spec is not None and self.spec.features:
            return (self.spec.features,)
        if self.spec is not None:
            side, channels, tiles = self.spec.image_size, self.spec.channels, self.spec.tiles
            return (*((tiles,) if tiles > 1 else ()), channels, side, side)
        if self._inputs is not None:
            return tuple(self._inputs.shape[1:])
        raise InvalidArgumentError(
            "The shape of an input is not known; give a batch, or a network with a `spec`."
        )

    def copy_network(self) -> nn.Module:
        """Return a new copy of the network in training mode, to change at will."""
        network = copy.deepcopy(self._given).train()
        for parameter in network.parameters():
            parameter.grad = None
            parameter.requires_grad_(True)
        return network

    @property
    def network(self) -> nn.Module:
        """A copy of the network that all proxies share: its weights must stay as they are."""
        return self.passes.get("network", self.copy_network)

    @property
    def layers(self) -> list[nn.Conv2d | nn.Linear]:
        """The `weighted_layers` of `network`."""
        return weighted_layers(self.network)

    @property
    def forward(self) -> ForwardPass:
        """The forward pass of the batch."""
        return self.passes.get("forward", self._run_forward)

    @property
    def loss(self) -> Tensor:
        """The mean loss of the batch, with its graph."""
        return self.passes.get("loss", self._run_loss)

    @property
    def weight_gradients(self) -> list[Tensor]:
        """The gradient of the loss for the weights of each of `layers`; zero where unused."""
        return self.passes.get("weight gradients", self._run_weight_gradients)

    def differentiate(
        self, value: Tensor, wanted: list[Tensor], *, create_graph: bool = False
    ) -> list[Tensor]:
        """Return the gradient of a scalar of a shared pass; zeros for what it does not depend on.

        Raises:
            UndefinedScoreError: If the scalar depends on no parameter and no input.
        """
        if not value.requires_grad:
            raise UndefinedScoreError("The network's output depends on no weight.")
        gradients = torch.autograd.grad(
            value, wanted, retain_graph=True, create_graph=create_graph, allow_unused=True
        )
        return [
            torch.zeros_like(tensor) if gradient is None else gradient
            for tensor, gradient in zip(wanted, gradients, strict=True)
        ]

    def _run_forward(self) -> ForwardPass:
        network, layers = self.network, self.layers
        inputs = self.inputs.detach().clone().requires_grad_(True)
        outputs: dict[nn.Module, list[Tensor]] = {layer: [] for layer in layers}
        rectified: list[Tensor] = []

        def keep_output(layer: nn.Module, _: object, output: Tensor) -> None:
            outputs[layer].append(output)

        def keep_input(_: nn.Module, arguments: tuple[Tensor, ...]) -> None:
            rectified.append(arguments[0])

        handles = [layer.register_forward_hook(keep_output) for layer in layers]
        handles += [
            module.register_forward_pre_hook(keep_input)
            for module in network.modules()
            if isinstance(module, RECTIFIERS)
        ]
        try:
            result = network(inputs)
        finally:
            for handle in handles:
                handle.remove()
        return ForwardPass(inputs, result, [outputs[layer] for layer in layers], rectified)

    def _run_loss(self) -> Tensor:
        if self._loss is not None:
            return self._loss(self.forward.outputs, self.targets)
        if self.spec is None:
            raise InvalidArgumentError(
                "The network does not say its task, so its loss is not known; give loss=function "
                "of (outputs, targets)."
            )
        return task_loss(self.spec.kind, self.forward.outputs, self.targets)

    def _run_weight_gradients(self) -> list[Tensor]:
        return self.differentiate(self.loss, [layer.weight for layer in self.layers])
