"""The additive loss: a schedule at work in a training."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from rlnas.checkpoints import optimizer_tensors, restore_optimizer
from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.initialisation import initialise
from rlnas.networks.parts import HEAD, Part, network_parts, part_outputs
from rlnas.seeding import torch_generator
from rlnas.spaces.schedules import RECONSTRUCTION
from rlnas.training.optimizers import set_rate
from rlnas.training.regularisation.penalties import NOISE, PENALTY, PartState
from rlnas.training.regularisation.schedule import FREEZE, PREDICTION, Schedule

_FIRST, _DECODER = "regularisation.first.", "regularisation.decoder."


class AdditiveLoss:
    """Adds a schedule's terms to the loss of a task, step by step.

    A penalty of weights with a proximal step is not part of the gradient: after the optimiser's
    step the weights are taken as far towards less of it as the learning rate times its strength
    says. So l1 and group penalties give exact zeros, which can be cut out, and with AdamW all of
    them are decoupled from its scaling, as its own weight decay is: there λ = 1 takes off as much
    in a step as the loss can put on, whatever the loss's scale. The others add to the loss that
    is differentiated. The reconstruction is the mean squared error of the input that a linear
    layer, which nobody keeps, makes of its part's output.

    Args:
        network: The network that is trained, on its device.
        schedule: The schedule, for the parts of the network, see `Schedule.on`.
        spec: The task.
        steps: Steps of the whole training.
        seed: Of the decoder's first weights and of noise.
        optimizer: Makes the optimiser of the decoder.

    Raises:
        InvalidArgumentError: If a term does not suit the network.
    """

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        spec: TaskSpec,
        *,
        steps: int,
        seed: int,
        optimizer: Callable[[nn.Module], torch.optim.Optimizer],
    ) -> None:
        self._network = network
        self._parts = network_parts(network)
        self._keys = schedule.keys
        self._table = schedule.table(steps)
        self._seed = seed
        self._device = next((p.device for p in network.parameters()), torch.device("cpu"))
        self._first = {
            name: [weight.detach().clone() for weight in part.weights]
            for name, part in self._parts.items()
            if ("distance", name) in self._keys
        }
        self._needs_outputs = any(
            what == RECONSTRUCTION or (what in PENALTY and PENALTY[what].of_outputs)
            for what, _ in self._keys
        )
        self._decoders: nn.ModuleDict | None = None
        self._optimizer: torch.optim.Optimizer | None = None
        if decoded := [part for what, part in self._keys if what == RECONSTRUCTION]:
            self._decoders = self._build(decoded, spec)
            self._optimizer = optimizer(self._decoders)
        self._now: dict[tuple[str, str], float] = {}
        self._step = 0
        self._means: dict[str, float] = {}
        self._steps_taken = 0

    def _build(self, parts: list[str], spec: TaskSpec) -> nn.ModuleDict:
        if not spec.features:
            raise InvalidArgumentError(
                f"The schedule reconstructs the input, but the task {spec.name} has images; "
                "expected rows of a table. Leave out the term reconstruction."
            )
        probe = torch.zeros(1, spec.features, device=self._device)
        with torch.no_grad():
            widths = {name: value.shape[1] for name, value in self._outputs(probe).items()}
        decoders = nn.ModuleDict(
            {part: nn.Linear(widths[part], spec.features, device="meta") for part in parts}
        ).to_empty(device="cpu")
        initialise(decoders, self._seed, "training", "decoder", kaiming=False)
        return decoders.to(self._device)

    def _outputs(self, inputs: Tensor) -> dict[str, Tensor]:
        return part_outputs(self._network, inputs)

    def begin(self, step: int) -> None:
        """Take the strengths of a step, numbered from 0."""
        values = self._table[min(step, len(self._table) - 1)].tolist()
        self._now = dict(zip(self._keys, values, strict=True))
        self._step = step

    def forward(self, inputs: Tensor) -> tuple[Tensor, dict[str, Tensor]] | None:
        """Return the network's output and each part's, where a term of the schedule needs those."""
        if not self._needs_outputs:
            return None
        outputs = self._outputs(inputs)
        return outputs[HEAD], outputs

    def objective(
        self, prediction: Tensor, inputs: Tensor, outputs: dict[str, Tensor] | None
    ) -> Tensor:
        """Return the loss whose gradient is followed, a scalar.

        Args:
            prediction: The task's loss.
            inputs: The batch.
            outputs: What each part gives, of `forward`.
        """
        total = prediction * self._now.get((PREDICTION, ""), 1.0)
        noisy = self._noisy(inputs)
        for (what, name), strength in self._now.items():
            if strength == 0 or what in (PREDICTION, FREEZE):
                continue
            if what == RECONSTRUCTION and self._decoders is not None and outputs is not None:
                made = self._decoders[name](outputs[name].float())
                value = functional.mse_loss(made, inputs)
            elif what in PENALTY and PENALTY[what].shrink is None:
                state = self._state(self._parts[name], outputs, noisy)
                value = PENALTY[what].value(state)
            else:
                continue
            total = total + strength * value
            self._note(what, strength * float(value.detach()))
        return total

    def _noisy(self, inputs: Tensor) -> dict[str, Tensor] | None:
        if not any(what == "smoothness" and strength for (what, _), strength in self._now.items()):
            return None
        stream = torch_generator(self._seed, "regularisation", "noise", self._step)
        noise = torch.randn(inputs.shape, generator=stream).to(inputs)
        return self._outputs(inputs + NOISE * noise)

    def _state(
        self,
        part: Part,
        outputs: dict[str, Tensor] | None = None,
        noisy: dict[str, Tensor] | None = None,
    ) -> PartState:
        weights: list[Tensor] = list(part.weights)
        return PartState(
            [weights] if part.together and weights else [[weight] for weight in weights],
            1 if part.name == HEAD else 0,
            weights,
            self._first.get(part.name, []),
            None if outputs is None else outputs[part.name],
            None if noisy is None else noisy[part.name],
        )

    def hold_back(self) -> None:
        """Keep frozen parts where they are; to be called before the optimiser's step."""
        for what, name in self._keys:
            if what == FREEZE and self._now[what, name] > 0:
                for layer in self._parts[name].layers:
                    for parameter in layer.parameters():
                        parameter.grad = None

    @torch.no_grad()
    def shrink(self, rate: float) -> None:
        """Take the proximal steps, after the optimiser's, and the decoder's own step.

        Args:
            rate: The learning rate.
        """
        for (what, name), strength in self._now.items():
            penalty = PENALTY.get(what)
            if strength == 0 or penalty is None or penalty.shrink is None:
                continue
            if self._now.get((FREEZE, name), 0.0) > 0:
                continue
            penalty.shrink(self._state(self._parts[name]), rate * strength)
        if self._optimizer is not None and any(
            what == RECONSTRUCTION and strength for (what, _), strength in self._now.items()
        ):
            set_rate(self._optimizer, rate)
            self._optimizer.step()
            self._optimizer.zero_grad()
        self._steps_taken += 1

    def _note(self, what: str, value: float) -> None:
        self._means[what] = self._means.get(what, 0.0) + value

    @torch.no_grad()
    def take_means(self) -> dict[str, float]:
        """Return what an epoch came to: each term's share of the loss, and strengths by part.

        ``term_<what>`` is λ times the term, summed over parts: the mean over the epoch of what is
        differentiated, else the value at its end; ``strength_<what>_<part>`` the last λ.
        """
        steps = max(self._steps_taken, 1)
        found = {f"term_{what}": total / steps for what, total in self._means.items()}
        for (what, name), strength in self._now.items():
            penalty = PENALTY.get(what)
            if penalty is not None and penalty.shrink is not None:
                value = float(penalty.value(self._state(self._parts[name]))) if strength else 0.0
                found[f"term_{what}"] = found.get(f"term_{what}", 0.0) + strength * value
            found["_".join(filter(None, ("strength", what, name)))] = strength
        self._means.clear()
        self._steps_taken = 0
        return found

    def tensors(self) -> dict[str, Tensor]:
        """Return the state, for `restore`."""
        found = {
            f"{_FIRST}{name}.{place}": weight
            for name, weights in self._first.items()
            for place, weight in enumerate(weights)
        }
        if self._decoders is not None and self._optimizer is not None:
            state = self._decoders.state_dict()
            found |= {f"{_DECODER}{name}": value for name, value in state.items()}
            found |= optimizer_tensors(self._optimizer, "decoder_optimizer")
        return found

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on where `tensors` were taken."""
        for name, weights in self._first.items():
            for place, weight in enumerate(weights):
                weight.copy_(tensors[f"{_FIRST}{name}.{place}"])
        if self._decoders is not None and self._optimizer is not None:
            self._decoders.load_state_dict(
                {
                    name.removeprefix(_DECODER): value
                    for name, value in tensors.items()
                    if name.startswith(_DECODER)
                }
            )
            restore_optimizer(self._optimizer, tensors, "decoder_optimizer")
